"""Which migrations the code has and the database has not, for `spokesperson upgrade`."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from spokesperson.operations import set_up


def pending() -> dict[str, Any]:
    """Return their number, those that need downtime, each with its reason, and the last applied one of each app.

    A migration needs downtime if its class says why: `needs_downtime = "renames a column"`.
    """
    set_up()
    executor = MigrationExecutor(connection)
    plan = [migration for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    applied = sorted(executor.loader.applied_migrations)
    return {
        "count": len(plan),
        "downtime": [f"{one} ({reason})" for one in plan if (reason := getattr(one, "needs_downtime", ""))],
        "before": {one.app_label: dict(applied).get(one.app_label, "zero") for one in reversed(plan)},
    }
