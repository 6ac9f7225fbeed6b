"""The admin of rotas and supervisions: who is on call when, and whose queues are whose."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from conversations.models import Division, Queue
from sla import advice_of_rotas, audience, usage
from sla.admin.fields import LOCAL_TIMES, LocalMoment, NamesField
from sla.admin.forms import Seen
from sla.admin.keeping import Keeping
from sla.admin.viewing import InWords
from sla.domain.local import WEEKDAYS
from sla.models import Rota, Shift, StandIn, Supervision

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class ShiftForm(forms.ModelForm[Shift]):
    """A shift, its weekdays ticked."""

    weekdays = forms.MultipleChoiceField(
        choices=list(zip(WEEKDAYS, DAYS, strict=True)),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="On which it begins. None chosen: every day.",
    )

    class Meta:
        model = Shift
        fields = ("weekdays", "starts", "ends", "people")


class ShiftInline(InWords, admin.TabularInline[Shift, Rota]):
    model = Shift
    form = ShiftForm
    fields = ("weekdays", "starts", "ends", "people")
    in_words = ("weekdays",)
    formfield_overrides = LOCAL_TIMES
    extra = 0


class StandInForm(forms.ModelForm[StandIn]):
    """Who stands in, from when until when by the rota's clock."""

    starts_at = LocalMoment(label="From, by the rota's clock")
    ends_at = LocalMoment(label="Until, by the rota's clock")

    class Meta:
        model = StandIn
        fields = ("starts_at", "ends_at", "people")

    def __init__(self, *args: Any, rota: Rota | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("starts_at", "ends_at"):
            zone = (rota or self.instance.rota).zone
            self.fields[name].zone = zone  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse an end that is not after the start."""
        given = super().clean() or self.cleaned_data
        start, end = given.get("starts_at"), given.get("ends_at")
        if start and end and end <= start:
            self.add_error("ends_at", "Write an end that is after the start.")
        return given


class StandInFormSet(forms.BaseInlineFormSet[StandIn, Rota, forms.ModelForm[StandIn]]):
    """Those who stand in, by the clock of the rota as the page has it now."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "rota": self.instance}


class StandInInline(InWords, admin.TabularInline[StandIn, Rota]):
    model = StandIn
    form = StandInForm
    fields = ("starts_at", "ends_at", "people")
    in_words = ("starts_at", "ends_at")
    formset = StandInFormSet
    extra = 0


class RotaForm(Seen):
    """A rota, and who is on call in it."""

    parts = ("shifts", "stand_ins")


@admin.register(Rota)
class RotaAdmin(InWords, Keeping):
    """Who is on call when."""

    form = RotaForm
    fields = ("name", "timezone", "seen")
    list_display = ("name", "timezone", "on_call_now", "to_mind")
    inlines = (ShiftInline, StandInInline)

    def why_kept(self, row: Rota) -> str:
        return usage.why_rota_stays(row)

    @admin.display(description="on call now")
    def on_call_now(self, rota: Rota) -> str:
        now = timezone.now()
        read = next(one for one in audience.rotas(now) if one.pk == rota.pk)
        people = audience.on_call(read, now)
        names = (str(user) for user in audience.active().filter(pk__in=people))
        return ", ".join(names) or "nobody"

    @admin.display(description="to mind")
    def to_mind(self, rota: Rota) -> str:
        return " ".join(advice_of_rotas.oddities(rota))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        for odd in advice_of_rotas.oddities(form.instance):
            messages.warning(request, odd)


class SupervisionForm(Seen):
    """Who supervises which queues, by name."""

    class Meta:
        model = Supervision
        fields = ("name", "queue_ids", "division_ids", "people")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("queue_ids", "Queues", Queue.objects.filter(deleted=False))
        help_text = "All queues of these. No queue and no division chosen: every queue."
        self._choose("division_ids", "Divisions", Division.objects.all(), help_text)

    def _choose(self, name: str, label: str, rows: QuerySet[Any], help_text: str = "") -> None:
        kept: Iterable[str] = getattr(self.instance, name)
        self.fields[name] = NamesField(
            known=rows.values_list("genesys_id", "name"),
            kept=kept if isinstance(kept, list) else (),
            label=label,
            required=False,
            help_text=help_text,
        )


@admin.register(Supervision)
class SupervisionAdmin(InWords, admin.ModelAdmin[Supervision]):
    """Who supervises which queues."""

    form = SupervisionForm
    fields = ("name", "queue_ids", "division_ids", "people", "seen")
    in_words = ("queue_ids", "division_ids")
    list_display = ("name", "everywhere")
    filter_horizontal = ("people",)

    @admin.display(description="every queue", boolean=True)
    def everywhere(self, row: Supervision) -> bool:
        return not row.queue_ids and not row.division_ids
