"""Everything at once, as the schedule's tasks in several workers: nobody waits in a ring."""

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from integrations import services as parts
from integrations.models import Destination
from integrations.outbox import relay
from integrations.salesforce import ordering
from simulator.clock import Clock, ManualClock
from simulator.receivers.salesforce.org import Org
from tests.documents import at
from tests.http.salesforce.story import call, email, people, read, shown, work

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = [f"e{number}" for number in range(20)]


@pytest.fixture
def clock() -> Clock:
    return ManualClock(at(0))


class Workers:
    """Threads that do some things again and again, until told to stop."""

    def __init__(self, *tasks: Callable[[], object]) -> None:
        self.errors: list[BaseException] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=[task]) for task in tasks]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _run(self, task: Callable[[], object]) -> None:
        try:
            while not self._over.is_set():
                _try(task)
        except BaseException as error:  # noqa: BLE001 - told by the test
            self.errors.append(error)
        finally:
            connection.close()


def _try(task: Callable[[], object]) -> None:
    """Do something. SQLite has one writer; a ring of waiting is PostgreSQL's to find."""
    try:
        task()
    except OperationalError as error:
        if "locked" not in str(error):
            raise


def test_readings_derivations_sweeps_and_relays_do_not_stand_in_each_others_way(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    org.user("A. Rossi", "rossi@acme.example")
    cases = {name: org.case(name, Genesys_Conversation_Id__c=name) for name in NAMES}
    workers = Workers(
        lambda: relay.relay(now=clock.now()),
        lambda: relay.relay(now=clock.now()),
        lambda: parts.derive(now=clock.now()),
        lambda: ordering.sweep(now=clock.now()),
        lambda: ordering.sweep(now=clock.now()),
    )
    for minutes in range(5, 20):
        ends = None if minutes < 15 else 15 - minutes / 100
        read(clock, minutes, *(email(name, (5, ends)) for name in NAMES), call("v1", 5, ends))
    workers.stop()
    assert workers.errors == []

    for minutes in range(20, 60, 5):
        work(at(minutes))
    told = ("Case__c", "State__c", "Duration_Seconds__c", "Interrupted_Seconds__c")
    assert sorted(shown(org.rows("DCM_Hold__c"), *told)) == sorted(
        (case, "final", 589, 589) for case in cases.values()
    )
    assert sorted(shown(org.rows("Task"), "WhatId", "CallDurationInSeconds")) == sorted(
        (case, 589) for case in cases.values()
    )
