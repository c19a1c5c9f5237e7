"""The health check for load balancers."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from spokesperson import checks

logger = logging.getLogger(__name__)
DOCTOR_HEADER, DOCTOR_SALT = "X-Doctor", "spokesperson.doctor"
# Long, because clocks can differ.
DOCTOR_TIMEOUT = 3600


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer 503 if pages fail, otherwise 200; with "ok" or "failed" for each check. Sentences are only in the log."""
    problems = checks.problems()
    # Behind a proxy that the site does not trust, every request is redirected to https for ever.
    if settings.HTTPS and "X-Forwarded-Proto" in request.headers and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        problems["trusted_proxy_count"] = "TRUSTED_PROXY_COUNT is not set, but a proxy is in front."
    forwarded = request.headers.get("X-Forwarded-For")
    if forwarded and forwarded.count(",") + 1 < settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        # Pages work, but a visitor who adds addresses to the header can choose the one that limits count.
        problems["forwarded_for"] = "Fewer proxies are in front than TRUSTED_PROXY_COUNT says."
        logger.warning("%s", problems["forwarded_for"])
    words: dict[str, str | int | None] = {name: "failed" if sentence else "ok" for name, sentence in problems.items()}
    if not problems["database"] and not problems["migrations"]:
        words |= checks.ages()
    is_ready = not any(problems[name] for name in problems if name not in {*checks.OTHERS, "forwarded_for"})
    return JsonResponse(words, status=200 if is_ready else 503)


@require_safe
def client(request: HttpRequest) -> JsonResponse:
    """Tell `spokesperson doctor`, which signs its requests, what the proxies make of one."""
    try:
        signing.loads(request.headers.get(DOCTOR_HEADER, ""), salt=DOCTOR_SALT, max_age=DOCTOR_TIMEOUT)
    except signing.BadSignature as error:
        raise Http404 from error
    return JsonResponse({"forwarded": request.headers.get("X-Forwarded-For", ""), "is_secure": request.is_secure()})
