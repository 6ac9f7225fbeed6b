"""The escalations page: what stands, whose it is, and what was told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from integrations.models import Delivery, Destination
from sla.alerts import Deed, acknowledge
from sla.models import Alert, Clock, Ladder, Rung, Timer
from tests import factories
from tests.http.dashboards.escalated import URL, escalated, now, plain, rows, seen, tiles

MINUTE = timedelta(minutes=1)


def test_only_who_may_see_alerts_sees_the_page_and_the_link_to_it(
    client: Client, reader: Client, supervisor: User, moment: datetime
) -> None:
    alert = escalated(moment)

    for path in (URL, f"{URL}{alert.pk}/"):
        assert reader.get(path).status_code == 403
    assert f'href="{URL}"' not in reader.get("/").content.decode()
    supervisor.user_permissions.set(Permission.objects.filter(codename="view_alert"))
    page = seen(client)
    assert rows(page) == [str(alert.pk)]
    assert 'name="do"' not in page
    assert client.post(f"{URL}act/", {"do": "close", "alert": alert.pk}).status_code == 403
    assert now(alert).state == "open"
    client.logout()
    assert client.get(URL).headers["Location"] == "/login/?next=/escalations/"
    assert client.get(f"{URL}act/").status_code == 405


def test_not_acknowledged_ones_stand_first_and_tiles_count_what_stands(
    lead: Client, moment: datetime
) -> None:
    snoozed = escalated(moment, 30, state="snoozed", snoozed_until=moment + 5 * MINUTE)
    taken = escalated(moment, 60, state="acknowledged", acknowledged_by="Ada")
    soon = escalated(moment, -20, level=Alert.Level.WARNED, opened_at=moment - 10 * MINUTE)
    late, later = escalated(moment, 42), escalated(moment, 12)
    escalated(moment, 90, state="closed", closed_at=moment - MINUTE)

    page = seen(lead)

    assert rows(page) == [str(a.pk) for a in (late, later, soon, taken, snoozed)]
    assert tiles(page) == [
        "3 Not acknowledged",
        "1 Acknowledged",
        "1 Snoozed",
        "0 Delivery failing",
    ]
    text = plain(page)
    assert "5 open escalations, not acknowledged first" in text
    assert "Not acknowledged oldest 0:42 h" in text
    assert f"next wakes {moment + 5 * MINUTE:%H:%M}" in text
    assert "Acknowledged by Ada" in text
    assert "answer: customer waiting 4:42 h" in text


def test_filters_stand_in_the_url_and_closed_ones_are_asked_for(
    lead: Client, supervisor: User, moment: datetime
) -> None:
    returns = factories.queue("Returns")
    mine = escalated(moment, 5, queue_id=returns.genesys_id, assigned_to=supervisor)
    forgotten = escalated(moment, 6, level=Alert.Level.FORGOTTEN)
    flagged = escalated(moment, 7, flagged="nobody is on call")
    closed = escalated(moment, 8, state="closed", closed_at=moment, reason="the agent answered")
    old = escalated(moment, 9, state="closed", closed_at=moment - timedelta(days=8))

    def shown(**query: str) -> set[str]:
        return set(rows(seen(lead, **query)))

    assert shown(queue=returns.genesys_id) == shown(owner="me") == {str(mine.pk)}
    assert shown(owner=str(supervisor.pk)) == {str(mine.pk)}
    assert shown(owner="nobody") == {str(forgotten.pk), str(flagged.pk)}
    assert shown(level="forgotten") == {str(forgotten.pk)}
    assert shown(failing="1") == {str(flagged.pk)}
    assert shown(state="closed") == {str(closed.pk)}
    assert shown(conversation=mine.conversation.genesys_id) == {str(mine.pk)}
    assert shown(state="nonsense", page="x", owner="'") == shown()
    assert str(old.pk) not in shown(state="closed")
    assert "the agent answered" in seen(lead, state="closed")
    assert "Reset it to see all of them" in seen(lead, queue="another")


def test_an_empty_page_says_why(lead: Client) -> None:
    assert "Nothing is escalated." in seen(lead)
    assert "No escalation was closed" in seen(lead, state="closed")


@pytest.fixture
def slack(db: None) -> Destination:
    return Destination.objects.create(
        name="Slack #eu-sup", kind="slack", topics=["sla.breached"], created_at=factories.START
    )


def delivered(slack: Destination, alert: Alert, at: datetime, **values: Any) -> Delivery:
    """Make a delivery of an alert's breach."""
    genesys_id = alert.conversation.genesys_id
    subject = alert.notices.get().subject
    return Delivery.objects.create(
        **{
            "destination": slack,
            "key": f"{genesys_id}:sla.breached:{subject}",
            "topic": "sla.breached",
            "conversation_id": genesys_id,
            "payload": {"subject": subject},
            "state": "delivered",
            "ordered_at": at,
            "due_at": at,
            "delivered_at": at,
            **values,
        }
    )


def test_who_was_told_when_and_how_that_went_is_read_without_a_click(
    lead: Client, moment: datetime, slack: Destination
) -> None:
    told, failing, unheard = (escalated(moment, minutes) for minutes in (30, 20, 10))
    boss = factories.user("boss", first_name="Tina", last_name="Brandt")
    at = moment - 9 * MINUTE
    factories.notice(
        told,
        at=at,
        audience=[f"user:{boss.pk}", "agent:77777777-x"],
        fell_back=True,
        verified=False,
    )
    delivered(slack, told, at)
    factories.notice(failing, at=at)
    row = delivered(
        slack, failing, at, state="waiting", attempts=2, reason="Slack says 429", due_at=moment
    )
    row.tries.create(at=at, result="failed", status=429)
    factories.notice(unheard, at=at, destination_id=slack.pk + 7)

    page = seen(lead)
    text = plain(page)

    assert (
        f"{at:%H:%M} breach: Slack #eu-sup, Tina Brandt, 77777777 \N{CHECK MARK} delivered" in text
    )
    assert (
        "nobody was to be reached, so the administrators; not verified with Genesys Cloud" in text
    )
    assert "\N{BALLOT X} failed429: Slack says 429 (2 tries, tried again " in text
    assert "which is no more \N{BALLOT X} failedno destination is told of it" in text
    assert "1 Delivery failing" in tiles(page)
    assert "Slack #eu-sup: 429" in text


@pytest.mark.parametrize("before", ["", "taken back: "])
def test_a_notice_that_was_taken_back_says_why(
    lead: Client, moment: datetime, slack: Destination, before: str
) -> None:
    alert = escalated(moment)
    factories.notice(alert, at=moment - MINUTE)
    delivered(slack, alert, moment - MINUTE)
    Timer.objects.update(state="withdrawn", reason=f"{before}the agent had answered at 09:14")

    assert "deliveredtaken back: the agent had answered at 09:14" in plain(seen(lead))


def test_the_next_step_stands_in_the_row(
    lead: Client, moment: datetime, slack: Destination
) -> None:
    alert, held = escalated(moment), escalated(moment, 5)
    ladder = Ladder.objects.create(name="Support")
    rung = Rung.objects.create(
        ladder=ladder, audience=Rung.Audience.SUPERVISORS, destination_id=slack.pk
    )
    for of, state, due in ((alert, "waiting", 20), (alert, "waiting", 40), (held, "held", -5)):
        Timer.objects.create(
            conversation=of.conversation,
            kind=of.kind,
            round_at=of.round_at,
            rung=f"rung:{rung.pk}:{due}",
            of_rung=rung,
            due_at=moment + due * MINUTE,
            state=state,
            reason="held back until 07:00: quiet hours" if state == "held" else "",
        )
    text = plain(seen(lead))

    assert f"next {moment + 20 * MINUTE:%H:%M}: Slack #eu-sup, the queue&#x27;s supervisors" in text
    assert "the queue&#x27;s supervisors: held back until 07:00: quiet hours" in text


def test_the_median_time_to_acknowledge_counts_first_times_of_a_week(
    lead: Client, moment: datetime
) -> None:
    took = (2, 5, 30)
    for minutes in took:
        alert = escalated(moment, 60)
        at = alert.opened_at + minutes * MINUTE
        acknowledge(alerts=[alert.pk], deed=Deed("Ada", at))
        Alert.objects.filter(pk=alert.pk).update(state="open")
        acknowledge(alerts=[alert.pk], deed=Deed("Bob", at + 20 * MINUTE))
    long_ago = escalated(moment, 60, opened_at=moment - timedelta(days=9))
    acknowledge(alerts=[long_ago.pk], deed=Deed("Ada", moment - timedelta(days=8)))

    assert "05:00 minMedian time to acknowledge7 days" in plain(seen(lead))


def test_an_alert_whose_clock_is_over_still_has_its_row(lead: Client, moment: datetime) -> None:
    alert, gone = escalated(moment), escalated(moment, 20)
    Clock.objects.filter(conversation=alert.conversation).update(started_at=moment)
    Clock.objects.filter(conversation=gone.conversation).delete()

    assert len(rows(seen(lead))) == 2
    assert "its clock does not run any more" in seen(lead)


def test_more_rows_ask_no_more_queries(
    lead: Client, moment: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for minutes in range(40):
        factories.notice(escalated(moment, minutes, user_id=f"u{minutes}"), at=moment)
    with django_assert_max_num_queries(26):
        assert len(rows(seen(lead))) == 40


def test_the_board_leads_to_the_escalations_of_a_conversation(
    lead: Client, client: Client, supervisor: User, moment: datetime
) -> None:
    taken = escalated(moment, acknowledged_by="Ada", state="acknowledged")
    failing = escalated(moment, flagged="nobody is on call")
    board = lead.get("/").content.decode()

    link = f'href="{URL}?conversation={taken.conversation.genesys_id}">Acknowledged by Ada</a>'
    assert link in board
    assert "Not acknowledged</a>, <b>not delivered</b>" in board
    assert board.count("not delivered") == 1
    assert failing.conversation.genesys_id in board
    supervisor.user_permissions.clear()
    assert "Acknowledged by Ada" not in client.get("/").content.decode()
