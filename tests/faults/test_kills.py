"""Web, worker, beat, listener and consumer are killed at random: nothing acknowledged is lost.

The suite sends 800 events; `make chaos` sends 6,000, kills each twelve times or more, and waits for
leases to run out by themselves where the suite has them run out.
"""

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
import requests
from botocore.exceptions import ClientError
from django.db.models import Q

from chrono.instants import isoformat, parse, to_ms
from conversations.models import Conversation
from dcm import demo
from dcm.processes import commands_in
from integrations.genesys.notifications import gaps
from integrations.inbox import sources
from integrations.models import (
    GenesysEvent,
    InboxItem,
    NotificationTopic,
    Source,
    Wanted,
    Watermark,
)
from tests import servers
from tests.faults.letters import BUS, WEBHOOK, Post, Sender, written
from tests.faults.nemesis import ROOT, House, Nemesis, house
from tests.http.eventbridge.conftest import REGION, moto_port, sqs
from tests.web import environment

__all__ = ["moto_port", "sqs"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

EVENTS: Final = int(os.environ.get("DCM_CHAOS_EVENTS", "400"))
DEATHS: Final = int(os.environ.get("DCM_CHAOS_DEATHS", "1"))  # of each, at least
SEED: Final = int(os.environ.get("DCM_CHAOS_SEED", "0")) or Random().randrange(1, 1_000_000)
IS_SHORT: Final = DEATHS == 1
A_SECOND: Final = 160.0 if IS_SHORT else 100.0
WITHIN_S: Final = 120.0 if IS_SHORT else 300.0
HISTORY: Final = timedelta(hours=26)
VICTIMS: Final = ("web", "worker", "listener", "consumer", "beat")
ORDERED: Final = re.compile(r"notifications\.reading_ordered since='([^']+)'")


@pytest.fixture
def running(sqs: Any, tmp_path: Path) -> Iterator[House]:
    """The Procfile's processes, with a simulator as Genesys Cloud."""
    now = datetime.now(UTC)
    var = tmp_path / "var"
    own = {k: v for k, v in environment().items() if not k.startswith("DCM_CHAOS_")}
    env = own | {
        "DCM_VAR_DIR": str(var),
        "DCM_SIMULATOR_PORT": str(servers.free_port()),
        "DCM_SQS_ENDPOINT_URL": sqs.gate.url,
        "DCM_SQS_QUEUE_URL": sqs.url,
        "DCM_SQS_REGION": REGION,
        "LOG_LEVEL": "INFO",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PORT": str(servers.free_port()),
        "PYTHONUNBUFFERED": "1",
        "SIMULATOR_EPOCH": isoformat(now.replace(microsecond=0) - HISTORY),
        "SIMULATOR_SEED": "7",
        "SIMULATOR_ZONE": demo.busy_zone(now),
    }
    env["SIMULATOR_PORT"] = env["DCM_SIMULATOR_PORT"]
    commands = commands_in(ROOT / "Procfile")
    commands["listener"] += " --heartbeat 1 --lease 2"
    with house(commands, env, tmp_path) as running:
        yield running


def test_no_kill_loses_or_doubles_what_was_acknowledged(running: House, sqs: Any) -> None:
    draw, begun = Random(SEED), time.monotonic()
    sys.stdout.write(f"seed {SEED}: DCM_CHAOS_SEED={SEED} draws the same\n")
    sender = Sender(_url(running), _keys(), sqs.client, sqs.url, A_SECOND)
    post = written(draw, many=EVENTS, known=_conversations(running), now_ms=to_ms(_now()))
    _wait_for(running, lambda: _not_up(running))
    nemesis = Nemesis(running, draw, VICTIMS)
    with sender.sending(post.letters) as work:
        nemesis.rage(
            go_on=lambda: (
                not all(one.done() for one in work)
                or any(len(nemesis.of(name)) < DEATHS for name in VICTIMS)
            )
        )
        for one in work:
            one.result()
    sys.stdout.write(f"{EVENTS} events, {len(post.letters)} letters: {dict(post.fates)}\n")
    sys.stdout.write(f"{len(nemesis.kills)} kills: {nemesis.counts}\n")
    sys.stdout.write(f"not acknowledged and sent again: {dict(sender.refused)}\n")
    raged = time.monotonic() - begun
    if IS_SHORT:
        _have_leases_run_out()

    _wait_for(running, lambda: _at_work(running, sqs, post))
    assert running["listener"].end() == 0
    assert running["consumer"].end() == 0
    _wait_for(running, _waiting, all_live=False)

    assert sender.acknowledged == len(post.letters)
    _assert_once(post)
    _assert_listened(running, nemesis)
    took = time.monotonic() - begun
    sys.stdout.write(f"0 missing, 0 double; {raged:.0f} s of kills, {took:.0f} s in all\n")


def _assert_once(post: Post) -> None:
    """Each acknowledged event is one event, each poisonous body is quarantined, none else is."""
    ours = Counter(
        GenesysEvent.objects.exclude(source__kind=Source.Kind.NOTIFICATIONS).values_list(
            "participant_id", flat=True
        )
    )
    missing = post.events - ours.keys()
    double = {participant: many for participant, many in ours.items() if many > 1}
    assert (missing, double, ours.keys() - post.events) == (set(), {}, set())
    quarantined = InboxItem.objects.filter(state="quarantined")
    told = quarantined.values_list("sender_id", flat=True)
    assert sorted(own_id or "" for own_id in told) == sorted(post.poison)
    assert not InboxItem.objects.filter(state="waiting").exists()
    assert _unaccounted(post) == set()


def _assert_listened(running: House, nemesis: Nemesis) -> None:
    """After each death of a listener a later life ordered what was missed since to be read."""
    listener = running["listener"]
    for life, death in enumerate(nemesis.of("listener"), start=1):
        later = "".join(
            listener.log(one).read_text() for one in range(life + 1, listener.lives + 1)
        )
        since = [parse(told) + gaps.MARGIN for told in ORDERED.findall(later)]
        assert any(one <= death.at for one in since), f"after life {life}: {since} {death}"


# -- waiting -------------------------------------------------------------------------------------
def _wait_for(running: House, lacking: Callable[[], list[str]], *, all_live: bool = True) -> None:
    """Wait until nothing is lacking; meanwhile all must live, unless told otherwise."""
    deadline = time.monotonic() + WITHIN_S
    while left := lacking():
        assert time.monotonic() < deadline, f"{', '.join(left)}\n{running.told}"
        if all_live:
            running.look()
        time.sleep(0.2)


def _not_up(running: House) -> list[str]:
    """Say which of the house do not do their work yet."""
    left = []
    try:
        requests.get(f"{_url(running)}/healthz", timeout=2)
    except requests.RequestException:
        left.append("the web does not answer")
    if not NotificationTopic.objects.filter(state="subscribed").exists():
        left.append("nobody listens")
    return left


def _at_work(running: House, sqs: Any, post: Post) -> list[str]:
    """Say what is left of what was sent, and which leases are past or missing."""
    now = _now()
    topics = NotificationTopic.objects.exclude(state="not_offered")
    living = topics.filter(listener__contains=f"/{running['listener'].pid}/")
    leased = living.filter(state="subscribed", leased_until__gt=now)
    if IS_SHORT:
        _have_messages_come_again(sqs)
    waiting = InboxItem.objects.exclude(source__kind=Source.Kind.NOTIFICATIONS)
    left = {
        "messages in the queue": sqs.left,
        "consumers not up": int("taking events from" not in running["consumer"].said_now),
        "items waiting": waiting.filter(state="waiting").count(),
        "held past their lease": _held_for_too_long(now),
        "conversations unaccounted for": len(_unaccounted(post)),
        "topics not leased": topics.count() - leased.count() if topics.exists() else 1,
        "listeners that ordered no reading": int(not ORDERED.search(running["listener"].said_now)),
        "readings ordered": int(gaps.ordered() is not None),
    }
    return [f"{many} {what}" for what, many in left.items() if many]


def _waiting() -> list[str]:
    many = InboxItem.objects.filter(state="waiting").count()
    return [f"{many} items waiting"] if many else []


def _held_for_too_long(now: datetime) -> int:
    """Count leases that are past by more than a sweep takes to see it."""
    past = Q(leased_until__lt=now - timedelta(seconds=5))
    items = InboxItem.objects.filter(past, state="waiting")
    return items.count() + Wanted.objects.filter(past, given_up_at=None).count()


def _unaccounted(post: Post) -> set[str]:
    """Return the conversations that are neither in the mirror nor wanted for a reason."""
    mirrored = Conversation.objects.values_list("genesys_id", flat=True)
    wanted = Wanted.objects.exclude(reason="").values_list("genesys_id", flat=True)
    return post.conversations - {*mirrored} - {*wanted}


def _have_leases_run_out() -> None:
    """Take from the dead what they hold; in life that is a matter of one minute to three."""
    past = _now() - timedelta(seconds=1)
    for held in (InboxItem, Wanted, Watermark):
        held.objects.filter(leased_until__gt=past).update(leased_until=past)


def _have_messages_come_again(sqs: Any) -> None:
    """Show what dead consumers hold; the queue may hand it to a dead one's last request again."""
    for receipt in list(sqs.gate.receipts):
        with suppress(ClientError):  # deleted since
            sqs.client.change_message_visibility(
                QueueUrl=sqs.url, ReceiptHandle=receipt, VisibilityTimeout=0
            )


# -- what there is -------------------------------------------------------------------------------
def _url(running: House) -> str:
    return f"http://127.0.0.1:{running['web'].env['PORT']}"


def _now() -> datetime:
    return datetime.now(UTC)


def _conversations(running: House) -> list[str]:
    """Return the conversations that Genesys Cloud has, as soon as it can be asked."""
    url = f"http://127.0.0.1:{running['simulator'].env['SIMULATOR_PORT']}/simulator/truth"
    for _ in range(200):
        with suppress(requests.ConnectionError):
            return sorted(requests.get(url, timeout=10).json()["conversations"])
        time.sleep(0.1)
    raise AssertionError(running.told)


def _keys() -> dict[str, str]:
    """Make the sources that send by HTTP, and return their keys by road."""
    kinds = {WEBHOOK: Source.Kind.GENESYS, BUS: Source.Kind.EVENTBRIDGE}
    made = {
        road: Source.objects.create(name=road, kind=kind, created_at=_now())
        for road, kind in kinds.items()
    }
    return {road: sources.new_key(source_id=one.pk, now=_now()) for road, one in made.items()}
