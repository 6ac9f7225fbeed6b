"""Rules that say whose opening hours queues keep, by name; and what they come to for each queue."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from conversations.models import Division, Queue
from sla import usage, versions
from sla.admin.base import Recomputing
from sla.admin.keeping import Choosing
from sla.admin.viewing import InWords
from sla.models import HoursRule
from sla.queue_hours import MEDIA, by_queue


class HoursRuleForm(forms.ModelForm[HoursRule]):
    """A rule with names beside ids: what the mirror does not know keeps its id."""

    queue_ids = forms.MultipleChoiceField(
        label="Only these queues", required=False, help_text="None chosen: every queue."
    )
    division_ids = forms.MultipleChoiceField(
        label="Only queues of these divisions", required=False, help_text="None chosen: all."
    )
    media_types = forms.MultipleChoiceField(
        label="Only these media",
        required=False,
        choices=[(value, name.capitalize()) for value, name in MEDIA.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all.",
    )

    class Meta:
        model = HoursRule
        fields = (
            *("position", "calendar", "queue_ids", "name_contains", "division_ids", "media_types"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        queues = Queue.objects.filter(deleted=False)
        self._offer("queue_ids", queues.order_by("name", "pk"), self.instance.queue_ids)
        divisions = Division.objects.order_by("name", "pk")
        self._offer("division_ids", divisions, self.instance.division_ids)

    def _offer(self, name: str, rows: Iterable[Any], chosen: Iterable[str]) -> None:
        known = {row.genesys_id: str(row) for row in rows}
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(({pk: pk for pk in chosen} | known).items())


@admin.register(HoursRule)
class HoursRuleAdmin(InWords, Choosing, Recomputing):
    """Which hours queues keep: the first rule that covers a queue applies."""

    form = HoursRuleForm
    fields = ("position", "calendar", "queue_ids", "name_contains", "division_ids", "media_types")
    in_words = ("queue_ids", "division_ids", "media_types")
    list_display = ("position", "calendar", "covers")
    list_display_links = ("position", "calendar")
    list_select_related = ("calendar",)
    list_filter = ("calendar",)
    ordering = ("position", "pk")
    search_fields = ("name_contains", "calendar__name")
    change_list_template = "admin/sla/hoursrule/change_list.html"

    class Media:
        css = {"all": ["dcm/admin.css"]}

    def concerned(self, row: HoursRule, changed: Collection[str]) -> bool:
        return bool(usage.by_rules())

    def tell_from(self, row: HoursRule, now: datetime) -> None:
        versions.tell_from_now(policies=usage.by_rules(), now=now)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List the rules, and below them what they come to for each queue."""
        mine = {"queues": list(by_queue())}
        return super().changelist_view(request, mine | (extra_context or {}))

    @admin.display(description="covers")
    def covers(self, rule: HoursRule) -> str:
        """Say which queues a rule covers, by their names."""
        parts = [
            _named("queues", Queue, rule.queue_ids),
            f"name contains “{rule.name_contains}”" if rule.name_contains else "",
            _named("divisions", Division, rule.division_ids),
            ", ".join(MEDIA.get(media, media) for media in rule.media_types),
        ]
        return "; ".join(part for part in parts if part) or "every queue"


def _named(what: str, model: type[Model], ids: Iterable[str]) -> str:
    wanted = list(ids)
    rows = model._default_manager.filter(genesys_id__in=wanted)
    known = dict(rows.values_list("genesys_id", "name"))
    names = sorted((known.get(one) or one for one in wanted), key=str.casefold)
    return f"{what} {', '.join(names)}" if names else ""
