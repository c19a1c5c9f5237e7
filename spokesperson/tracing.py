"""OpenTelemetry traces: a span for each request that Django answers, each task and each statement of SQL.

Spans hold names of routes and tasks and SQL without its values: no addresses of visitors, no URLs, nothing that users
wrote. The variables of the environment that begin with OTEL_ say where they go, and how many.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.tasks.signals import task_finished, task_started
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from spokesperson import __version__

MAX_SQL_LENGTH = 1000
tracer = trace.get_tracer("spokesperson", __version__)
_task: ContextVar[ExitStack | None] = ContextVar("task", default=None)


def start(service: str) -> None:
    """Send spans from now on, in the background. The variable OTEL_SERVICE_NAME changes the name of the service."""
    os.environ.setdefault("OTEL_SERVICE_NAME", f"spokesperson-{service}")
    provider = TracerProvider(resource=Resource.create({"service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    task_started.connect(start_task)
    task_finished.connect(end_task)


def trace_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a span for each request. The trace of a proxy is continued if the site trusts it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        context = extract(request.headers) if settings.ALLAUTH_TRUSTED_PROXY_COUNT else None
        method = str(request.method)
        with _span(method, kind=SpanKind.SERVER, context=context) as span:
            response = get_response(request)
            route = request.resolver_match.view_name if request.resolver_match else None
            span.update_name(f"{method} {route}" if route else method)
            span.set_attributes({"http.request.method": method, "http.response.status_code": response.status_code})
            if route:
                span.set_attribute("http.route", route)
            if response.status_code >= 500:
                span.set_status(Status(StatusCode.ERROR))
        return response

    return middleware


def start_task(task_result: Any, **arguments: Any) -> None:
    """Start the span of a task."""
    stack = ExitStack()
    span = stack.enter_context(_span(task_result.task.module_path, kind=SpanKind.CONSUMER))
    span.set_attribute("task.id", str(task_result.id))
    _task.set(stack)


def end_task(task_result: Any, **arguments: Any) -> None:
    """End the span of the task."""
    if stack := _task.get():
        _task.set(None)
        stack.close()


@contextmanager
def _span(name: str, **options: Any) -> Iterator[Span]:
    """Start a span with one below it for each statement. Exceptions are not recorded: their texts hold values."""
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(trace_statement))
        yield stack.enter_context(tracer.start_as_current_span(name, record_exception=False, **options))


def trace_statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement in a span."""
    text = str(sql)
    vendor = context["connection"].vendor
    with tracer.start_as_current_span(
        text.partition(" ")[0], kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
    ) as span:
        span.set_attributes({"db.system.name": vendor, "db.query.text": text[:MAX_SQL_LENGTH]})
        return execute(sql, params, many, context)
