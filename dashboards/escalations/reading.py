"""What the escalations page reads: alerts and all that hangs on them, in a few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Final, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import Min, Q

from dashboards.clocks import Standing, of_conversations
from integrations.models import Destination
from integrations.outbox.alerts import Telling, tellings
from sla.alerts import STANDING, Action, name_of
from sla.models import Alert, AlertEntry, Notice, Timer

WEEK: Final = timedelta(days=7)
MOST_CLOSED: Final = 200
# So an audience names a user of ours, and an agent of Genesys.
USER: Final = "user:"
AGENT: Final = "agent:"
COMING: Final = (Timer.State.WAITING, Timer.State.CHECKING, Timer.State.HELD)
Round = tuple[int, str, datetime]  # conversation, clock, start of the wait


class Step(NamedTuple):
    """What is told next of a wait: when, to whom and by which way."""

    due_at: datetime
    rung: str
    audience: str
    destination_id: int | None
    held: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Around:
    """What hangs on alerts: their clocks, notices, deliveries and next steps."""

    clocks: Mapping[tuple[int, str], Standing] = field(default_factory=dict)
    notices: Mapping[int, Sequence[Notice]] = field(default_factory=dict)
    tellings: Mapping[tuple[str, str, str], Sequence[Telling]] = field(default_factory=dict)
    steps: Mapping[Round, Step] = field(default_factory=dict)
    destinations: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)

    def told(self, alert: Alert, notice: Notice) -> Sequence[Telling]:
        """Return the deliveries of a notice."""
        of = alert.conversation.genesys_id
        return self.tellings.get((of, topic_of(notice.timer.rung), notice.subject), ())

    @property
    def agents(self) -> set[str]:
        """Return the Genesys ids of the agents who were told."""
        told = (str(w) for each in self.notices.values() for one in each for w in one.audience)
        return {whom.removeprefix(AGENT) for whom in told if whom.startswith(AGENT)}

    def failures(self, alert: Alert) -> list[Telling]:
        """Return the deliveries of an alert that have not got through, and should have."""
        notices = self.notices.get(alert.pk, ())
        return [t for notice in notices for t in self.told(alert, notice) if t.failing]

    def fails(self, alert: Alert) -> bool:
        """Tell whether somebody who should know of an alert was not reached."""
        return bool(alert.flagged or self.failures(alert))


def standing() -> list[Alert]:
    """Read the alerts that are not closed."""
    return _read(Alert.objects.filter(state__in=STANDING).order_by("opened_at", "pk"))


def closed(*, now: datetime) -> list[Alert]:
    """Read the alerts that were closed in the last days, the latest first."""
    found = Alert.objects.filter(state=Alert.State.CLOSED, closed_at__gt=now - WEEK)
    return _read(found.order_by("-closed_at", "-pk")[:MOST_CLOSED])


def one(pk: int) -> Alert | None:
    """Read an alert by its primary key."""
    return next(iter(_read(Alert.objects.filter(pk=pk))), None)


def around(alerts: Sequence[Alert]) -> Around:
    """Read what hangs on alerts: a fixed number of queries."""
    conversations = {alert.conversation_id for alert in alerts}
    notices = _notices(alerts)
    steps = _steps(conversations)
    audience = {str(whom) for each in notices.values() for one in each for whom in one.audience}
    return Around(
        clocks={(c.conversation_id, c.kind): c for c in of_conversations(conversations)},
        notices=notices,
        tellings=_tellings(alerts, notices),
        steps=steps,
        destinations=_destinations(notices, steps.values()),
        people=_people(audience),
    )


def failing(alerts: Sequence[Alert]) -> set[int]:
    """Return of which alerts somebody was not reached: four queries, none without alerts."""
    if not alerts:
        return set()
    notices = _notices(alerts)
    beside = Around(notices=notices, tellings=_tellings(alerts, notices))
    return {alert.pk for alert in alerts if beside.fails(alert)}


def seconds_to_acknowledge(*, now: datetime) -> int | None:
    """Return the median time in which alerts were acknowledged first in the last days."""
    lately = Q(alert__closed_at__gt=now - WEEK) | ~Q(alert__state=Alert.State.CLOSED)
    entries = AlertEntry.objects.filter(lately, action=Action.ACKNOWLEDGED)
    firsts = entries.values_list("alert_id", "alert__opened_at").annotate(first=Min("at"))
    took = [first - opened for _, opened, first in firsts if first > now - WEEK]
    return median(took) // timedelta(seconds=1) if took else None


def assignable() -> list[User]:
    """Read who can be given an alert: whoever may look after one."""
    may = get_user_model().objects.with_perm("sla.change_alert")
    return sorted(may, key=lambda user: (name_of(user).casefold(), user.pk))


def topic_of(rung: str) -> str:
    """Return the Common Event that a timer's firing is told as."""
    names = {"warning": "sla.warned", "breach": "sla.breached"}
    return names.get(rung.partition(":")[0], "sla.escalated")


def _read(found: Iterable[Alert]) -> list[Alert]:
    return list(found.select_related("conversation", "assigned_to"))  # type: ignore[attr-defined]


def _notices(alerts: Sequence[Alert]) -> dict[int, list[Notice]]:
    found: dict[int, list[Notice]] = defaultdict(list)
    rows = Notice.objects.filter(alert__in=[alert.pk for alert in alerts])
    for notice in rows.select_related("timer").order_by("at", "pk"):
        found[notice.alert_id].append(notice)
    return dict(found)


def _tellings(
    alerts: Sequence[Alert], notices: Mapping[int, Sequence[Notice]]
) -> dict[tuple[str, str, str], list[Telling]]:
    told: dict[tuple[str, str, str], list[Telling]] = defaultdict(list)
    for telling in tellings({a.conversation.genesys_id for a in alerts if a.pk in notices}):
        told[telling.conversation_id, telling.topic, telling.subject].append(telling)
    return told


def _steps(conversations: Collection[int]) -> dict[Round, Step]:
    """Read the next step of each wait."""
    coming = Timer.objects.filter(conversation__in=conversations, state__in=COMING)
    found: dict[Round, Step] = {}
    for timer in coming.select_related("of_rung").order_by("due_at", "pk"):
        rung = timer.of_rung
        step = Step(
            due_at=timer.due_at,
            rung=timer.rung,
            audience=rung.get_audience_display() if rung else "",
            destination_id=rung.destination_id if rung else None,
            held=timer.state == Timer.State.HELD,
            reason=timer.reason,
        )
        found.setdefault((timer.conversation_id, timer.kind, timer.round_at), step)
    return found


def _destinations(notices: Mapping[int, Sequence[Notice]], steps: Iterable[Step]) -> dict[int, str]:
    named = {one.destination_id for each in notices.values() for one in each}
    wanted = {pk for pk in named | {step.destination_id for step in steps} if pk is not None}
    if not wanted:
        return {}
    return dict(Destination.objects.filter(pk__in=wanted).values_list("pk", "name"))


def _people(audience: Collection[str]) -> dict[str, str]:
    """Return the names of users by their keys as texts."""
    pks = [whom.removeprefix(USER) for whom in audience if whom.startswith(USER)]
    if not pks:
        return {}
    return {str(user.pk): name_of(user) for user in get_user_model().objects.filter(pk__in=pks)}
