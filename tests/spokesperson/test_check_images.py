"""`manage.py check_images`: files that are missing."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image as PILImage

from accounts.selectors import AVATAR_SIZES, avatar_path
from accounts.services import save_avatar
from tests import factories
from tests.e2e.site import create_image

pytestmark = pytest.mark.django_db


def test_check_images_names_missing_files(capsys: pytest.CaptureFixture[str]) -> None:
    user = factories.UserFactory.create()
    image = create_image(user)
    save_avatar(user=user, image=PILImage.new("RGB", (200, 200)))
    call_command("check_images")
    assert "files of images are there" in capsys.readouterr().out

    lost = [image.share_path, avatar_path(user.avatar_key, AVATAR_SIZES[0])]
    for path in lost:
        assert default_storage.exists(path)
        default_storage.delete(path)
    with pytest.raises(CommandError, match=r"^2 of \d files of images are missing\.$") as error:
        call_command("check_images")
    assert error.value.returncode == 1
    assert capsys.readouterr().out.split() == lost
