"""How each road does by our own rows: last event, last success, what waits, what lives."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from integrations.doctor.findings import AGAIN, Finding, ago, fail, ok, warn
from integrations.health import Backlog, Health, Road, Sender, State
from integrations.health import health as read_health
from integrations.models import Source

# Which kinds of sources and which of our roads each --road is.
KINDS: Final = {
    "triggers": frozenset({Source.Kind.GENESYS.label}),
    "eventbridge": frozenset({Source.Kind.EVENTBRIDGE.label, Source.Kind.SQS.label}),
    "notifications": frozenset({Source.Kind.NOTIFICATIONS.label}),
}
PROCESSES: Final = {"eventbridge.sqs": "eventbridge", "genesys.notifications": "notifications"}
TO_GENESYS: Final = "genesys."
NAMES: Final = ("polling", *KINDS)


def roads(now: datetime, wanted: frozenset[str], *, let_in: bool) -> Iterator[Finding]:
    """Look at the roads that are wanted.

    While Genesys does not let us in, every road to it fails for that: it is not told again.
    """
    told = read_health(now=now)
    yield from _polling(told, now, wanted, let_in=let_in)
    yield from _senders(told, now, wanted)
    if "notifications" in wanted:
        yield from _channels(told, now)
    for backlog in told.backlogs:
        yield _backlog(backlog, now)
    yield _life(told, now)


def _polling(
    told: Health, now: datetime, wanted: frozenset[str], *, let_in: bool
) -> Iterator[Finding]:
    if "polling" in wanted and not told.roads:
        fix = "start the worker of the queue genesys and beat (make run starts both)"
        yield warn("road", "nothing has been polled yet", fix)
    for road in told.roads:
        if PROCESSES.get(road.road, "polling") in wanted:
            yield _road(road, now, shut=not let_in and road.road.startswith(TO_GENESYS))


def _road(road: Road, now: datetime, *, shut: bool) -> Finding:
    told = f"{road.road}: last success {ago(road.succeeded_at, now)}"
    match road.state:
        case State.FAILING:
            told = f"{told}, failing since {ago(road.failing_since, now)}"
            if shut:
                return warn("road", told, AGAIN)
            return fail("road", told, road.detail or "see the log")
        case State.LATE:
            return warn("road", f"{told}, late", "look whether its process runs, and at its log")
        case State.NEVER if road.every and not road.running:
            return warn("road", told, "it comes with its first run; run manage.py genesys_poll")
    return ok("road", told)


def _senders(told: Health, now: datetime, wanted: frozenset[str]) -> Iterator[Finding]:
    for name, kinds in KINDS.items():
        if name not in wanted:
            continue
        mine = [each for each in told.senders if each.kind in kinds]
        if not mine:
            yield ok("source", f"{name}: no source, this road is not used")
        for sender in mine:
            yield _sender(sender, now)


def _sender(sender: Sender, now: datetime) -> Finding:
    saw = f'"{sender.name}" ({sender.kind}): last event {ago(sender.last_received_at, now)}'
    if sender.quarantined:
        fix = "see why in the admin, Inbox items; after a fix choose the action Replay"
        return warn("source", f"{saw}, {sender.quarantined} quarantined", fix)
    if not sender.active:
        return ok("source", f"{saw}; it is switched off")
    if sender.last_received_at is None:
        fix = "let one event happen; in Genesys look at the workflow's executions"
        return warn("source", saw, fix)
    return ok("source", saw)


def _channels(told: Health, now: datetime) -> Iterator[Finding]:
    for channel in told.channels:
        saw = f"of {channel.listener}: {channel.topics} topics, last event"
        saw = f"{saw} {ago(channel.event_at, now)}, last frame {ago(channel.heard_at, now)}"
        if channel.state == State.FAILING:
            yield warn("channel", saw, "look whether manage.py listen_notifications runs")
        else:
            yield ok("channel", saw)
    for name, reason in told.topics.rejected:
        yield warn("channel", f"{name} is rejected: {reason}", "give the role what it says")


def _backlog(backlog: Backlog, now: datetime) -> Finding:
    oldest = f", the oldest {ago(backlog.oldest, now)}" if backlog.oldest else ""
    saw = f"{backlog.name}: {backlog.waiting} waiting{oldest}, {backlog.set_aside} set aside"
    fix = "look whether the workers of the queues default and derive run, and at their log"
    if backlog.state == State.FAILING:
        return fail("backlog", saw, fix)
    if backlog.state == State.LATE:
        return warn("backlog", saw, fix)
    if backlog.set_aside:
        return warn("backlog", saw, "see why in the admin; after a fix choose the action Replay")
    return ok("backlog", saw)


def _life(told: Health, now: datetime) -> Finding:
    """Tell by what the schedule's tasks left behind whether beat and workers live."""
    ran = [sweep.ran_at for sweep in told.sweeps if sweep.ran_at]
    late = sorted(sweep.task for sweep in told.sweeps if sweep.state == State.LATE)
    failing = sorted(f"{sweep.task} ({sweep.error})" for sweep in told.sweeps if sweep.error)
    fix = "start worker and beat (make run starts both), or see why they ended"
    if not ran:
        return fail("workers", "no task has run yet", fix)
    newest = f"last task {ago(max(ran), now)}"
    if late:
        return fail("workers", f"{newest}; late: {', '.join(late)}", fix)
    if failing:
        seen = f"{newest}; failing: {', '.join(failing)}"
        return fail("workers", seen, "read in the workers' log what is wrong")
    return ok("workers", f"{newest}: beat and workers live")
