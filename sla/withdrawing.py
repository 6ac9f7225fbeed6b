"""Taking back what was told and turns out not to have been so, from whoever was told it."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from chrono import instants
from conversations import telling as mirror
from conversations.domain.events import CommonEvent, Name
from conversations.models import Conversation
from conversations.tables import Row
from sla import raising
from sla.models import Notice, Timer
from sla.raising import wait_of
from sla.telling import Running, about_clock, addressed, known_of, name_of, running, subject_of


class TakenBack(NamedTuple):
    """A timer that had fired, and why it should not have."""

    timer: Timer
    reason: str


def take_back(back: Collection[TakenBack], *, now: datetime) -> None:
    """Tell whoever was told, and close or lower the alerts; timers are the caller's to write.

    He holds the conversations. Call it once the timers are written as they stand now.
    """
    if not back:
        return
    pks = {one.timer.conversation_id for one in back}
    conversations = Conversation.objects.in_bulk(pks)
    clocks = {(clock.conversation_id, clock.kind): clock for clock in running(pks).values()}
    notices = Notice.objects.filter(timer__in=[one.timer for one in back])
    told_by = {row.timer_id: row for row in notices}
    known = known_of(pks)
    rows: list[Row] = []
    for one in back:
        notice = told_by.get(one.timer.pk)
        if notice is None:
            continue  # told along with a later repetition
        of = conversations[one.timer.conversation_id]
        about = _about(one, notice, clocks.get((of.pk, one.timer.kind))) | {"userId": of.user_id}
        subject = subject_of(wait_of(one.timer), one.timer.rung, Name.SLA_WITHDRAWN, known)
        told = tuple((key, value) for key, value in about.items() if value)
        event = CommonEvent(Name.SLA_WITHDRAWN, of.genesys_id, subject, now, told)
        rows += mirror.rows_of(of.pk, [event], now)
    mirror.write(rows)
    raising.lower({wait_of(one.timer): one.reason for one in back}, now=now)


def _about(one: TakenBack, notice: Notice, clock: Running | None) -> dict[str, str]:
    told = {"clock": one.timer.kind, **(dict(about_clock(clock)) if clock else {})}
    return {
        **told,
        "startedAt": instants.isoformat(one.timer.round_at),
        "rung": one.timer.rung,
        "withdraws": name_of(one.timer.rung).value,
        "withdrawsSubject": notice.subject,
        "reason": one.reason,
        **dict(addressed(notice.destination_id, notice.audience)),
    }
