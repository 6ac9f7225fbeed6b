"""Rungs of a ladder: whom they tell, what holds them back, and what ends them."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from conversations.models import CommonEvent
from sla import ways
from sla.alerts import Deed, acknowledge, close, snooze, unacknowledge
from sla.audience import on_call as people_on_call
from sla.audience import rotas
from sla.models import Alert, Ladder, Notice, Rota, Shift, StandIn, Supervision, Timer
from sla.services import refresh
from sla.ways import Provider, Way
from tests import factories
from tests.db.sla.mirrored import fire_due, wrote

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 20, 8, tzinfo=UTC)  # a Friday
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def later(hours: float = 0, **more: float) -> datetime:
    return START + timedelta(hours=hours, **more)


@pytest.fixture(autouse=True)
def _ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ways that these tests name: 1 works, 2 is off."""
    known = [Way(1, "Slack of the service"), Way(2, "Mail of the service", "it is off")]
    monkeypatch.setattr(ways, "_PROVIDERS", [Provider(lambda: known)])


@pytest.fixture
def ladder(request: pytest.FixtureRequest) -> Ladder:
    made = factories.ladder(**getattr(request, "param", {}))
    factories.policy(next_response_s=14_400, warnings=[], position=1, ladder=made)
    return made


def asked(**values: Any) -> Any:
    told = {"started_at": START, "user_id": "u1", "queue_id": "q1", **values}
    made = factories.conversation(**told)
    refresh(conversation_ids=[made.pk], now=START)
    return made


def escalations() -> list[Any]:
    return list(CommonEvent.objects.filter(name="sla.escalated").order_by("pk"))


def timer(rung: str) -> tuple[str, datetime, str]:
    row = Timer.objects.get(rung=rung)
    return row.state, row.due_at, row.reason


def test_a_rung_tells_its_destination_in_its_own_words(ladder: Ladder) -> None:
    rung = factories.rung(ladder, 3600, destination_id=1, template="{agent} has {conversation}")
    asked()
    assert fire_due(later(5)) == 1  # the breach
    assert fire_due(later(5.1)) == 1

    [row] = escalations()
    assert row.at == later(5)
    assert row.subject.endswith(f":rung:{rung.pk}")
    told = {name: row.payload.get(name) for name in ("destinations", "template", "ladder")}
    assert told == {
        "destinations": "1",
        "template": "{agent} has {conversation}",
        "ladder": ladder.name,
    }
    assert (row.payload["elapsedS"], row.payload["verified"]) == ("18000", "true")
    notice = Notice.objects.get(timer__of_rung=rung)
    assert (notice.destination_id, notice.audience, notice.fell_back) == (1, [], False)
    assert Alert.objects.get().flagged == ""


def test_the_queues_supervisors_are_told_and_nobody_else(ladder: Ladder) -> None:
    factories.queue("Support", genesys_id="q1", division_id="d1")
    mine, division, everywhere, other = (factories.user(name) for name in "abcd")
    gone = factories.user("gone", is_active=False)
    rows: tuple[tuple[dict[str, Any], Any], ...] = (
        ({"queue_ids": ["q1"]}, mine),
        ({"division_ids": ["d1"]}, division),
        ({}, everywhere),
        ({"queue_ids": ["q2"], "division_ids": ["d2"]}, other),
        ({"queue_ids": ["q1"]}, gone),
    )
    for number, (covers, person) in enumerate(rows):
        Supervision.objects.create(name=str(number), **covers).people.add(person)
    factories.rung(ladder, audience="supervisors", destination_id=1)
    asked()
    fire_due(later(4.1))
    [row] = escalations()
    assert row.payload["recipients"] == f"user:{mine.pk} user:{division.pk} user:{everywhere.pk}"


@pytest.mark.parametrize(
    ("email", "recipients", "wrong"),
    [("ada@example.com", "agent:u1", None), ("", "user:{boss}", "no agent with an address has it")],
)
def test_the_agent_is_told_where_an_address_is_known(
    ladder: Ladder, email: str, recipients: str, wrong: str | None
) -> None:
    boss = factories.user("boss", is_superuser=True)
    factories.agent("Ada", genesys_id="u1", email=email)
    factories.rung(ladder, audience="agent", destination_id=1)
    asked()
    fire_due(later(4.1))
    [row] = escalations()
    assert row.payload["recipients"] == recipients.format(boss=boss.pk)
    assert row.payload.get("fellBack") == wrong


@pytest.mark.parametrize(
    ("at", "on_call"),
    [
        (datetime(2026, 3, 28, 20, 59, tzinfo=UTC), []),  # Saturday, 21:59 in Berlin
        (datetime(2026, 3, 28, 21, tzinfo=UTC), ["night"]),
        (datetime(2026, 3, 29, 3, 59, tzinfo=UTC), ["night"]),  # 05:59, an hour less of a night
        (datetime(2026, 3, 29, 4, tzinfo=UTC), []),
        (datetime(2026, 10, 25, 4, 59, tzinfo=UTC), ["night"]),  # 05:59, an hour more
        (datetime(2026, 10, 25, 5, tzinfo=UTC), []),
        (datetime(2026, 3, 30, 10, tzinfo=UTC), ["day", "second"]),
        (datetime(2026, 4, 6, 10, tzinfo=UTC), ["instead"]),  # somebody stands in
        (datetime(2026, 4, 7, 10, tzinfo=UTC), ["day", "second"]),
    ],
)
def test_who_is_on_call_is_told_by_local_time(at: datetime, on_call: list[str]) -> None:
    people = {name: factories.user(name) for name in ("night", "day", "second", "instead")}
    rota = Rota.objects.create(name="Service", timezone="Europe/Berlin")
    night = Shift.objects.create(rota=rota, weekdays=["sat"], starts=time(22), ends=time(6))
    night.people.add(people["night"])
    day = Shift.objects.create(rota=rota, weekdays=["mon", "tue"], starts=time(8), ends=time(20))
    day.people.add(people["day"], people["second"])
    stand_in = StandIn.objects.create(
        rota=rota,
        starts_at=datetime(2026, 4, 6, tzinfo=UTC),
        ends_at=datetime(2026, 4, 7, tzinfo=UTC),
    )
    stand_in.people.add(people["instead"])
    [read] = rotas(at)
    assert people_on_call(read, at) == tuple(sorted(people[name].pk for name in on_call))


def test_a_rota_in_no_time_zone_has_the_administrators_told(ladder: Ladder) -> None:
    boss = factories.user("boss", is_superuser=True)
    rota = Rota.objects.create(name="Service", timezone="Moon/Base")
    Shift.objects.create(rota=rota, weekdays=[], starts=time(0), ends=time(0)).people.add(boss)
    factories.rung(ladder, audience="rota", rota=rota, destination_id=1)
    asked()
    assert fire_due(later(4.1)) == 2
    assert escalations()[0].payload["fellBack"] == "the time zone of Service is none"


@pytest.mark.parametrize(
    ("rung", "wrong"),
    [
        ({"audience": "supervisors", "destination_id": 1}, "nobody supervises its queue"),
        ({"audience": "rota", "destination_id": 1}, "nobody is on call"),
        ({"destination_id": 2}, "Mail of the service: it is off"),
        ({"destination_id": 7}, "destination 7 is gone, or tells nobody of escalations"),
        (
            {"audience": "rota", "destination_id": 7},
            "nobody is on call; destination 7 is gone, or tells nobody of escalations",
        ),
    ],
)
def test_where_nobody_is_reached_the_administrators_are_told_and_it_is_flagged(
    ladder: Ladder, rung: dict[str, Any], wrong: str
) -> None:
    boss = factories.user("boss", is_superuser=True)
    factories.user("former", is_superuser=True, is_active=False)
    factories.rung(ladder, **rung)
    asked()
    fire_due(later(4.1))
    [row] = escalations()
    assert (row.payload["recipients"], row.payload["fellBack"]) == (f"user:{boss.pk}", wrong)
    assert Alert.objects.get().flagged == wrong
    notice = Notice.objects.get(timer__of_rung__isnull=False)
    assert (notice.fell_back, notice.audience) == (True, [f"user:{boss.pk}"])


def test_an_acknowledged_alert_holds_back_what_comes_until_it_runs_out(ladder: Ladder) -> None:
    first, second = factories.rung(ladder), factories.rung(ladder, 1800)
    asked()
    fire_due(later(4.1))
    alert = Alert.objects.get()
    acknowledge(alerts=[alert.pk], deed=Deed("Anna Berg", later(4.2)))

    assert fire_due(later(4.6)) == 0
    state, due_at, reason = timer(f"rung:{second.pk}")
    assert (state, due_at) == ("held", later(4.6) + MINUTE)
    assert reason == "held back until 20 Nov, 13:12 UTC: acknowledged by Anna Berg"
    assert fire_due(later(5.19)) == 0
    assert fire_due(later(5.21)) == 1
    assert [row.subject.rpartition(":")[2] for row in escalations()] == [
        str(first.pk),
        str(second.pk),
    ]


def test_who_lets_go_of_an_alert_lets_its_ladder_go_on(ladder: Ladder) -> None:
    factories.rung(ladder, 1800)
    asked()
    fire_due(later(4.1))
    [pk] = Alert.objects.values_list("pk", flat=True)
    acknowledge(alerts=[pk], deed=Deed("Anna Berg", later(4.2)))
    assert fire_due(later(4.51)) == 0
    unacknowledge(alerts=[pk], deed=Deed("Anna Berg", later(4.52)))
    assert fire_due(later(4.53)) == 1  # within a minute
    assert len(escalations()) == 1


def test_a_snoozed_or_closed_alert_holds_its_rungs_back(ladder: Ladder) -> None:
    rung = factories.rung(ladder, 1800)
    asked()
    fire_due(later(4.1))
    [pk] = Alert.objects.values_list("pk", flat=True)
    snooze(alerts=[pk], until=later(4.75), deed=Deed("Anna Berg", later(4.2)))
    assert fire_due(later(4.6)) == 0
    assert timer(f"rung:{rung.pk}")[2] == "held back until 20 Nov, 12:45 UTC: snoozed"
    close(alerts=[pk], deed=Deed("Anna Berg", later(4.7), "called her"))
    assert fire_due(later(6)) == 0
    assert timer(f"rung:{rung.pk}")[2] == "held back: its alert was closed: called her"


def test_an_answer_ends_the_ladder_also_what_is_held(ladder: Ladder) -> None:
    held, waiting = factories.rung(ladder, 1800), factories.rung(ladder, 7200)
    of = asked()
    wrote("customer", of, START)
    fire_due(later(4.1))
    acknowledge(alerts=Alert.objects.values_list("pk", flat=True), deed=Deed("A", later(4.2)))
    fire_due(later(4.6))
    wrote("agent", of, later(4.7))
    refresh(conversation_ids=[of.pk], now=later(4.7))
    for rung in (held, waiting):
        state, _, reason = timer(f"rung:{rung.pk}")
        assert (state, reason) == ("withdrawn", "the agent answered")
    assert fire_due(later(9)) == 0


@pytest.mark.parametrize(
    "ladder",
    [{"quiet_from": time(13), "quiet_until": time(7), "quiet_timezone": "Europe/Berlin"}],
    indirect=True,
)
def test_quiet_hours_hold_rungs_back_but_not_the_breach(ladder: Ladder) -> None:
    rung = factories.rung(ladder)
    asked()
    assert fire_due(later(4.1)) == 1  # 13:06 in Berlin
    assert CommonEvent.objects.get().name == "sla.breached"
    morning = datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert timer(f"rung:{rung.pk}") == (
        "held",
        morning,
        "held back until 21 Nov, 07:00 CET: quiet hours",
    )
    assert fire_due(morning - MINUTE) == 0
    assert fire_due(morning + MINUTE) == 1


@pytest.mark.parametrize(
    "ladder",
    [{"quiet_from": time(0), "quiet_until": time(23, 59), "quiet_timezone": "Moon/Base"}],
    indirect=True,
)
def test_quiet_hours_that_cannot_be_read_hold_nothing_back(ladder: Ladder) -> None:
    factories.rung(ladder)
    asked()
    assert fire_due(later(4.1)) == 2
    assert len(escalations()) == 1


def test_repetitions_are_told_each_and_of_those_that_were_held_only_the_last(
    ladder: Ladder,
) -> None:
    rung = factories.rung(ladder, repeat_every_s=600, repeat_times=4)
    asked()
    assert [fire_due(later(4, minutes=m)) for m in (1, 5, 11)] == [2, 0, 1]
    [pk] = Alert.objects.values_list("pk", flat=True)
    snooze(alerts=[pk], until=later(5), deed=Deed("Anna Berg", later(4.2)))
    assert [fire_due(later(4, minutes=m)) for m in (21, 31, 41)] == [0, 0, 0]
    assert fire_due(later(5.1)) == 1
    told = [row.subject.rpartition(f"rung:{rung.pk}")[2] for row in escalations()]
    assert told == ["", ":1", ":4"]
    assert timer(f"rung:{rung.pk}:2")[::2] == ("fired", "told along with a later repetition")


def test_a_rung_before_the_target_opens_an_alert_that_warns(ladder: Ladder) -> None:
    factories.rung(ladder, -3600)
    asked()
    assert fire_due(later(3.1)) == 1
    assert Alert.objects.get().level == "warned"
    assert escalations()[0].payload["elapsedS"] == "10800"


def test_a_rung_that_is_deleted_tells_nobody(ladder: Ladder) -> None:
    rung = factories.rung(ladder, 1800)
    asked()
    fire_due(later(4.1))
    key = f"rung:{rung.pk}"
    rung.delete()
    assert fire_due(later(4.6)) == 0
    assert timer(key)[::2] == ("withdrawn", "nobody is to be told of it any more")
