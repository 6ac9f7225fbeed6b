"""Handle time in the admin: to look at. It follows from the mirror, so nothing is edited here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from handling.models import (
    AgentHandling,
    AgentLock,
    DailyHandling,
    Interruption,
    Utilization,
)


def clock(milliseconds: int | None) -> str:
    """Write a duration as h:mm:ss, or as m:ss below an hour; a dash where there is none."""
    if milliseconds is None:
        return "–"  # noqa: RUF001 - the dash that tables use for nothing
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class _ReadOnly:
    """Rows to look at, not to change."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class _Durations:
    """Columns that show milliseconds as a clock does."""

    @admin.display(description="gross", ordering="gross_ms")
    def gross(self, row: AgentHandling | DailyHandling) -> str:
        return clock(row.gross_ms)

    @admin.display(description="adjusted", ordering="adjusted_ms")
    def adjusted(self, row: AgentHandling | DailyHandling) -> str:
        return clock(row.adjusted_ms)

    @admin.display(description="interrupted", ordering="interrupted_ms")
    def interrupted_time(self, row: AgentHandling | DailyHandling) -> str:
        return clock(row.interrupted_ms)

    @admin.display(description="other hold", ordering="other_hold_ms")
    def other_hold(self, row: AgentHandling | DailyHandling) -> str:
        return clock(row.other_hold_ms)


@admin.register(Interruption)
class InterruptionAdmin(_ReadOnly, admin.ModelAdmin[Interruption]):
    """Every interruption: what was held, and what took the agent away."""

    list_display = ("started_at", "ended_at", "user_id", "held", "interrupter", "provisional")
    list_filter = ("provisional",)
    list_select_related = ("handling__conversation", "interrupter")
    search_fields = ("handling__user_id", "handling__conversation__genesys_id")
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-pk")

    @admin.display(description="agent")
    def user_id(self, row: Interruption) -> str:
        return row.handling.user_id

    @admin.display(description="held")
    def held(self, row: Interruption) -> str:
        return row.handling.conversation.genesys_id


@admin.register(AgentLock)
class AgentLockAdmin(_ReadOnly, admin.ModelAdmin[AgentLock]):
    """Agents whose handle time has been computed."""

    search_fields = ("user_id",)
    ordering = ("user_id",)


class InterruptionInline(_ReadOnly, admin.TabularInline[Interruption, AgentHandling]):
    """Who interrupted, from when to when."""

    model = Interruption
    extra = 0
    fields = ("interrupter", "started_at", "ended_at", "provisional")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interruption]:
        rows = super().get_queryset(request).select_related("interrupter")
        return rows.order_by("started_at", "pk")


@admin.register(AgentHandling)
class AgentHandlingAdmin(_ReadOnly, _Durations, admin.ModelAdmin[AgentHandling]):
    list_display = (
        "conversation",
        "user_id",
        "media_type",
        "started_at",
        "ended_at",
        "gross",
        "adjusted",
        "interrupted_time",
        "other_hold",
        "genesys_handle",
        "flags",
    )
    list_filter = ("media_type", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("conversation",)
    search_fields = ("conversation__genesys_id__exact", "user_id__exact", "queue_id__exact")
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-pk")
    inlines = (InterruptionInline,)

    @admin.display(description="Genesys's handle time", ordering="genesys_handle_ms")
    def genesys_handle(self, row: AgentHandling) -> str:
        return clock(row.genesys_handle_ms)


@admin.register(DailyHandling)
class DailyHandlingAdmin(_ReadOnly, _Durations, admin.ModelAdmin[DailyHandling]):
    list_display = (
        "date",
        "user_id",
        "queue_id",
        "media_type",
        "handled",
        "interrupted",
        "gross",
        "adjusted",
        "interrupted_time",
        "other_hold",
    )
    list_filter = ("media_type",)
    search_fields = ("user_id__exact", "queue_id__exact")
    date_hierarchy = "date"
    ordering = ("-date", "user_id", "pk")


@admin.register(Utilization)
class UtilizationAdmin(_ReadOnly, admin.ModelAdmin[Utilization]):
    """As Genesys has it; changed there."""
