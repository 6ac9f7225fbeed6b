"""The admin of SLA: opening hours and policies are written here; schedules and clocks are shown."""

from sla.admin import (
    alerts,
    backtests,
    clocks,
    emergencies,
    enforcement,
    hours,
    ladders,
    policies,
    queue_hours,
    rotas,
    versions,
)

__all__ = [
    "alerts",
    "backtests",
    "clocks",
    "emergencies",
    "enforcement",
    "hours",
    "ladders",
    "policies",
    "queue_hours",
    "rotas",
    "versions",
]
