"""E-mails that are put on hold and taken up again, and what Salesforce must show of each hold."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from conversations import services
from integrations.models import Destination, SalesforceHold
from integrations.outbox import announce, secrets
from tests.documents import START, conversation, participant, segment, session
from tests.heard import snapshot
from tests.receiving import CASE_FIELD, KEY, SECRET, Receiving

QUEUE: Final = "mail"
TOPICS: Final = ("hold.started", "hold.ended")
HELD_MINUTES: Final = 10
# So many are on hold at a time, and so many are read together.
AT_A_TIME, TOGETHER = 10, 5


def salesforce(receivers: Receiving) -> Destination:
    """Make the destination that is told of these holds: figures stand as soon as they are read."""
    made = Destination(
        name="Salesforce",
        kind="salesforce",
        mode=Destination.Mode.LIVE,
        topics=list(TOPICS),
        queue_ids=[QUEUE],
        config={
            "login_url": receivers.url,
            "flow": "client_credentials",
            "client_id": KEY,
            "conversation_field": CASE_FIELD,
            "final_after_s": 0,
        },
        created_at=timezone.now(),
    )
    secrets.put(made, {"client_secret": SECRET})
    made.save()
    announce.listen(made)
    return made


class Holds:
    """Readings of e-mails, each on hold once for HELD_MINUTES; every agent has one."""

    def __init__(self, receivers: Receiving, many: int) -> None:
        self._names = [f"e{number}" for number in range(many)]
        self._receivers = receivers
        self._cases = receivers.cases(self._names)
        self._since: dict[str, float] = {}
        self._ended = 0

    def go_on(self, share: float) -> None:
        """Read what has come to pass when such a share of it all has."""
        begun = round(share * len(self._names))
        ended = begun if share >= 1 else max(0, begun - AT_A_TIME)
        for some in _portions(self._names[len(self._since) : begun]):
            self._since |= dict.fromkeys(some, minute_of(timezone.now()) - HELD_MINUTES)
            self._read([email(name, self._since[name], None) for name in some])
        for some in _portions(self._names[self._ended : ended]):
            since = {name: self._since[name] for name in some}
            self._read([email(name, at, at + HELD_MINUTES) for name, at in since.items()])
            self._ended += len(some)

    def assert_told_once(self) -> None:
        """One record a hold with its last figures, and one task on the timeline of its case."""
        held_s = HELD_MINUTES * 60
        records = [
            (row["Case__c"], row["State__c"], row["Duration_Seconds__c"])
            for row in self._receivers.rows("DCM_Hold__c")
        ]
        tasks = [
            (row["WhatId"], row["CallDurationInSeconds"]) for row in self._receivers.rows("Task")
        ]
        cases = sorted(self._cases.values())
        assert sorted(records) == [(case, "final", held_s) for case in cases]
        assert sorted(tasks) == [(case, held_s) for case in cases]

    def left(self) -> int:
        """Return how many holds are not final."""
        return len(self._names) - SalesforceHold.objects.filter(state="final").count()

    def _read(self, documents: Sequence[dict[str, Any]]) -> None:
        now = timezone.now()
        services.record(snapshots=[snapshot(one, now) for one in documents], now=now)


def email(name: str, since: float, until: float | None) -> dict[str, Any]:
    """Return an e-mail whose agent put it on hold in a minute, and took it up again in another."""
    first = segment("interact", since - HELD_MINUTES, since, queueId=QUEUE)
    held = segment("hold", since, until, queueId=QUEUE)
    again = [] if until is None else [segment("interact", until, queueId=QUEUE)]
    return _answered(name, first, held, *again)


def open_email(name: str, *, began: float) -> dict[str, Any]:
    """Return an e-mail that its agent has in hand."""
    return _answered(name, segment("interact", began, queueId=QUEUE))


def _answered(name: str, *work: dict[str, Any]) -> dict[str, Any]:
    began = work[0]["segmentStart"]
    customer = session(f"{name}-c", {"segmentType": "interact", "segmentStart": began})
    return conversation(
        name,
        participant(f"{name}-pc", "customer", customer),
        participant(f"{name}-pa", "agent", session(f"{name}-a", *work), userId=f"u-{name}"),
    ) | {"conversationStart": began}


def _portions(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start : start + TOGETHER] for start in range(0, len(names), TOGETHER)]


def minute_of(now: datetime) -> int:
    """Return the minute that has begun, counted from the tests' day."""
    return (now - START) // timedelta(minutes=1)
