"""A listing is written set-wise: what differs, and nothing else."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import directory as service
from conversations.domain import directory
from conversations.models import Agent, Division, Queue, WrapUpCode

pytestmark = pytest.mark.django_db

ANNA = directory.Agent("u1", "Anna", "anna@acme.example", "d1", "active")
BERT = directory.Agent("u2", "Bert", "bert@acme.example", "d1", "active")


def test_new_agents_are_written_and_the_same_again_writes_nothing() -> None:
    assert service.write_agents(agents=[ANNA, BERT]) == (2, 0, 0)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert service.write_agents(agents=[ANNA, BERT]) == (0, 0, 0)
    assert [q["sql"][:6] for q in queries if "SAVEPOINT" not in q["sql"]] == ["SELECT"]


def test_only_what_changed_is_written() -> None:
    service.write_agents(agents=[ANNA, BERT])

    assert service.write_agents(agents=[ANNA, BERT._replace(name="Bertha")]) == (0, 1, 0)
    assert list(Agent.objects.order_by("pk").values_list("name", flat=True)) == ["Anna", "Bertha"]


def test_an_agent_who_vanished_is_marked_once_and_may_come_back() -> None:
    service.write_agents(agents=[ANNA, BERT])

    assert service.write_agents(agents=[ANNA]) == (0, 0, 1)
    assert service.write_agents(agents=[ANNA]) == (0, 0, 0)
    assert Agent.objects.get(genesys_id="u2").state == "deleted"
    assert service.write_agents(agents=[ANNA, BERT]) == (0, 1, 0)
    assert Agent.objects.get(genesys_id="u2").state == "active"


def test_an_agent_listed_twice_is_one_agent() -> None:
    assert service.write_agents(agents=[ANNA, ANNA]) == (1, 0, 0)


def test_a_queue_that_vanished_is_marked_deleted_and_keeps_its_name() -> None:
    queue = directory.Queue("q1", "Service", "d1", ("help@acme.example",), {"email": {"x": 1}})
    service.write_queues(queues=[queue])

    service.write_queues(queues=[])

    row = Queue.objects.get()
    assert (row.name, row.deleted, row.email_addresses) == ("Service", True, ["help@acme.example"])


def test_divisions_and_codes_that_vanished_keep_their_names() -> None:
    service.write_divisions(divisions=[directory.Division("d1", "Home")])
    service.write_wrap_up_codes(codes=[directory.WrapUpCode("w1", "Sold")])

    assert service.write_divisions(divisions=[]) == (0, 0, 0)
    assert service.write_wrap_up_codes(codes=[]) == (0, 0, 0)
    assert Division.objects.get().name == "Home"
    assert WrapUpCode.objects.get().name == "Sold"


def test_of_utilizations_only_those_that_differ_are_written() -> None:
    service.write_agents(agents=[ANNA, BERT])
    own: dict[str, Any] = {"email": {"maximumCapacity": 2}}

    assert service.write_utilizations(utilizations={"u1": own, "u2": None, "gone": own}) == ["u1"]
    assert service.write_utilizations(utilizations={"u1": own, "u2": None}) == []
    assert service.write_utilizations(utilizations={"u1": None}) == ["u1"]
    assert Agent.objects.get(genesys_id="u1").utilization is None
