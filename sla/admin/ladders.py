"""The admin of ladders: who is told when, tried before it matters."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from sla import advice, preview, rung_tests, usage, versions
from sla.admin.base import Recomputing
from sla.admin.fields import LOCAL_TIMES, DurationField
from sla.admin.forms import Seen
from sla.admin.keeping import Choosing, Keeping
from sla.admin.rungs import RungForm, RungFormSet
from sla.admin.trying import Trying
from sla.admin.viewing import InWords
from sla.drafts import Draft
from sla.models import Ladder, Rung


class RungInline(InWords, Choosing, admin.StackedInline[Rung, Ladder]):
    """The rungs of a ladder."""

    model = Rung
    form = RungForm
    formset = RungFormSet
    in_words = ("offset", "kinds", "destination_id", "repeat_every")
    extra = 0
    fieldsets = (
        (None, {"fields": (("position", "offset", "offset_unit"), "kinds")}),
        ("Who is told", {"fields": (("audience", "rota"), "destination_id", "template")}),
        (
            "Again, and when not",
            {"fields": (("repeat_every", "repeat_times"), "during_opening_hours")},
        ),
    )


class LadderForm(Seen):
    """A ladder as people write it."""

    parts = ("rungs",)

    acknowledged_for_s = DurationField(
        label="Acknowledged for",
        required=False,
        help_text="After so long an acknowledgement no longer holds back the next rung, while the "
        "breach lasts. Empty: it holds for ever.",
    )

    class Meta:
        model = Ladder
        fields = ("name", "acknowledged_for_s", "quiet_from", "quiet_until", "quiet_timezone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["acknowledged_for_s"] = self.instance.acknowledged_for_s or None

    def clean_acknowledged_for_s(self) -> int:
        """Keep for ever as 0, as the table has it."""
        return self.cleaned_data["acknowledged_for_s"] or 0


@admin.register(Ladder)
class LadderAdmin(InWords, Keeping, Trying, Recomputing):
    """Ladders with their rungs; a change has what waits planned anew."""

    form = LadderForm
    in_words = ("acknowledged_for_s",)
    formfield_overrides = LOCAL_TIMES
    list_display = ("name", "rungs_of", "policies_of", "to_mind")
    readonly_fields = ("to_mind",)
    search_fields = ("name",)
    inlines = (RungInline,)
    change_form_template = "admin/sla/ladder/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "to_mind", "acknowledged_for_s", "seen")}),
        ("Quiet hours", {"fields": (("quiet_from", "quiet_until", "quiet_timezone"),)}),
    )

    @admin.display(description="rungs")
    def rungs_of(self, ladder: Ladder) -> int:
        return ladder.rungs.count()

    @admin.display(description="policies")
    def policies_of(self, ladder: Ladder) -> str:
        return ", ".join(ladder.policies.values_list("name", flat=True)) or "none"

    @admin.display(description="to mind")
    def to_mind(self, ladder: Ladder) -> str:
        return " ".join(advice.oddities(ladder, now=timezone.now())) if ladder.pk else ""

    def concerned(self, row: Ladder, changed: Collection[str]) -> bool:
        return row.policies.filter(active=True).exists()

    def tell_from(self, row: Ladder, now: datetime) -> None:
        versions.tell_from_now(policies=row.policies.values_list("pk", flat=True), now=now)

    def why_kept(self, row: Ladder) -> str:
        return usage.why_ladder_stays(row)

    def draft_of(self, row: Ladder, lines: Iterable[Model]) -> Draft:
        return Draft(ladder=row, rungs=tuple(one for one in lines if isinstance(one, Rung)))

    def can_try(self, row: Model | None) -> bool:
        return row is not None  # nobody uses a ladder that is not there yet

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        for odd in advice.oddities(form.instance, now=timezone.now()):
            messages.warning(request, odd)

    def get_urls(self) -> list[URLPattern]:
        see, wrap = self.plan, self.admin_site.admin_view
        mine = [
            path("plan/", wrap(see), name="sla_ladder_plan"),
            path("<int:pk>/test/", wrap(self.test), name="sla_ladder_test"),
        ]
        return [*mine, *super().get_urls()]

    def plan(self, request: HttpRequest) -> HttpResponse:
        """Show the whole plan of a conversation, by its Genesys id."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("conversation", "").strip()
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Plan of a conversation",
            "conversation": asked,
            "is_known": preview.is_known(asked),
            "lines": preview.plan_of(asked, now=timezone.now()) if asked else [],
        }
        return TemplateResponse(request, "admin/sla/ladder/plan.html", page)

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send what a rung would say, marked as a test, to whom it would tell it now."""
        if request.method != "POST" or not request.user.has_perm("integrations.send_test"):
            raise PermissionDenied
        rung = Rung.objects.select_related("ladder").filter(pk=pk).first()
        if rung:
            said = rung_tests.send(rung, now=timezone.now())
            messages.info(request, f"{rung}: {said}")
        back = [rung.ladder_id] if rung else []
        name = "admin:sla_ladder_change" if rung else "admin:sla_ladder_changelist"
        return HttpResponseRedirect(reverse(name, args=back))
