"""What load balancers, supervisors and operators ask: does the process run, can it serve, and what is wrong."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from spokesperson import checks

logger = logging.getLogger(__name__)
DOCTOR_HEADER, DOCTOR_SALT = "X-Doctor", "spokesperson.doctor"
# Long, because clocks can differ.
DOCTOR_TIMEOUT = 3600


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs, without the database: what fails this is restarted."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 503 if pages fail: what fails this gets no requests until it succeeds."""
    is_ready = _is_ready(_problems(request, checks.REQUIRED))
    return HttpResponse("ok" if is_ready else "failed", content_type="text/plain", status=200 if is_ready else 503)


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer as `ready`, with "ok" or "failed" for each check, and ages. Sentences are only in the log."""
    problems = _problems(request, checks.REQUIRED | checks.OTHERS)
    words: dict[str, str | int | None] = {name: "failed" if sentence else "ok" for name, sentence in problems.items()}
    if not problems["database"] and not problems["migrations"]:
        words |= checks.ages()
    return JsonResponse(words, status=200 if _is_ready(problems) else 503)


@require_safe
def client(request: HttpRequest) -> JsonResponse:
    """Tell `spokesperson doctor`, which signs its requests, what the proxies make of one."""
    try:
        signing.loads(request.headers.get(DOCTOR_HEADER, ""), salt=DOCTOR_SALT, max_age=DOCTOR_TIMEOUT)
    except signing.BadSignature as error:
        raise Http404 from error
    return JsonResponse({"forwarded": request.headers.get("X-Forwarded-For", ""), "is_secure": request.is_secure()})


def _problems(request: HttpRequest, selected: checks.Checks) -> dict[str, str]:
    problems = checks.problems(selected)
    # Behind a proxy that the site does not trust, every request is redirected to https for ever.
    if settings.HTTPS and "X-Forwarded-Proto" in request.headers and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        problems["trusted_proxy_count"] = "TRUSTED_PROXY_COUNT is not set, but a proxy is in front."
    forwarded = request.headers.get("X-Forwarded-For")
    if forwarded and forwarded.count(",") + 1 < settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        # Pages work, but a visitor who adds addresses to the header can choose the one that limits count.
        problems["forwarded_for"] = "Fewer proxies are in front than TRUSTED_PROXY_COUNT says."
        logger.warning("%s", problems["forwarded_for"])
    return problems


def _is_ready(problems: dict[str, str]) -> bool:
    return not any(problems[name] for name in problems if name not in {*checks.OTHERS, "forwarded_for"})


PROBES = {"/live/": live, "/ready/": ready}


def answer_probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: answer `PROBES` to every Host and over http, because load balancers ask by address.

    The answer is one word that depends on nothing in the request and that no cache stores.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else get_response(request)

    return middleware
