"""The form of a ladder's rung: amounts of time as people write them, ways by their names."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from django import forms

from sla import ways
from sla.domain import template
from sla.domain.amounts import duration
from sla.domain.words import said
from sla.models import Clock, Ladder, Rung
from sla.models.ladders import LEAST_REPEAT_S

APART: Final = 10  # so that there is room between two
LEAST_REPEAT: Final = timedelta(seconds=LEAST_REPEAT_S)
MINUS: Final = ("-", "\N{MINUS SIGN}")
WHOEVER: Final = ("", "whoever is told of SLA events")


class RungForm(forms.ModelForm[Rung]):
    """One rung of a ladder."""

    position = forms.IntegerField(
        required=False, help_text="In which order they are shown. Empty: behind the others."
    )
    offset = forms.CharField(
        label="When",
        required=False,
        max_length=40,
        help_text="After the target is reached: 30 min, 4 h. Before it: -30 min. Empty: just then.",
    )
    kinds = forms.MultipleChoiceField(
        choices=Clock.Kind.choices, required=False, help_text="Of which clocks. None: all."
    )
    destination_id = forms.TypedChoiceField(
        label="By which way", required=False, coerce=int, empty_value=None
    )
    repeat_every = forms.CharField(
        label="Again every",
        required=False,
        max_length=40,
        help_text="5 min or more by the clock on the wall, such as 15 min. Empty: told once.",
    )

    class Meta:
        model = Rung
        fields = (
            *("position", "kinds", "offset_unit", "destination_id", "audience", "rota"),
            *("template", "repeat_times", "during_opening_hours"),
        )
        widgets = {"template": forms.Textarea(attrs={"rows": 2, "cols": 40})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.instance.destination_id
        self.fields["destination_id"].choices = list(_ways(chosen))  # type: ignore[attr-defined]
        if not self.instance.pk:
            self.initial["position"] = None
        else:
            self.initial["offset"] = _written(self.instance.offset_s)
            self.initial["repeat_every"] = _written(self.instance.repeat_every_s or 0)

    def clean_offset(self) -> timedelta:
        """Read an amount of time that may have a minus before it."""
        text = self.cleaned_data["offset"].strip()
        if not text or text == "0":
            return timedelta()
        early = text.startswith(MINUS)
        amount = _read(text.lstrip("".join(MINUS)))
        return -amount if early else amount

    def clean_repeat_every(self) -> timedelta | None:
        """Read an amount of time, or none; less is no reminder but a flood."""
        text = self.cleaned_data["repeat_every"].strip()
        amount = _read(text) if text else None
        if amount is not None and amount < LEAST_REPEAT:
            raise forms.ValidationError(f"{text} is too soon: write {said(LEAST_REPEAT)} or more.")
        return amount

    def clean_template(self) -> str:
        """Refuse placeholders that are none."""
        text: str = self.cleaned_data["template"]
        try:
            template.check(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be: a rota that is not named, a repetition without a pace."""
        given = super().clean() or self.cleaned_data
        if given.get("audience") == Rung.Audience.ROTA and not given.get("rota"):
            self.add_error("rota", "Choose the rota whose people are told.")
        if bool(given.get("repeat_times")) != bool(given.get("repeat_every")):
            self.add_error("repeat_times", "Write how often, and every how long; or neither.")
        self._keep_seconds(given)
        return given

    def _keep_seconds(self, given: Mapping[str, Any]) -> None:
        """Keep amounts of time as seconds, as the table has them."""
        if "offset" in given:
            self.instance.offset_s = given["offset"] // timedelta(seconds=1)
        every = given.get("repeat_every")
        self.instance.repeat_every_s = every and every // timedelta(seconds=1)


class RungFormSet(forms.BaseInlineFormSet[Rung, Ladder, forms.ModelForm[Rung]]):
    """The rungs of a ladder: those without a place come behind the others, as they stand."""

    def clean(self) -> None:
        super().clean()
        valid = [form for form in self.forms if form.is_valid()]
        places = [form.cleaned_data.get("position") for form in valid]
        last = max((place for place in places if place is not None), default=0)
        for form, place in zip(valid, places, strict=True):
            if place is None:
                last += APART
                form.instance.position = last


def _ways(chosen: int | None) -> Iterable[tuple[str, str]]:
    yield WHOEVER
    known = ways.every()
    for way in known.values():
        yield str(way.pk), f"{way.name}: {way.trouble}" if way.trouble else way.name
    if chosen is not None and chosen not in known:
        yield str(chosen), f"destination {chosen}, which is {ways.GONE}"


def _read(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error


def _written(seconds: int) -> str:
    if not seconds:
        return ""
    return f"{'-' if seconds < 0 else ''}{said(timedelta(seconds=abs(seconds)))}"
