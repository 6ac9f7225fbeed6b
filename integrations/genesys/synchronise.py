"""The organisation's directory and settings, read whole: names, utilization, opening hours."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import available_timezones

from django.core.cache import cache

import handling.services
from conversations import directory as mirror
from conversations.models import Agent
from integrations import watermarks
from integrations.erasure import known as erased
from integrations.errors import (
    CredentialsError,
    NotFoundError,
    PermanentError,
    TemporaryError,
)
from integrations.genesys import directory as wire
from integrations.genesys.asking import Turns
from integrations.genesys.budget import Priority
from integrations.genesys.client import Client
from integrations.models import Organization
from integrations.watermarks import Told, quiet
from sla import schedules as hours

logger = logging.getLogger(__name__)

SYNCHRONISE: Final = "genesys.synchronise"
# An agent's own utilization costs a request each: so many a run, in turn.
AGENTS_A_RUN: Final = 60
# The client itself leaves BACKGROUND to others; the parts that follow need some requests too.
RESERVE: Final = Priority.BACKGROUND + 20
TURN: Final = "genesys:utilization:turn"


@dataclass(frozen=True, slots=True)
class Part:
    """One listing: what it is called, and what reads and writes it."""

    name: str
    write: Callable[[Client], object]


def synchronise(*, client: Client, now: datetime, tell: Told = quiet) -> tuple[str, ...]:
    """Read the directory and the settings, and write what differs.

    A part that is refused, or fails for a moment, keeps no other from being read; then, at the end,
    PermanentError names each refused one and why, else TemporaryError is raised. Raises
    RoadBusyError, CredentialsError and what the next part would meet too at once; the next run goes
    on with the part that it came to, or the first before it that had failed.
    Returns a line on each part; tell is called with each as it is done.
    """
    with watermarks.run(SYNCHRONISE, clock=client.clock) as run:
        told: list[str] = []
        refused: list[str] = []
        turns = Turns()
        for number in range(run.place.get("part", 0), len(PARTS)):
            run.go_on()
            if not (refused or turns.failed):
                run.keep({"part": number})
            part = PARTS[number]
            with turns.one():
                done, line = _write(part, client)
                (told if done else refused).append(line)
                tell(line)
        run.keep({})
        if refused:
            raise PermanentError("; ".join(refused))
        turns.end()
        run.advance(now)
        run.detail = "; ".join(told)
    return tuple(told)


def _write(part: Part, client: Client) -> tuple[bool, str]:
    """Return whether a part could be read and written, and a line on it."""
    try:
        return True, f"{part.name}: {part.write(client)}"
    except CredentialsError:
        raise
    except PermanentError as error:
        return False, f"{part.name}: {error}"


def _organization(client: Client) -> object:
    told = client.read(wire.ORGANIZATION, wire.Organization)
    Organization.objects.update_or_create(
        only=True, defaults={"genesys_id": told.id, "name": (told.name or "")[: wire.LONGEST_NAME]}
    )
    return told.name or told.id


def _divisions(client: Client) -> object:
    listed = client.entities(wire.DIVISIONS, wire.Division)
    return mirror.write_divisions(divisions=[one.fact() for one in listed])


def _users(client: Client) -> object:
    """Active and inactive ones: left to itself the listing keeps the latter back."""
    states = ("active", "inactive")
    listed = chain.from_iterable(
        client.entities(wire.USERS, wire.User, {"state": state}) for state in states
    )
    return mirror.write_agents(agents=erased.nameless([one.fact() for one in listed]))


def _queues(client: Client) -> object:
    listed = client.entities(wire.QUEUES, wire.Queue)
    return mirror.write_queues(queues=[one.fact() for one in listed])


def _wrap_up_codes(client: Client) -> object:
    listed = client.entities(wire.WRAP_UP_CODES, wire.WrapUpCode)
    return mirror.write_wrap_up_codes(codes=[one.fact() for one in listed])


def _utilization(client: Client) -> object:
    told = client.read(wire.UTILIZATION, wire.Utilization).utilization
    differs = handling.services.set_utilization(organization=told, now=client.clock())
    return f"{len(told)} media, {'changed' if differs else 'unchanged'}"


def _agents_utilization(client: Client) -> object:
    """Read that of the agents whose turn it is; what stops it, what was read before is written."""
    told: dict[str, dict[str, Any] | None] = {}
    try:
        _read_in_turn(client, told)
    finally:
        changed = mirror.write_utilizations(utilizations=told)
        handling.services.order_recomputing(user_ids=changed, now=client.clock())
    return f"{len(told)} agents read, {len(changed)} changed"


def _read_in_turn(client: Client, told: dict[str, dict[str, Any] | None]) -> None:
    """Add to told what the agents have whose turn it is; a deleted one has none."""
    turns = Turns()
    for genesys_id in list(islice(_in_turn(), AGENTS_A_RUN)):
        if not client.budget.spares(RESERVE):
            break
        try:
            with turns.one():
                told[genesys_id] = _own_utilization(client, genesys_id)
        except TemporaryError:
            break  # the rest has its turn in the next run
        cache.set(TURN, genesys_id, timeout=None)
    turns.end()


def _own_utilization(client: Client, genesys_id: str) -> dict[str, Any] | None:
    path = wire.USER_UTILIZATION.format(quote(genesys_id, safe=""))
    try:
        return client.read(path, wire.Utilization).own()
    except NotFoundError:
        return None


def _in_turn() -> Iterator[str]:
    """Yield the ids of agents in order, from behind the one who was last, and round again."""
    last = cache.get(TURN, "")
    agents = Agent.objects.exclude(state="deleted").order_by("genesys_id")
    ids = agents.values_list("genesys_id", flat=True)
    yield from ids.filter(genesys_id__gt=last)
    yield from ids.filter(genesys_id__lte=last)


def _schedules(client: Client) -> object:
    listed = client.entities(wire.SCHEDULES, wire.Schedule)
    return hours.write_schedules(schedules=[one.fact() for one in listed], now=client.clock())


def _schedule_groups(client: Client) -> object:
    listed = client.entities(wire.SCHEDULE_GROUPS, wire.ScheduleGroup)
    timezone = Organization.objects.values_list("timezone", flat=True).get(only=True)
    groups = [one.fact(timezone=timezone) for one in listed]
    return hours.write_groups(groups=list(_in_known_zones(groups)), now=client.clock())


def _in_known_zones(groups: Iterable[hours.GroupFact]) -> Iterator[hours.GroupFact]:
    known = available_timezones()
    for group in groups:
        if group.timezone in known:
            yield group
        else:
            logger.warning("genesys.schedule_group_skipped", extra={"timezone": group.timezone})


PARTS: Final = (
    Part("organisation", _organization),
    Part("divisions", _divisions),
    Part("users", _users),
    Part("queues", _queues),
    Part("wrap-up codes", _wrap_up_codes),
    Part("utilization", _utilization),
    Part("agents' utilization", _agents_utilization),
    Part("schedules", _schedules),
    Part("schedule groups", _schedule_groups),
)
