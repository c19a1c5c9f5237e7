"""Hand-made selections in the lists of the admin."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.moderation.users import administrator

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.parametrize("selected", ["x", "", "-1", "9" * 30, "1.5", "\x00", "é", "None"])
def test_invalid_selection_is_no_server_error(client: Client, model: type, selected: str) -> None:
    client.force_login(administrator())
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]
    names = ["delete_selected", "publish_several", "send_again", "run_again", "make_verified", ""]
    for action in names:
        data = {"action": action, "_selected_action": ["1", selected], "index": "0", "select_across": "0"}
        assert client.post(url, data).status_code < 500
