"""The admin of policies: what customers are promised, in a sentence and by an example."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from chrono.always import ALWAYS
from chrono.errors import HoursError
from chrono.hours import Hours
from chrono.zones import zone_named
from sla import lateness, recomputing, usage, versions
from sla.admin.base import Recomputing
from sla.admin.fields import LISTED, NAMED, SECONDS, PolicyForm
from sla.admin.keeping import Choosing, Keeping
from sla.admin.trying import Trying
from sla.admin.viewing import InWords
from sla.domain.promise import example, sentence
from sla.drafts import Draft
from sla.forcing import minding as forcing
from sla.minding import oddities
from sla.models import Calendar, HoursRule, Policy, TimeUnit
from sla.selectors import hours_of, terms_of

# What is promised can be said without knowing when it is open.
CLOSED = Hours.of(timezone="UTC", hours={})
EXAMPLES: Final = 3


@admin.register(Policy)
class PolicyAdmin(InWords, Choosing, Keeping, Trying, Recomputing):
    """What customers are promised."""

    form = PolicyForm
    goes_along = ("policy version",)
    in_words = (*SECONDS, *LISTED, *NAMED, "media_types")
    list_display = ("name", "active", "position", "calendar", "promise", "to_mind")
    list_filter = ("active",)
    list_select_related = ("calendar",)
    search_fields = ("name",)
    ordering = ("position", "pk")
    readonly_fields = ("promise", "worked_example", "to_mind", "being_computed")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("name", "active", "promise", "worked_example", "to_mind"),
                    *("being_computed", "seen"),
                )
            },
        ),
        (
            "For which conversations: all that is written here must hold",
            {
                "fields": (
                    *("position", "media_types", "message_types", "queue_ids", "division_ids"),
                    *("skill_ids", "language_ids", "labels", "least_priority"),
                )
            },
        ),
        (
            "What is promised",
            {
                "fields": (
                    *("calendar", "time_unit", "first_response_s", "next_response_s"),
                    *("resolution_s", "warnings"),
                )
            },
        ),
        (
            "When clocks wait",
            {
                "fields": (
                    *("waiting_on_customer_pauses", "parking_pauses", "holding_pauses"),
                    *("reopening", "on_change"),
                )
            },
        ),
        (
            "When work is forgotten, and who is told",
            {"fields": ("forgotten_s", "away_s", "ladder")},
        ),
    )

    def note(self, row: Policy, now: datetime) -> None:
        versions.note_policy(policy=row, now=now)

    def draft_of(self, row: Policy, lines: Iterable[Model]) -> Draft:
        return Draft(policy=row)

    def concerned(self, row: Policy, changed: Collection[str]) -> bool:
        return row.active or ("active" in changed and row.clocks.exists())

    def why_kept(self, row: Policy) -> str:
        return usage.why_policy_stays(row)

    def tell_from(self, row: Policy, now: datetime) -> None:
        versions.tell_from_now(policies=[row.pk], now=now)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: Any
    ) -> None:
        super().save_related(request, form, formsets, change)
        if form.instance.active and (form.has_changed() or not change):
            late = lateness.late_by(policy_id=form.instance.pk, now=timezone.now())
            if late.number:
                messages.warning(request, f"{form.instance}: {_said_late(late)}")

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: Any) -> None:
        super().save_model(request, obj, form, change)
        for odd in [*oddities(obj), *forcing.oddities(obj, now=timezone.now())]:
            messages.warning(request, f"{obj}: {odd}")

    @admin.display(description="what it does")
    def promise(self, policy: Policy) -> str:
        if not policy.pk:
            return "Shown once it is saved."
        wall = policy.time_unit == TimeUnit.WALL
        return sentence(terms_of(policy, ALWAYS if wall else CLOSED))

    @admin.display(description="to mind")
    def to_mind(self, policy: Policy) -> str:
        if not policy.pk:
            return ""
        return " ".join([*oddities(policy), *forcing.oddities(policy, now=timezone.now())])

    @admin.display(description="clocks")
    def being_computed(self, policy: Policy) -> str:
        """Say how far open conversations are computed anew after the last change."""
        row = recomputing.left().last()
        if row is None:
            return "All of them are computed by what is written here."
        return f"Being computed anew ({row.cause}): {row.done:,} of {row.total:,} conversations."

    @admin.display(description="for example")
    def worked_example(self, policy: Policy) -> str:
        if not policy.pk:
            return "Shown once it is saved."
        if policy.time_unit == TimeUnit.WALL:
            zone = zone_named(settings.TIME_ZONE)
            return example(terms_of(policy, ALWAYS), zone, timezone.now())
        if policy.calendar:
            return _example(policy, policy.calendar)
        rules = HoursRule.objects.select_related("calendar")[:EXAMPLES]
        told = [f"{rule.calendar}: {_example(policy, rule.calendar)}" for rule in rules]
        return " ".join(told) or "It has no hours: see what is to mind."


def _said_late(late: lateness.Late) -> str:
    """Say how many conversations are late when a policy is saved, and that nobody hears of it."""
    least = "" if late.every else "at least "
    are = "conversation is" if late.number == 1 else "conversations are"
    return (
        f"{least}{late.number:,} open {are} late by it already. Nobody is told of what fell due "
        "before now."
    )


def _example(policy: Policy, calendar: Calendar) -> str:
    try:
        terms = terms_of(policy, hours_of(calendar))
        return example(terms, zone_named(calendar.timezone), timezone.now())
    except HoursError as error:
        return f"Its opening hours cannot be read, so its clocks stand still: {error}"
