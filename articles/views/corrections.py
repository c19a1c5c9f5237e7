"""The public list of corrections."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from articles.models import Correction
from articles.models.correction import BY_CORRECTION_TIME
from core.pagination import paginate


class CorrectionsView(TemplateView):
    """The corrections of all articles, newest first."""

    template_name = "articles/corrections.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = paginate(Correction.objects.public(), self.request, order=BY_CORRECTION_TIME)
        return super().get_context_data(page=page, **kwargs)
