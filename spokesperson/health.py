"""The health check for load balancers."""

from __future__ import annotations

import asyncio
from typing import Any

from django.http import HttpRequest, JsonResponse
from health_check.views import HealthCheckView


class HealthView(HealthCheckView):  # type: ignore[misc]
    """Answer 200 if the database and the shared cache work, otherwise 503. Details are only in the log."""

    http_method_names = ["get", "head"]
    checks = ("health_check.checks.Database", "health_check.checks.Cache")

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """Return "ok" or "failed" for each."""
        results = await asyncio.gather(*(check.get_result() for check in self.get_checks()))
        failed = any(result.error for result in results)
        words = {type(result.check).__name__.lower(): "failed" if result.error else "ok" for result in results}
        return JsonResponse(words, status=503 if failed else 200)
