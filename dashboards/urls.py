"""The supervisors' pages."""

from datetime import date, timedelta

from django.urls import path, register_converter

from dashboards import views
from dashboards.escalations import views as escalations
from dashboards.report import views as report

LAST = date.max - timedelta(days=1)


class DayConverter:
    """A calendar day in a URL: 2026-11-20."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        day = date.fromisoformat(value)
        if not date.min < day < LAST:
            raise ValueError("no room for the day before or the two after it")
        return day

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

app_name = "dashboards"

# Ids are Genesys's and may hold anything: hence path, not str.
urlpatterns = [
    path("", views.board, name="board"),
    path("aht/", views.aht, name="aht"),
    path("agents/", views.agents, name="agents"),
    path("agents/<path:user_id>/<day:day>/", views.agent_day, name="agent_day"),
    path("agents/<path:user_id>/", views.agent_today, name="agent_today"),
    path("conversations/", views.conversations, name="conversations"),
    path("conversations/<path:genesys_id>/", views.conversation, name="conversation"),
    path("escalations/", escalations.escalations, name="escalations"),
    path("escalations/act/", escalations.act, name="escalation_act"),
    path("escalations/<int:pk>/", escalations.escalation, name="escalation"),
    path("health/", views.health, name="health"),
    path("sla/", report.report, name="report"),
    path("zone/", views.zone, name="zone"),
    path("freshness/", views.freshness, name="freshness"),
]
