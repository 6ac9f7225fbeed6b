"""Clocks and waits are shown, not edited: they follow from the mirror and the policies."""

from datetime import timedelta

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chrono.instants import isoformat
from sla.admin.base import ReadOnly
from sla.domain.words import filled, said
from sla.models import Clock, Recomputation, Timer, Wait


class Measured(ReadOnly):
    """Rows with amounts of time: shown as people say them."""

    @admin.display(description="target")
    def target(self, row: Clock | Wait) -> str:
        return said(timedelta(seconds=row.target_s))

    @admin.display(description="used up")
    def used_up(self, row: Clock | Wait) -> str:
        return said(timedelta(milliseconds=row.elapsed_ms))


@admin.register(Clock)
class ClockAdmin(Measured):
    """How clocks stand, and why."""

    list_display = ("conversation", "kind", "policy", "state", "due_at", "breached", "since")
    list_filter = ("kind", "state", "breached", "policy")
    list_select_related = ("conversation", "policy")
    search_fields = ("=conversation__genesys_id",)
    date_hierarchy = "started_at"
    readonly_fields = ("target", "used_up", "explanation")
    exclude = ("packed_steps", "target_s", "elapsed_ms", "fingerprint")

    @admin.display(description="why it stands so")
    def explanation(self, clock: Clock) -> SafeString:
        rows = (
            (
                *(isoformat(step.at), step.action, filled(step.reason)),
                said(step.elapsed),
                f"; by {step.source}" if step.source else "",
            )
            for step in clock.steps_by(timezone.now())
        )
        return format_html(
            "<ol>{}</ol>",
            format_html_join("", "<li>{} {}: {} ({} of business time{})</li>", rows),
        )


@admin.register(Wait)
class WaitAdmin(Measured):
    """How long customers waited, and whether the promise was kept."""

    list_display = ("conversation", "kind", "policy", "started_at", "ended_at", "met", "user_id")
    list_filter = ("kind", "met", "policy")
    list_select_related = ("conversation", "policy")
    search_fields = ("=conversation__genesys_id", "=user_id", "=queue_id")
    date_hierarchy = "ended_at"
    readonly_fields = ("target", "used_up", "paused")
    exclude = ("target_s", "elapsed_ms", "paused_ms")

    @admin.display(description="paused for")
    def paused(self, wait: Wait) -> str:
        return said(timedelta(milliseconds=wait.paused_ms))


@admin.register(Timer)
class TimerAdmin(ReadOnly):
    """What is to be told of waits and when, what was told, and why the rest was not."""

    list_display = ("conversation", "kind", "rung", "due_at", "state", "verified", "reason")
    list_filter = ("state", "kind", "verified")
    list_select_related = ("conversation",)
    search_fields = ("=conversation__genesys_id",)
    date_hierarchy = "due_at"


@admin.register(Recomputation)
class RecomputationAdmin(ReadOnly):
    """Clocks being computed anew after a change, and how far that is."""

    list_display = ("cause", "ordered_at", "done", "total", "finished_at")
    ordering = ("-ordered_at",)
