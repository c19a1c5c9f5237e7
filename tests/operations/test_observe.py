"""Traces and error reports: what is sent to a collector, and that nothing is without a setting."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.operations.observed import collector, run

pytestmark = pytest.mark.django_db
# What must never be in a trace or report: a part of the path, of the query, of a header, of a body and of a text.
SECRET = "5ecret"
VISIT = """
import os
SECRET = os.environ["TEST_SECRET"]
body = f"password={SECRET}".encode()
visit = dict(
    HTTP_COOKIE=f"session={SECRET}", HTTP_X_FORWARDED_FOR="203.0.113.9", REMOTE_ADDR="203.0.113.9",
    HTTP_USER_AGENT=SECRET, HTTP_AUTHORIZATION=SECRET, REQUEST_METHOD="POST", CONTENT_LENGTH=str(len(body)),
    CONTENT_TYPE="application/x-www-form-urlencoded",
)
visit["wsgi.input"] = BytesIO(body)
"""
FAIL = """
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from spokesperson import urls

@csrf_exempt
def fail(request, key):
    password = request.POST["password"]
    raise ValueError(f"the text is {key} {password}")

urls.urlpatterns.append(path("fail/<str:key>/", fail, name="fail"))
"""


def spans(received: list[tuple[str, bytes]]) -> list[tuple[str, dict[str, Any]]]:
    """Return name and attributes of the spans that were sent."""
    found = []
    for path, body in received:
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            [service] = [one.value.string_value for one in resource.resource.attributes if one.key == "service.name"]
            assert service == "spokesperson-web"
            for scope in resource.scope_spans:
                found += [
                    (span.name, {one.key: one.value.string_value or one.value.int_value for one in span.attributes})
                    for span in scope.spans
                ]
    return found


def test_traces_have_requests_tasks_and_statements_without_values(tmp_path: Path) -> None:
    script = (
        VISIT
        + FAIL
        + """
from django.test import override_settings
from core.tasks import send_emails

print(get("/search/", f"q={SECRET}", HTTP_ACCEPT_LANGUAGE=SECRET), get(f"/fail/{SECRET}/", f"x={SECRET}", **visit))
with override_settings(TASKS={"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}):
    send_emails.enqueue()
"""
    )
    with collector() as (address, received):
        output = run(script, tmp_path, TEST_SECRET=SECRET, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{address}")
    assert output == "200 OK 500 Internal Server Error\n"
    found = dict(reversed(spans(received)))
    assert found["GET search"] == {
        "http.request.method": "GET",
        "http.route": "search",
        "http.response.status_code": 200,
    }
    assert found["POST fail"]["http.response.status_code"] == 500
    assert "task.id" in found["core.tasks.send_emails"]
    assert "FROM" in found["SELECT"]["db.query.text"]
    sent = b"".join(body for _path, body in received)
    assert SECRET.encode() not in sent
    assert b"203.0.113.9" not in sent


def test_error_reports_have_the_code_and_the_request_id_and_nothing_of_the_visitor(tmp_path: Path) -> None:
    script = VISIT + FAIL + 'print(get(f"/fail/{SECRET}/", f"x={SECRET}", **visit))'
    with collector() as (address, received):
        output = run(script, tmp_path, TEST_SECRET=SECRET, SENTRY_DSN=f"http://key@{address}/1")
    assert output == "500 Internal Server Error\n"
    [(path, body)] = received
    assert path == "/api/1/envelope/"
    event = json.loads(body.splitlines()[2])
    [exception] = event["exception"]["values"]
    assert exception["type"] == "ValueError"
    assert exception["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["logger"] == "django.request"
    assert len(event["tags"]["request_id"]) == 32
    # The DSN is in the header of the envelope, and the name of the machine in the event.
    assert set(event) <= {
        *("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "server_name", "sdk"),
        *("exception", "logentry", "tags"),
    }
    assert SECRET.encode() not in body
    assert b"203.0.113.9" not in body
    assert b"vars" not in body


def test_nothing_is_loaded_without_a_setting(tmp_path: Path) -> None:
    names = ("prometheus_client", "opentelemetry", "sentry_sdk")
    assert run(f"print([name for name in {names} if name in sys.modules])", tmp_path) == "[]\n"


@pytest.mark.parametrize(
    ("variable", "value", "extra"),
    [
        ("METRICS_ADDRESS", "127.0.0.1:9100", "metrics"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318", "tracing"),
        ("SENTRY_DSN", "https://key@sentry.example.org/1", "sentry"),
    ],
)
def test_missing_package_is_one_sentence(tmp_path: Path, variable: str, value: str, extra: str) -> None:
    """The packages are in the development lock, so the search for them is made to fail."""
    script = (
        "import importlib.util, sys; importlib.util.find_spec = lambda name: None;"
        "from spokesperson import cli; sys.exit(cli.main(['manage', 'check']))"
    )
    ended = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env={
            "ORIGIN": "https://news.example.org",
            "SECRET_KEY": "k" * 60,
            "DATA_DIR": str(tmp_path),
            variable: value,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 78
    assert ended.stderr.startswith(f"{variable} needs the package ")
    assert f"requirements-{extra}.txt" in ended.stderr
    assert ended.stderr.count("\n") == 1
