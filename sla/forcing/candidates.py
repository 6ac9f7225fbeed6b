"""Which agents' sessions are to be ended: found by a scan of the mirror, written down as rows."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef

from conversations.models import Conversation, Session
from sla.domain import enforcement as rules
from sla.domain.enforcement import Held, Rule
from sla.forcing.standing import held_of, rule_of
from sla.models import Clock, Enforcement, ForcedEnd

BATCH: Final = 200
# What was not to be done is looked at anew after this long, where it is still due by the mirror.
AGAIN_AFTER: Final = timedelta(hours=1)
# What a round that is planned once more takes over from the enforcement as it is now.
_TERMS: Final = ("enforcement_id", "policy", "action", "after_s", "due_at", "planned_at", "look_at")


def plan(*, now: datetime) -> int:
    """Plan the end of what policies end by now; return how many rounds were planned.

    Safe to run twice, and by several workers at once. A dry run plans, too: in rows of its own.
    """
    switched_on = Enforcement.objects.exclude(mode=Enforcement.Mode.OFF).filter(policy__active=True)
    count = 0
    for one in switched_on.select_related("policy__calendar").order_by("pk"):
        if rule := rule_of(one):
            count += sum(_plan(one, rule, found, now) for found in _due(one, rule, now))
            Enforcement.objects.filter(pk=one.pk, mode=one.mode).update(seen_at=now)
    return count


def due_now(one: Enforcement, *, now: datetime) -> int:
    """Return how many sessions an enforcement would end at once, were it live."""
    rule = rule_of(one)
    return sum(map(len, _due(one, rule, now))) if rule else 0


def _due(one: Enforcement, rule: Rule, now: datetime) -> Iterator[list[tuple[Session, Held]]]:
    for sessions in _candidates(one, now):
        held = held_of(sessions)
        yield [(s, held[s.pk]) for s in sessions if not rules.objection(held[s.pk], rule, now)]


def _candidates(one: Enforcement, now: datetime) -> Iterator[list[Session]]:
    """Yield sessions that may be too old, of open conversations to which the policy applies.

    By conversation: of those there is an index of the open ones, and of sessions there is none.
    """
    pks = _open_conversations(one, now) if one.queue_ids else []
    for start in range(0, len(pks), BATCH):
        sessions = Session.objects.filter(
            conversation_id__in=pks[start : start + BATCH],
            purpose="agent",
            media_type__in=rules.MEDIA,
            ended_at=None,
            started_at__lte=now - timedelta(seconds=one.after_s),
        )
        yield list(sessions.select_related("conversation", "participant").order_by("pk"))


def _open_conversations(one: Enforcement, now: datetime) -> list[int]:
    applies = Clock.objects.filter(conversation_id=OuterRef("pk"), policy_id=one.policy_id)
    old = Conversation.objects.filter(
        Exists(applies), ended_at=None, started_at__lte=now - timedelta(seconds=one.after_s)
    )
    return list(old.order_by("started_at", "pk").values_list("pk", flat=True))


def _plan(one: Enforcement, rule: Rule, due: Sequence[tuple[Session, Held]], now: datetime) -> int:
    rows = [_row(one, rule, session, held, now) for session, held in due]
    known = _known(rows)
    fresh = [row for row in rows if _round(row) not in known]
    ForcedEnd.objects.bulk_create(fresh, ignore_conflicts=True)
    again = [(known[_round(row)], row) for row in rows if _round(row) in known]
    return len(fresh) + sum(_planned_again(old, row, now) for old, row in again)


def _row(one: Enforcement, rule: Rule, session: Session, held: Held, now: datetime) -> ForcedEnd:
    since = held.untouched_since
    return ForcedEnd(
        enforcement=one,
        policy=one.policy.name,
        action=one.action,
        dry_run=one.mode == Enforcement.Mode.DRY_RUN,
        after_s=one.after_s,
        conversation_id=session.conversation_id,
        session_id=session.genesys_id,
        participant_id=session.participant.genesys_id,
        user_id=session.user_id,
        queue_id=held.queue_id,
        media_type=session.media_type,
        round_at=since,
        due_at=rules.due_at(since, rule) or now,
        planned_at=now,
        look_at=now,
    )


def _round(row: ForcedEnd) -> tuple[int, str, datetime, bool]:
    return row.conversation_id, row.session_id, row.round_at, row.dry_run


def _known(rows: Iterable[ForcedEnd]) -> dict[tuple[int, str, datetime, bool], ForcedEnd]:
    found = ForcedEnd.objects.filter(conversation_id__in=[row.conversation_id for row in rows])
    return {_round(row): row for row in found}


def _planned_again(old: ForcedEnd, row: ForcedEnd, now: datetime) -> int:
    """Plan a round anew for which Genesys was never asked: what stood in its way may be gone."""
    if old.settled_at is None or old.settled_at > now - AGAIN_AFTER:
        return 0
    mine = ForcedEnd.objects.filter(
        pk=old.pk, fence=old.fence, state=ForcedEnd.State.REFUSED, tries=0
    )
    terms = {name: getattr(row, name) for name in _TERMS}
    return mine.update(**terms, state=ForcedEnd.State.PLANNED, reason="", settled_at=None)
