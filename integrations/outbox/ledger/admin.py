"""Deliveries and their tries in the admin: what waits, what became of it, sending it again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_value
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from conversations.admin import MirrorAdmin, ReadOnlyMixin
from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import orders, registry, showing
from integrations.outbox.wakeup import WAKE_UP

# Answers, and what was rendered, may name people.
ANSWERS: Final = "conversations.view_personal_data"
SHORT_ID: Final = 8


class AttemptInline(ReadOnlyMixin, admin.TabularInline[Attempt, Delivery]):
    """How each try went; what they answered is for those who may see it."""

    model = Attempt
    extra = 0
    ordering = ("pk",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        told = ("at", "result", "status", "duration_ms", "reason")
        return (*told, "answer") if request.user.has_perm(ANSWERS) else told

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    @admin.display(description="said")
    def answer(self, row: Attempt) -> str:
        """Return what they said; what was only rendered stands above."""
        return "" if row.result == Attempt.Result.SHOWN else row.said


@admin.register(Attempt)
class AttemptAdmin(MirrorAdmin):
    """Every try of every delivery, newest first."""

    list_display = (*("at", "destination", "told", "result", "status", "took", "why"),)
    list_filter = ("result", "delivery__destination")
    list_select_related = ("delivery__destination",)
    search_fields = ("delivery__conversation_id__exact",)
    search_help_text = "The whole id of a conversation"
    ordering = ("-pk",)

    class Media:
        css = {"all": ["dcm/admin.css"]}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        told = ("at", "destination", "delivery", "result", "status", "duration_ms", "reason")
        return (*told, "body") if request.user.has_perm(ANSWERS) else told

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    @admin.display(description="destination", ordering="delivery__destination__name")
    def destination(self, row: Attempt) -> str:
        return row.delivery.destination.name

    @admin.display(description="told", ordering="delivery__topic")
    def told(self, row: Attempt) -> SafeString:
        return _told(row.delivery)

    @admin.display(description="ms", ordering="duration_ms")
    def took(self, row: Attempt) -> int:
        return row.duration_ms

    @admin.display(description="reason")
    def why(self, row: Attempt) -> str:
        return Truncator(row.reason).chars(80)

    @admin.display(description="said, or rendered")
    def body(self, row: Attempt) -> str | SafeString:
        return _body(row.said)


@admin.register(Delivery)
class DeliveryAdmin(MirrorAdmin):
    """What is to be told, or was. Given up: read why, mend it, send it again."""

    list_display = (*("ordered_at", "destination", "told", "state", "count", "when", "why"),)
    list_filter = ("state", "destination", showing.TopicFilter)
    list_select_related = ("destination",)
    search_fields = ("conversation_id__exact", "key__exact")
    search_help_text = "The whole id of a conversation"
    ordering = ("-pk",)
    inlines = (AttemptInline,)
    actions = ("send_again",)

    class Media:
        css = {"all": ["dcm/admin.css"]}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("would_be_sent",) if request.user.has_perm(ANSWERS) and _shown(obj) else ()
        return (
            *("destination", "topic", "conversation_id", "key", "state", "why_in_full", "doubt"),
            *("attempts", "version", "sent_version", "ordered_at", "due_at", "delivered_at"),
            *("remote_id", *shown, "payload"),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_delivery")

    @admin.display(description="told", ordering="topic")
    def told(self, row: Delivery) -> SafeString:
        return _told(row)

    @admin.display(description="tries", ordering="attempts")
    def count(self, row: Delivery) -> int:
        return row.attempts

    @admin.display(description="due, delivered")
    def when(self, row: Delivery) -> SafeString:
        """Tell when it is due; and when it got through, also where it was sent again since."""
        due = row.due_at if row.state == Delivery.State.WAITING else None
        told = (("due", due), ("delivered", row.delivered_at))
        known = ((word, display_for_value(at, "")) for word, at in told if at)
        return format_html_join(mark_safe("<br>"), "{} {}", known)

    @admin.display(description="reason")
    def why(self, row: Delivery) -> str:
        return Truncator(self.why_in_full(row)).chars(80)

    @admin.display(description="reason")
    def why_in_full(self, row: Delivery) -> str:
        """Say why it failed last; and, where it had got through before, that it had."""
        if row.state != Delivery.State.DEAD or row.delivered_at is None:
            return row.reason
        return f"sent again after it was delivered: {row.reason}"

    @admin.display(description="what would be sent")
    def would_be_sent(self, row: Delivery) -> str | SafeString:
        return _body(_shown(row))

    @admin.display(description="in doubt")
    def doubt(self, row: Delivery) -> str:
        """Say what an answer that nobody heard means at this destination."""
        if not row.in_doubt:
            return "no"
        name = row.destination.kind
        if name in registry.KINDS and registry.kind(name).reads_back:
            return "a try may have got through: it is looked up before it is sent again"
        return "a try may have got through: it may arrive twice, under the same id"

    @admin.action(description="Send (again)", permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Send what does not wait, also what was only rendered, once more, under its own id."""
        chosen = list(queryset.exclude(state=Delivery.State.WAITING))
        now = timezone.now()
        count = orders.send_again(pks=[row.pk for row in chosen], now=now)
        for row in chosen:
            self.log_change(request, row, "Sent again.")
        if not count:
            messages.warning(request, "All of them wait already: there is nothing to send again.")
            return
        WAKE_UP.tell()
        for destination, many in _by_destination(chosen):
            level, told = _promise(destination, many, now)
            messages.add_message(request, level, told)


def _by_destination(rows: Iterable[Delivery]) -> Iterable[tuple[Destination, int]]:
    """Return destinations as they stand, each with how many of these rows are its own."""
    own = [row.destination_id for row in rows]
    found = Destination.objects.filter(pk__in=own).order_by("name")
    return [(destination, own.count(destination.pk)) for destination in found]


def _promise(destination: Destination, many: int, now: datetime) -> tuple[int, str]:
    """Say when so many are sent, and what must be done before."""
    name, mode = destination.name, destination.mode
    waiting = f"{many} to {name} will be sent again, but not yet"
    if mode == Destination.Mode.OFF:
        return messages.WARNING, f"{waiting}: it is off. They wait until its mode is live."
    if destination.disabled_at:
        return messages.WARNING, f"{waiting}: it is stopped. They wait until it is enabled again."
    if mode == Destination.Mode.SHADOW:
        told = f"{many} to {name} will be rendered again, not sent: it is in shadow mode."
        return messages.SUCCESS, told
    if destination.open_until and destination.open_until > now:
        at = f"{timezone.localtime(destination.open_until):%H:%M:%S}"
        return messages.WARNING, f"{waiting}: it fails at present and is tried next at {at}."
    return messages.SUCCESS, f"{many} to {name} will be sent again within seconds."


def _told(row: Delivery) -> SafeString:
    """Return of what and of which conversation; its whole id shows where the mouse rests."""
    topic = format_html_join(mark_safe(".<wbr>"), "{}", ((part,) for part in row.topic.split(".")))
    whole = row.conversation_id
    short = whole if len(whole) <= SHORT_ID + 1 else f"{whole[:SHORT_ID]}…"
    return format_html('{}<br><span class="quiet" title="{}">{}</span>', topic, whole, short)


def _shown(row: Delivery | None) -> str:
    """Return what shadow mode rendered last; "" where it did not."""
    tries = row.tries.filter(result=Attempt.Result.SHOWN) if row else Attempt.objects.none()
    return tries.order_by("-pk").values_list("said", flat=True).first() or ""


def _body(said: str) -> str | SafeString:
    return format_html('<pre class="dcm-body">{}</pre>', showing.pretty(said)) if said else ""


__all__ = ["AttemptAdmin", "AttemptInline", "DeliveryAdmin"]
