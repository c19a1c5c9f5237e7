"""Whether this process can work, for a load balancer: `/health/`."""

from __future__ import annotations

import asyncio
from typing import Any

from django.http import HttpRequest, JsonResponse
from health_check.views import HealthCheckView


class HealthView(HealthCheckView):  # type: ignore[misc]
    """Asks the database and the shared cache: 200 where both answer, else 503. What is wrong is in the log alone."""

    http_method_names = ["get", "head"]
    checks = ("health_check.checks.Database", "health_check.checks.Cache")

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """One word for each: "ok" or "failed"."""
        results = await asyncio.gather(*(check.get_result() for check in self.get_checks()))
        failed = any(result.error for result in results)
        words = {type(result.check).__name__.lower(): "failed" if result.error else "ok" for result in results}
        return JsonResponse(words, status=503 if failed else 200)
