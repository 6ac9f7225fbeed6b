"""What Prometheus reads of how everything does, made anew from rows for each scrape.

Several processes answer, so none of them counts anything. Ages are told, not instants: then it does
not matter by which clock a monitor goes. What has never been has no sample; what nobody waits for
has the age 0. Labels name roads, tasks and what administrators have named, never a person or a
conversation.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric

from integrations import deadman
from integrations.health import Backlog, Destination, Health, State

Samples = Iterable[tuple[str, float | None]]


class Metrics:
    """A collector of prometheus_client: how everything did at one instant."""

    def __init__(self, seen: Health) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        seen = self._seen
        yield _labelled(
            "dcm_status",
            "1 for the worst state of roads, backlogs, tasks, destinations and extension code.",
            "state",
            [(state, float(state is seen.state)) for state in State],
        )
        yield from _roads(seen)
        yield from _backlogs(seen)
        yield from _destinations(seen)
        yield from _tasks(seen)
        yield GaugeMetricFamily(
            "dcm_extension_handlers_failing",
            "Handlers of extension code that have failed since an administrator saw to them.",
            value=len(seen.handlers),
        )


def _roads(seen: Health) -> Iterator[Metric]:
    roads = seen.roads
    yield _states("dcm_road_state", "road", {one.road: one.state for one in roads})
    yield _labelled(
        "dcm_road_success_age_seconds",
        "Time since a road last succeeded.",
        "road",
        [(one.road, _age(one.succeeded_at, seen.at)) for one in roads],
    )
    yield _labelled(
        "dcm_road_failing_seconds",
        "For how long a road has been failing; 0: it is not.",
        "road",
        [(one.road, _age(one.failing_since, seen.at) or 0) for one in roads],
    )
    missing = [gap.road for gap in seen.gaps if gap.filled_at is None]
    yield _labelled(
        "dcm_road_gaps_open",
        "Times of which a road lacks something; its next success fills them.",
        "road",
        [(road, missing.count(road)) for road in sorted({*missing, *(one.road for one in roads)})],
    )


def _backlogs(seen: Health) -> Iterator[Metric]:
    backlogs = seen.backlogs
    yield _states("dcm_backlog_state", "backlog", {one.name: one.state for one in backlogs})
    yield _labelled(
        "dcm_backlog_waiting",
        "Rows that wait: timers that are overdue, escalations that are not sent, ...",
        "backlog",
        [(one.name, one.waiting) for one in backlogs],
    )
    yield _oldest("backlog", {one.name: one for one in backlogs}, seen.at)
    yield _labelled(
        "dcm_backlog_set_aside",
        "Rows that wait for an administrator: quarantined, given up, failed too often.",
        "backlog",
        [(one.name, one.set_aside) for one in backlogs],
    )


def _destinations(seen: Health) -> Iterator[Metric]:
    told = seen.destinations
    yield _states("dcm_destination_state", "destination", {one.name: one.state for one in told})
    yield _labelled(
        "dcm_destination_waiting",
        "Deliveries that wait for a destination.",
        "destination",
        [(one.name, one.waiting) for one in told],
    )
    yield _oldest("destination", {one.name: one for one in told}, seen.at)
    yield _labelled(
        "dcm_destination_set_aside",
        "Deliveries that were given up.",
        "destination",
        [(one.name, one.given_up) for one in told],
    )
    yield _labelled(
        "dcm_destination_success_age_seconds",
        "Time since something last got through to a destination.",
        "destination",
        [(one.name, _age(one.delivered_at, seen.at)) for one in told],
    )


def _tasks(seen: Health) -> Iterator[Metric]:
    ran = {one.task: _age(one.ran_at, seen.at) for one in seen.sweeps}
    yield _states("dcm_task_state", "task", {one.task: one.state for one in seen.sweeps})
    yield _labelled(
        "dcm_task_run_age_seconds",
        "Time since a task of the schedule last ran, however it ended.",
        "task",
        ran.items(),
    )
    yield GaugeMetricFamily(
        "dcm_timer_scan_age_seconds",
        "Time since it was last looked which SLA timers are due.",
        value=ran.get(deadman.SCAN),
    )


def _states(name: str, label: str, states: Mapping[str, State]) -> Metric:
    """Return a family that has 1 for the state that each is in, and 0 for every other."""
    text = f"1 for the state that a {label} is in."
    family = GaugeMetricFamily(name, text, labels=(label, "state"))
    for one, is_in in states.items():
        for state in State:
            family.add_metric((one, state), float(state is is_in))
    return family


def _oldest(label: str, rows: Mapping[str, Backlog | Destination], now: datetime) -> Metric:
    return _labelled(
        f"dcm_{label}_oldest_age_seconds",
        f"Age of the oldest that waits in a {label}'s queue; 0: nothing waits.",
        label,
        [(name, _age(row.oldest, now) or 0) for name, row in rows.items()],
    )


def _labelled(name: str, text: str, label: str, samples: Samples) -> Metric:
    """Return a family with one label; what is None has no sample."""
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, told in samples:
        if told is not None:
            family.add_metric((value,), told)
    return family


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(now - at, timedelta()).total_seconds()
