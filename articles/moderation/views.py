"""The public log: what was hidden or shown again, with the reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.views.generic import TemplateView

from articles.moderation.models import Decision
from articles.pages import place_of

LOG_PAGE = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LogView(TemplateView):
    """Newest first. A hidden article stands here without its title, and nobody's name is shown."""

    template_name = "moderation/log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        decisions = Decision.objects.public()
        if cursor := self.request.GET.get("after", ""):
            decisions = decisions.older_than(*place_of(cursor))
        related = decisions.select_related("revision__section", "revision__article__live")
        found = list(related.defer("revision__body", "revision__article__live__body")[: LOG_PAGE + 1])
        older = _cursor_of(found[LOG_PAGE - 1]) if len(found) > LOG_PAGE else ""
        return super().get_context_data(page=found[:LOG_PAGE], older=older, **kwargs)


def _cursor_of(decision: Decision) -> str:
    """The place behind a decision in the log, as `articles.pages.place_of` reads it."""
    since = decision.decided_at - _EPOCH
    return f"{(since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds}-{decision.pk}"
