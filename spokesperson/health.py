"""What load balancers, supervisors and operators ask: does the process run, can it serve, and what is wrong."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from spokesperson import checks


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs, without the database: what fails this is restarted."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 503 if pages fail: what fails this gets no requests until it succeeds."""
    is_ready = not any(_problems(request, checks.REQUIRED).values())
    return HttpResponse("ok" if is_ready else "failed", content_type="text/plain", status=200 if is_ready else 503)


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer as `ready`, with "ok" or "failed" for each check, and ages. Sentences are only in the log."""
    problems = _problems(request, checks.REQUIRED | checks.OTHERS)
    words: dict[str, str | int | None] = {name: "failed" if sentence else "ok" for name, sentence in problems.items()}
    if not problems["database"] and not problems["migrations"]:
        words |= checks.ages()
    is_ready = not any(problems[name] for name in problems if name not in checks.OTHERS)
    return JsonResponse(words, status=200 if is_ready else 503)


def _problems(request: HttpRequest, selected: checks.Checks) -> dict[str, str]:
    problems = checks.problems(selected)
    # Behind a proxy that the site does not trust, every request is redirected to https for ever.
    if settings.HTTPS and "X-Forwarded-Proto" in request.headers and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        problems["trusted_proxy_count"] = "TRUSTED_PROXY_COUNT is not set, but a proxy is in front."
    return problems


PROBES = {"/live/": live, "/ready/": ready}


def answer_probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: answer `PROBES` to every Host and over http, because load balancers ask by address.

    The answer is one word that depends on nothing in the request and that no cache stores.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else get_response(request)

    return middleware
