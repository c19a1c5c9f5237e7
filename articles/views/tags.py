"""Tags for the author's form."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from articles.selectors import tags_beginning_with
from core.ratelimit import check_rate_limit

# static/js/tags.js asks five times in a second at most, while the author types.
MAX_SUGGESTIONS_PER_MINUTE = 120


@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """Return the names of the tags that readers use which begin with `q`, for the form of a signed-in author."""
    if not request.user.is_authenticated:
        return JsonResponse({"tags": []}, status=403)
    check_rate_limit(request, "tag_suggestions", limit=MAX_SUGGESTIONS_PER_MINUTE, seconds=60)
    return JsonResponse({"tags": tags_beginning_with(request.GET.get("q", ""))})
