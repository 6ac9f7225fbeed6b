"""Drafts from files and by name, for the command line: what cannot be tried is told plainly."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model

from sla.drafts import NEW, Draft
from sla.models import Calendar, Ladder, Policy, Rung

JSON: Final = ".json"
M = TypeVar("M", bound=Model)
# What a file cannot say: whose the row is, and what comes from Genesys.
_NOT_WRITTEN: Final = frozenset(
    {"id", "genesys_id", "open_schedules", "closed_schedules", "holiday_schedules"}
    | {Rung.ladder.field.name}
)
RUNGS: Final = "rungs"


class DraftError(Exception):
    """A draft that cannot be tried: says where it is wrong and what to write."""


def draft(*, policy: str = "", calendar: Path | None = None, ladder: str = "") -> Draft:
    """Read a draft: a policy and a ladder, each by its file or name, opening hours by their file.

    What a file leaves out stays as it is in force, where a row of its name is. Opening hours and a
    ladder that are not in force yet, and a ladder's name, go with the policy.
    """
    hours = _calendar(calendar) if calendar else None
    tried = _policy(policy, hours) if policy else None
    if hours and not hours.pk and not tried:
        raise DraftError(
            f"{calendar}: nobody keeps opening hours named {hours.name!r} yet: say with --policy "
            "who is to keep them"
        )
    climbed, rungs = _ladder(ladder)
    if climbed and not tried and not (rungs is not None and climbed.pk):
        raise DraftError(f"--ladder {ladder}: say with --policy who is to use it")
    if tried:
        _complete(tried, policy, hours, climbed)
    if rungs is None:
        return Draft(policy=tried, calendar=hours)
    return Draft(policy=tried, calendar=hours, ladder=climbed, rungs=rungs)


def _calendar(path: Path) -> Calendar:
    row = _described(Calendar, path, _read(path))
    _checked(row, str(path), leave_out=set())
    return row


def _ladder(named: str) -> tuple[Ladder | None, tuple[Rung, ...] | None]:
    """Return a ladder and, where a file draws it anew, its rungs."""
    if not named:
        return None, None
    if not named.endswith(JSON):
        return _by_name(Ladder, named, "--ladder"), None
    path = Path(named)
    written = _read(path)
    lines = written.pop(RUNGS, None)
    row = _described(Ladder, path, written)
    _checked(row, named, leave_out=set())
    row.pk = row.pk or NEW  # as a policy that is not saved yet
    if lines is None:
        return row, tuple(row.rungs.order_by("position", "pk"))
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise DraftError(f'{path}: {RUNGS}: write a list, such as [{{"offset_s": 1800}}]')
    rungs = (_rung(line, f"{path}: {RUNGS}: no. {n}") for n, line in enumerate(lines, start=1))
    return row, tuple(rungs)


def _rung(written: dict[str, Any], place: str) -> Rung:
    rung = Rung()
    _fill(rung, written, place)
    _checked(rung, place, leave_out={Rung.ladder.field.name})
    return rung


def _policy(named: str, hours: Calendar | None) -> Policy:
    """Return a policy of a file, or the one of that name as if it were switched on."""
    if named.endswith(JSON):
        path = Path(named)
        return _described(Policy, path, _read(path), calendar=hours)
    found = Policy.objects.filter(name=named).select_related("calendar").first()
    if found is None:
        raise DraftError(f"--policy: {_unknown(Policy, named)}, and a file's name ends in {JSON}")
    found.active = True
    return found


def _complete(policy: Policy, place: str, hours: Calendar | None, ladder: Ladder | None) -> None:
    """Give a policy its new hours and ladder, and refuse one that cannot hold."""
    leave_out = set()
    if ladder:
        policy.ladder = ladder
        leave_out = {"ladder"}
    if hours and not hours.pk:
        policy.calendar = hours
        leave_out |= {"calendar"}  # it is not there to be looked up
    _checked(policy, place, leave_out=leave_out)


def _described(model: type[M], path: Path, written: Mapping[str, Any], **given: Any) -> M:
    """Return the row that a file describes, by its name; not saved. given may be left out there."""
    name = written.get("name")
    if not isinstance(name, str) or not name:
        raise DraftError(f'{path}: name: write one, such as {{"name": "Premium e-mail", ...}}')
    row = model._default_manager.filter(name=name).first() or model()
    _fill(row, written, str(path), **given)
    return row


def _fill(row: Model, written: Mapping[str, Any], place: str, **given: Any) -> None:
    """Set fields as written, other rows by their names, less those that are given."""
    fields = {f.name: f for f in row._meta.concrete_fields if f.name not in _NOT_WRITTEN}
    for key, value in written.items():
        if key not in fields:
            raise DraftError(f"{place}: {key}: unknown; write one of {', '.join(sorted(fields))}")
        field = fields[key]
        if isinstance(field, ForeignKey) and value is not None:
            if not given.get(key) or given[key].name != value:  # hours that come along win
                setattr(row, key, _by_name(field.related_model, value, f"{place}: {key}"))
        else:
            setattr(row, key, value)


def _read(path: Path) -> dict[str, Any]:
    try:
        written = json.loads(path.read_bytes())
    except OSError as error:
        raise DraftError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DraftError(f"{path}: is no JSON: {error}") from error
    if not isinstance(written, dict):
        raise DraftError(f'{path}: holds no draft: write {{"name": ..., ...}}')
    return written


def _by_name(model: type[M], name: Any, place: str) -> M:
    found = model._default_manager.filter(name=name).first()
    if found is None:
        raise DraftError(f"{place}: {_unknown(model, name)}")
    return found


def _unknown(model: type[Model], name: Any) -> str:
    known = model._default_manager.order_by("name").values_list("name", flat=True)[:20]
    there = ", ".join(f"{one!r}" for one in known) or "none at all"
    return f"there is no {model._meta.verbose_name} named {name!r}, but {there}"


def _checked(row: Model, place: str, *, leave_out: set[str]) -> None:
    try:
        row.clean_fields(exclude=leave_out)  # what is no number is not to be compared with one
        row.full_clean(exclude=leave_out)
    except ValidationError as error:
        said = "; ".join(
            f"{field}: {' '.join(texts)}".removeprefix("__all__: ")
            for field, texts in error.message_dict.items()
        )
        raise DraftError(f"{place}: {said}") from error
