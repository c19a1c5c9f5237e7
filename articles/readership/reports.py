"""The public explanation of an article's views: what was counted, what was not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from articles.readership.selectors import Counts, Day, counts_of
from articles.readership.visitors import today
from articles.selectors import published_article
from core.charts import chart
from core.http_cache import is_anonymous

# A mark beneath every fifth day of the chart.
MARKED = 5


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of views: its sums, and why it counts or does not."""

    name: str
    why: str
    recent: int
    total: int


class CountsView(TemplateView):
    """An article's views, day by day. Its author sees the reads as well; nobody else does."""

    template_name = "readership/counts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        article = published_article(kwargs["pk"])
        counts = counts_of(article, until=today())
        context = super().get_context_data(**kwargs)
        return context | {
            "article": article,
            "section": article.section,
            "counts": counts,
            "chart": chart(
                counts.days,
                _("Views of each day"),
                lambda day: day.seen,
                lambda day: day.views,
                words=_words_of,
                scaled=True,
            ),
            "marks": [day.day for day in counts.days[::MARKED]],
            "kinds": _kinds_of(counts),
            "is_author": not is_anonymous(self.request) and self.request.user.pk == article.author_id,
        }


def _kinds_of(counts: Counts) -> list[Kind]:
    explained = {
        "views": (_("Counted"), _("Readers, each of them once a day.")),
        "by_author": (_("The author"), _("Reads the text many times before anybody else does.")),
        "by_staff": (_("Staff"), _("Open articles to work on them.")),
        "by_bots": (
            _("Declared bots"),
            _("Programs that say that they are one, or do not say what they are: one a day for each address."),
        ),
        "over_rate": (
            _("Too many from one address"),
            ngettext(
                "What comes beyond %(number)d reader a day from one address: one a day for each.",
                "What comes beyond %(number)d readers a day from one address: one a day for each.",
                settings.VIEWS_PER_ADDRESS,
            )
            % {"number": settings.VIEWS_PER_ADDRESS},
        ),
    }
    return [
        Kind(name=name, why=why, recent=getattr(counts.recent, column), total=getattr(counts.total, column))
        for column, (name, why) in explained.items()
    ]


def _words_of(day: Day) -> str:
    """What a bar of the chart says under the pointer."""
    return _("%(day)s: %(views)s counted, %(others)s not counted") % {
        "day": date_format(day.day, _("j F")),
        "views": intcomma(day.views),
        "others": intcomma(day.not_counted),
    }
