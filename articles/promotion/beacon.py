"""What a page says about its promoted cards: seen, followed, and whether its reader came by one. One request a page."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from articles.promotion.counting import News, record
from articles.promotion.counting_tasks import ask_for_roll_up
from articles.readership.visitors import is_prefetch, is_same_origin, visitor_of

# More than any page shows. Numbers fit their column.
_NUMBERS = re.compile(r"(?:[0-9]{1,18}(?:,[0-9]{1,18}){0,19})?")


@csrf_exempt  # Whose page asks is checked by its own headers: a cached page holds no token.
@require_POST
@cache_control(no_store=True)
def promotion_beacon(request: HttpRequest) -> HttpResponse:
    """Count what the page has to say: `seen`, `clicked` and `came`, each a list of promotions such as "3,14".

    204 once it is committed; 400 where it is no such list, 403 where another site's page asks.
    """
    if not is_same_origin(request.headers, origin=settings.ORIGIN):
        return _refused(_("Only this site's own pages count what is seen."), 403)
    said = {name: request.POST.get(name, "") for name in ("seen", "clicked", "came")}
    if not all(_NUMBERS.fullmatch(numbers) for numbers in said.values()):
        return _refused(_("These are no numbers of promotions."), 400)
    news = News(**{name: frozenset(map(int, filter(None, numbers.split(",")))) for name, numbers in said.items()})
    if news.promotions and not is_prefetch(request.headers) and record(news=news, reader=visitor_of(request)):
        ask_for_roll_up()
    return HttpResponse(status=204)


def _refused(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
