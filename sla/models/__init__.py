"""SLA: opening hours, policies, clocks, and the timers and alerts that come of them."""

from sla.models.alerts import Alert, AlertEntry, Notice, Recomputation, Timer
from sla.models.backtests import Backtest
from sla.models.clocks import Clock, Wait
from sla.models.enforcement import Enforcement, EnforcementEntry, ForcedEnd
from sla.models.hours import (
    BY_HAND,
    OF_HOURS,
    Calendar,
    CalendarVersion,
    HoursRule,
    Override,
    Schedule,
)
from sla.models.ladders import Ladder, Rota, Rung, Shift, StandIn, Supervision
from sla.models.policies import (
    LISTS,
    OF_TARGETS,
    TARGETS,
    OnChange,
    Policy,
    PolicyVersion,
    Reopening,
    TimeUnit,
)

__all__ = [
    "BY_HAND",
    "LISTS",
    "OF_HOURS",
    "OF_TARGETS",
    "TARGETS",
    "Alert",
    "AlertEntry",
    "Backtest",
    "Calendar",
    "CalendarVersion",
    "Clock",
    "Enforcement",
    "EnforcementEntry",
    "ForcedEnd",
    "HoursRule",
    "Ladder",
    "Notice",
    "OnChange",
    "Override",
    "Policy",
    "PolicyVersion",
    "Recomputation",
    "Reopening",
    "Rota",
    "Rung",
    "Schedule",
    "Shift",
    "StandIn",
    "Supervision",
    "TimeUnit",
    "Timer",
    "Wait",
]
