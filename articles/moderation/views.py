"""The public log: what was hidden or shown again, with the reason."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from articles.moderation.models import DECIDED, Decision
from core.pagination import paginate

LOG_PAGE = 20


class LogView(TemplateView):
    """Newest first. A hidden article stands here without its title, and nobody's name is shown."""

    template_name = "moderation/log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        related = Decision.objects.public().select_related("revision__section", "revision__article__live")
        decisions = related.defer("revision__body", "revision__article__live__body")
        page = paginate(decisions, self.request, order=DECIDED, size=LOG_PAGE)
        return super().get_context_data(page=page.object_list, older=page.next_cursor, **kwargs)
