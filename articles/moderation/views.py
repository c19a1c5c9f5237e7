"""The public moderation log: which articles were hidden or shown again, with the reason."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from articles.moderation.models import BY_DECISION_TIME, Decision
from core.pagination import paginate

LOG_PAGE_SIZE = 20


class LogView(TemplateView):
    """List the public decisions, newest first, without names of users; the title only while the article is public."""

    template_name = "moderation/log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        decisions = Decision.objects.filter(verdict__in=["hide", "restore"]).order_by(*BY_DECISION_TIME.names)
        decisions = decisions.select_related("revision__section", "revision__article__live")
        decisions = decisions.defer("revision__body", "revision__article__live__body")
        page = paginate(decisions, self.request, order=BY_DECISION_TIME, size=LOG_PAGE_SIZE)
        return super().get_context_data(page=page.object_list, older=page.next_cursor, **kwargs)
