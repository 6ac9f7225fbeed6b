"""The steps of one forced end: a row that is claimed, and changed by compare-and-set.

Whoever acts is elsewhere. It reads, asks here whether it is still so, and writes down here that it
is about to act before it does. What it does not hold any more it cannot change.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q

from chrono.instants import isoformat, to_ms
from conversations import telling
from conversations.domain.events import About, CommonEvent, Name
from conversations.models import Conversation, Session
from sla import alerts
from sla.domain import enforcement as rules
from sla.domain.words import said
from sla.forcing.standing import held_of, rule_of
from sla.models import Clock, Enforcement, ForcedEnd

State = ForcedEnd.State
OPEN: Final = (State.PLANNED, State.CHECKED, State.ACCEPTED, State.IN_DOUBT)
# Longer than the request and what follows it: begin() takes it anew, and fails whoever lost it.
LEASE: Final = timedelta(minutes=5)
HOUR: Final = timedelta(hours=1)
# After an act whose effect is not seen: when to look again, counted from the act.
LOOKS: Final = (timedelta(seconds=5), timedelta(seconds=60), timedelta(seconds=120))
MOST_TRIES: Final = 3
LONGEST_REASON: Final = 500
TOO_OLD: Final = f"the reading is older than {said(rules.FRESH_FOR)}"
CHANGED: Final = "force disconnect was changed or switched off in the meantime"
UNREADABLE: Final = "the opening hours of its policy cannot be read"
_DID: Final = {
    Enforcement.Action.DISCONNECT: "The agent was disconnected",
    Enforcement.Action.REQUEUE: "It was taken from the agent and put back into its queue",
}
_WOULD: Final = {
    Enforcement.Action.DISCONNECT: "The agent would have been disconnected",
    Enforcement.Action.REQUEUE: (
        "It would have been taken from the agent and put back into its queue"
    ),
}


def claim(*, now: datetime) -> ForcedEnd | None:
    """Take the row that is due longest, until its lease ends or it is written; None: none is."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    due = ForcedEnd.objects.filter(free, state__in=OPEN, look_at__lte=now)
    for pk, fence in due.order_by("look_at", "pk").values_list("pk", "fence"):
        mine = ForcedEnd.objects.filter(free, pk=pk, fence=fence, state__in=OPEN)
        if mine.update(fence=F("fence") + 1, leased_until=now + LEASE):
            rows = ForcedEnd.objects.select_related("conversation", "enforcement__policy__calendar")
            return rows.get(pk=pk)
    return None


def objection(row: ForcedEnd, *, read_at: datetime, now: datetime) -> str:
    """Return why a planned end must not be, by what the mirror has since it was read; "": go on.

    read_at is when the reading was asked for that the mirror shows.
    """
    one = row.enforcement
    if why := _unwanted(row, one):
        return why
    if now - read_at > rules.FRESH_FOR:
        return TOO_OLD
    assert one is not None
    return _touched(row, one, now)


def _touched(row: ForcedEnd, one: Enforcement, now: datetime) -> str:
    found = Session.objects.select_related("conversation", "participant").filter(
        conversation_id=row.conversation_id, genesys_id=row.session_id
    )
    rule, held = rule_of(one), next(iter(held_of(list(found)).values()), None)
    if rule is None or held is None:
        return UNREADABLE if rule is None else "Genesys does not show this session any more"
    if held.untouched_since != row.round_at:
        return "it was touched in the meantime"
    return rules.objection(held, rule, now)


def _unwanted(row: ForcedEnd, one: Enforcement | None) -> str:
    """Return why an enforcement, as it stands now, does not ask for this end."""
    if one is None or not one.policy.active:
        return "its policy is gone or switched off"
    if _changed(row, one):
        return CHANGED
    clocks = Clock.objects.filter(conversation_id=row.conversation_id, policy_id=one.policy_id)
    return "" if clocks.exists() else "another policy applies by now"


def _changed(row: ForcedEnd, one: Enforcement | None) -> bool:
    wanted = Enforcement.Mode.DRY_RUN if row.dry_run else Enforcement.Mode.LIVE
    return one is None or (one.mode, one.action, one.after_s, row.queue_id in one.queue_ids) != (
        *(wanted, row.action, row.after_s),
        True,
    )


def full_until(row: ForcedEnd, *, now: datetime) -> datetime | None:
    """Return when the cap lets one more be ended; None: now. Of a dry run nothing is counted."""
    one = row.enforcement
    return None if one is None or row.dry_run else _full_until(row, one, now)


def _full_until(row: ForcedEnd, one: Enforcement, now: datetime) -> datetime | None:
    others = ForcedEnd.objects.filter(acted_at__gt=now - HOUR, dry_run=False).exclude(pk=row.pk)
    acted = others.order_by("-acted_at").values_list("acted_at", flat=True)
    latest = list(acted[: one.per_hour])
    oldest = latest[-1] if len(latest) >= one.per_hour else None
    return oldest + HOUR if oldest else None


@transaction.atomic
def begin(row: ForcedEnd, *, before: Mapping[str, Any], read_at: datetime, now: datetime) -> bool:
    """Write down that Genesys is about to be asked; False: do not ask.

    The cap of the last hour is counted while everybody else who would act waits for our lock.
    """
    locked = {one.pk: one for one in Enforcement.objects.select_for_update().order_by("pk")}
    one = locked.get(row.enforcement_id or 0)
    if row.dry_run or _changed(row, one) or one is None:
        settle(row, State.REFUSED, CHANGED, now=now)
        return False
    if now - read_at > rules.FRESH_FOR:
        put_off(row, TOO_OLD, until=now)
        return False
    if until := _full_until(row, one, now):
        put_off(row, held_back(one), until=until)
        return False
    return _write(
        row,
        state=State.CHECKED,
        before=dict(before),
        checked_at=read_at,
        acted_at=now,
        tries=F("tries") + 1,
        reason="Genesys is being asked",
        look_at=now,
        leased_until=now + LEASE,
    )


def held_back(one: Enforcement | None) -> str:
    """Say why an end waits although all else is right."""
    return f"held back: {one.per_hour if one else 0} within an hour are the most"


def sent(row: ForcedEnd, state: ForcedEnd.State, reason: str, *, now: datetime) -> bool:
    """Write down what became of the request: accepted, or in doubt. We go on holding the row."""
    return _write(row, state=state, reason=reason, look_at=now + LOOKS[0])


def not_sent(row: ForcedEnd, reason: str, *, until: datetime) -> bool:
    """Write down that Genesys did nothing, for a reason that says nothing of this conversation."""
    return put_off(row, reason, until=until, acted_at=None, tries=F("tries") - 1)


def put_off(row: ForcedEnd, reason: str, *, until: datetime, **more: Any) -> bool:
    """Check it all anew at an instant."""
    plan = {"state": State.PLANNED, "look_at": until, "leased_until": None}
    return _write(row, reason=reason, **plan, **more)


def seen(row: ForcedEnd, *, after: Mapping[str, Any]) -> bool:
    """Note a reading after an act that shows no end of the session."""
    return _write(row, after=dict(after))


def still_there(row: ForcedEnd, *, now: datetime) -> bool:
    """Go on where the session is as it was after an act: look again later, or try again."""
    since = now - (row.acted_at or now)
    later = next((look for look in LOOKS if look > since), None)
    if later is not None:
        return _write(row, look_at=now + later - since, leased_until=None)
    if row.tries < MOST_TRIES:
        reason = f"nothing came of try {row.tries}: it is checked once more, and tried again"
        return put_off(row, reason, until=now)
    reason = f"asked {row.tries} times, and the session is still open: see to it in Genesys"
    return settle(row, State.FAILED, reason, now=now)


def unseen(row: ForcedEnd, reason: str, *, until: datetime) -> bool:
    """Leave a row as it is where the participant could not be read after an act."""
    return _write(row, reason=reason, look_at=until, leased_until=None)


def settle(
    row: ForcedEnd, state: ForcedEnd.State, reason: str, *, now: datetime, **more: Any
) -> bool:
    """End a row without an end of the session: refused, would have been, failed."""
    return _write(row, state=state, reason=reason, settled_at=now, leased_until=None, **more)


@transaction.atomic
def done(row: ForcedEnd, *, after: Mapping[str, Any], at: datetime, now: datetime) -> bool:
    """Write down that the session is seen to be over, and tell whoever is to hear of it.

    at is when it ended, as Genesys tells it. False: somebody else has written the row since.
    """
    held = Conversation.objects.select_for_update(no_key=True).get(pk=row.conversation_id)
    seen = {"after": dict(after), "settled_at": now, "leased_until": None}
    if not _write(row, state=State.DONE, reason=note_of(row), **seen):
        return False
    subject = f"{row.session_id[:80]}@{to_ms(row.round_at)}"
    event = CommonEvent(Name.CONVERSATION_FORCED, held.genesys_id, subject, at, _about(row))
    telling.write(list(telling.rows_of(held.pk, [event], now)))
    pks = held.alerts.values_list("pk", flat=True)
    standing = alerts.held(list(pks), *alerts.STANDING)
    alerts.put_down(standing, alerts.Action.FORCED, alerts.Deed("", now, note_of(row)), {})
    return True


def note_of(row: ForcedEnd) -> str:
    """Say what was done, or would have been in a dry run, in a sentence."""
    after = said(timedelta(seconds=row.after_s))
    did = (_WOULD if row.dry_run else _DID)[Enforcement.Action(row.action)]
    return f"{did}: untouched for {after}, policy “{row.policy}”."


def _about(row: ForcedEnd) -> About:
    told = {
        "action": row.action,
        "mode": Enforcement.Mode.LIVE.value,
        "afterS": str(row.after_s),
        "untouchedSince": isoformat(row.round_at),
        "policyId": str(row.enforcement.policy_id) if row.enforcement else "",
        "policy": row.policy,
        "participantId": row.participant_id,
        "sessionId": row.session_id,
        "userId": row.user_id,
        "mediaType": row.media_type,
        "queueId": row.queue_id,
    }
    return tuple((name, value) for name, value in told.items() if value)


def _write(row: ForcedEnd, **values: Any) -> bool:
    """Change a row that is still ours, and our copy of it."""
    values["reason"] = str(values.get("reason", row.reason))[:LONGEST_REASON]
    mine = ForcedEnd.objects.filter(pk=row.pk, fence=row.fence, state__in=OPEN)
    if not mine.update(**values):
        return False
    row.refresh_from_db(fields=list(values))
    return True
