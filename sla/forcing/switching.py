"""Switching force disconnect: off, dry run, live; who did it, and what the dry run has shown."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from conversations.models import Queue
from sla.domain.words import said
from sla.models import Enforcement, EnforcementEntry, ForcedEnd

Mode = Enforcement.Mode
# So long the scan must have looked with these very terms before they may go live.
TRIAL: Final = timedelta(days=1)
# A scan that looked longer ago than this does not run any more.
ALIVE: Final = timedelta(minutes=30)
# What a dry run has tried: another of these is another thing.
TERMS: Final = ("policy", "action", "after_s", "unit", "queue_ids", "only_waiting", "per_hour")

_STANDS: Final = ("mode", "dry_run_since", "seen_at", "enabled_by", "enabled_at")


class NotYetError(Exception):
    """It may not go live yet; the message says what is lacking."""


@transaction.atomic
def change(*, one: Enforcement, changed: Collection[str], actor: str, now: datetime) -> None:
    """Save what an administrator has changed, by the names of the fields.

    Other terms begin the dry run anew, and take what was live back to it. Live is no mode to save:
    whoever wants it asks enable().
    """
    was = Enforcement.objects.select_for_update().filter(pk=one.pk).first()
    live = was is not None and was.mode == Mode.LIVE
    anew = was is None or bool(set(changed) & set(TERMS))
    if one.mode == Mode.LIVE and (anew or not live):
        one.mode = Mode.DRY_RUN
    if one.mode != Mode.LIVE:
        one.enabled_by = one.enabled_at = None
    if one.mode == Mode.OFF:
        one.dry_run_since = one.seen_at = None
    elif one.mode == Mode.DRY_RUN and (anew or was is None or was.mode != Mode.DRY_RUN):
        one.dry_run_since, one.seen_at = now, None
    one.save(update_fields=None if was is None else (*TERMS, *_STANDS))
    _write(one, action=one.mode if "mode" in changed or live else "changed", actor=actor, now=now)


def why_not_yet(one: Enforcement, *, now: datetime) -> str:
    """Return what is lacking before an enforcement may go live; "": nothing."""
    since = one.dry_run_since or now
    seen_at = one.seen_at or since
    minutes = (TRIAL - (seen_at - since)) // timedelta(minutes=1)
    lacking = (
        (one.mode == Mode.LIVE, "It is live already."),
        (one.mode == Mode.OFF, "It is off: let it run dry first, for a day at least."),
        (not one.queue_ids, "It names no queue, so it would end nothing: choose queues first."),
        (seen_at - since < TRIAL, f"The dry run has to be seen for a day: {minutes} min are left."),
        (now - seen_at > ALIVE, "The scan does not run: see the page Health, then wait for a run."),
    )
    return next((why for stands, why in lacking if stands), "")


def tried(one: Enforcement) -> QuerySet[ForcedEnd]:
    """Return the rows of the dry run that goes on, or went before it was live."""
    since = one.dry_run_since
    rows = one.forced_ends.filter(dry_run=True)
    return rows.filter(planned_at__gte=since) if since else rows.none()


@transaction.atomic
def enable(*, pk: int, by: AbstractBaseUser, now: datetime) -> Enforcement:
    """Have agents' sessions ended from now on. Whoever calls has asked for the password.

    Raises NotYetError.
    """
    one = Enforcement.objects.select_for_update().get(pk=pk)
    if why := why_not_yet(one, now=now):
        raise NotYetError(why)
    count = tried(one).filter(state=ForcedEnd.State.WOULD_HAVE).count()
    one.mode, one.enabled_by_id, one.enabled_at = Mode.LIVE, by.pk, now
    one.save(update_fields=["mode", "enabled_by", "enabled_at"])
    seen = f"The dry run since {one.dry_run_since:%Y-%m-%d %H:%M} UTC would have ended {count}."
    _write(one, action="enabled", actor=by.get_username(), now=now, more=seen)
    return one


@transaction.atomic
def switch_off(*, pks: Iterable[int], actor: str, now: datetime) -> int:
    """Have nothing ended any more, from the next step of any worker on; return how many changed."""
    rows = Enforcement.objects.select_for_update().filter(pk__in=list(pks)).exclude(mode=Mode.OFF)
    found = list(rows.order_by("pk"))
    for one in found:
        one.mode = Mode.OFF
        one.dry_run_since = one.seen_at = one.enabled_by = one.enabled_at = None
        one.save(update_fields=_STANDS)
        _write(one, action=Mode.OFF, actor=actor, now=now)
    return len(found)


def forget(*, one: Enforcement, actor: str, now: datetime) -> None:
    """Write down that an enforcement is being deleted."""
    _write(one, action="deleted", actor=actor, now=now)


def terms_said(one: Enforcement) -> str:
    """Say in plain words what an enforcement does."""
    known = dict(
        Queue.objects.filter(genesys_id__in=one.queue_ids).values_list("genesys_id", "name")
    )
    queues = ", ".join(known.get(each) or each for each in one.queue_ids) or "no queue"
    does = "disconnect the agent" if one.action == "disconnect" else "put it back into its queue"
    waiting = " while the customer waits" if one.only_waiting else ""
    return (
        f"After {said(timedelta(seconds=one.after_s))} ({one.get_unit_display()}) without any "
        f"touch{waiting}: {does}. Queues: {queues}. At most {one.per_hour} an hour."
    )


def _write(one: Enforcement, *, action: str, actor: str, now: datetime, more: str = "") -> None:
    EnforcementEntry.objects.create(
        enforcement=one,
        policy=one.policy.name,
        at=now,
        actor=actor,
        action=action,
        note=f"{terms_said(one)} {more}".strip(),
    )
