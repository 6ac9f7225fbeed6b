"""Erasure requests made in Genesys Cloud: who is to be deleted there is forgotten here."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from chrono.instants import isoformat
from conversations.models import Agent, Participant, RawSnapshot, Session
from integrations.errors import MalformedAnswerError, PermissionMissingError
from integrations.genesys import ingest
from integrations.genesys.client import Client
from integrations.genesys.gdpr import MIRROR, Mirrored, mirror_erasures
from integrations.genesys.poll import poll
from integrations.genesys.rereads import reread_open
from integrations.genesys.synchronise import synchronise
from integrations.models import ErasedConversation, ErasedIdentifier, ErasureRequest, Watermark
from simulator.clock import ManualClock
from simulator.server import Served
from tests.documents import conversation, participant, raw, segment, session

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
EPOCH = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)  # a Monday


@pytest.fixture
def epoch() -> datetime:
    return EPOCH


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(EPOCH + timedelta(minutes=100))


def ask_to_erase(centre: Served, kind: str = "GDPR_DELETE", **subject: Any) -> str:
    answer = requests.post(
        f"{centre.url}/simulator/gdpr", json={"subject": subject, "requestType": kind}, timeout=10
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def somebody() -> Session:
    """Return a session of a customer who writes e-mails."""
    return Session.objects.filter(purpose="customer", address_from__contains="@").order_by("pk")[0]


def traces(address: str, name: str) -> int:
    return (
        sum(
            Session.objects.filter(**{column: address}).count()
            for column in ("ani", "dnis", "address_from", "address_to")
        )
        + Participant.objects.filter(name=name).count()
    )


def test_whom_genesys_deletes_is_forgotten_here_and_stays_so(
    simulated: Client, centre: Served, clock: ManualClock
) -> None:
    poll(client=simulated, now=clock.now())
    one = somebody()
    address, name = one.address_from, one.participant.name
    assert traces(address, name) > 2
    others = Participant.objects.exclude(name="").count()
    asked = ask_to_erase(centre, name=name, emailAddresses=[address.upper()])
    ask_to_erase(centre, "GDPR_EXPORT", emailAddresses=["somebody@else.example"])

    done = mirror_erasures(client=simulated, now=clock.now())

    assert (done.listed, done.erased) == (1, 1)
    assert done.rows > 2
    assert traces(address, name) == 0
    assert not RawSnapshot.objects.filter(pk=one.conversation_id)
    assert others - 5 < Participant.objects.exclude(name="").count() < others
    request = ErasureRequest.objects.get()
    assert (request.genesys_id, request.erased_at) == (asked, clock.now())
    assert [row.kind for row in ErasedIdentifier.objects.all()] == ["email"]
    assert ErasedConversation.objects.filter(genesys_id=one.conversation.genesys_id).exists()

    clock.advance(600)
    RawSnapshot.objects.all().delete()
    one.conversation.__class__.objects.update(content_hash=b"none")  # as if all had changed
    poll(client=simulated, now=clock.now(), since=EPOCH)
    reread_open(client=simulated, now=clock.now())

    assert traces(address, name) == 0
    assert not RawSnapshot.objects.filter(pk=one.conversation_id)
    assert RawSnapshot.objects.exists()
    again = mirror_erasures(client=simulated, now=clock.now())
    assert again == Mirrored(listed=1)
    assert Watermark.objects.get(road=MIRROR).detail == "1 deletions listed, 0 new, 0 rows stripped"


@pytest.mark.parametrize("told", [{}, {"createdDate": None}, {"createdDate": "soon"}])
def test_a_request_without_an_instant_is_as_of_when_it_was_first_read(
    host: Any, client: Client, now: datetime, told: dict[str, Any]
) -> None:
    def mail(name: str, start: datetime) -> dict[str, Any]:
        written = session(f"s-{name}", segment("interact", 0, 5), addressFrom="ada@example.org")
        customer = participant(f"p-{name}", "customer", written, participantName="Ada")
        return conversation(name, customer) | {"conversationStart": isoformat(start)}

    ingest.take(
        map(raw, (mail("before", now - MINUTE), mail("after", now + MINUTE))),
        observed_at=now,
        now=now,
    )
    subject = {"emailAddresses": ["ada@example.org"]}
    asked = {"id": "r1", "requestType": "GDPR_DELETE", "subject": subject} | told
    host.routes["/api/v2/gdpr/requests"] = lambda s: s.answer(body={"entities": [asked]})
    # What a first run that was killed has left.
    ErasureRequest.objects.create(genesys_id="r1", requested_at=now)

    mirror_erasures(client=client, now=now + 60 * MINUTE)

    assert ErasureRequest.objects.get().requested_at == now
    named = Participant.objects.exclude(name="").values_list("conversation__genesys_id", flat=True)
    assert list(named) == ["after"]


def test_an_agent_who_is_deleted_gets_no_name_back(
    simulated: Client, centre: Served, clock: ManualClock
) -> None:
    synchronise(client=simulated, now=clock.now())
    gone = Agent.objects.order_by("pk")[0]
    ask_to_erase(centre, userId=gone.genesys_id)

    mirror_erasures(client=simulated, now=clock.now())
    synchronise(client=simulated, now=clock.now())

    gone.refresh_from_db()
    assert (gone.name, gone.email) == ("", "")
    assert Agent.objects.filter(name="").count() == 1


def test_all_pages_are_read_and_a_name_alone_is_left_to_somebody(
    host: Any, client: Client, now: datetime
) -> None:
    def page(stage: Any) -> None:
        number = int(stage.query["pageNumber"])
        subject = {"name": "Ada"} if number == 2 else {"phoneNumbers": ["+49301234567"]}
        told = {"id": f"r{number}", "requestType": "GDPR_DELETE", "subject": subject}
        stage.answer(body={"entities": [told], "pageCount": 2})

    host.routes["/api/v2/gdpr/requests"] = page

    assert mirror_erasures(client=client, now=now).erased == 2
    open_still = ErasureRequest.objects.get(erased_at=None)
    assert (open_still.genesys_id, open_still.requested_at) == ("r2", now)
    assert "erase_person" in open_still.detail


def test_every_part_of_a_subject_is_heeded(host: Any, client: Client, now: datetime) -> None:
    subject = {
        "name": "Ada",
        "userId": "u1",
        "externalContactId": "x1",
        "externalId": "x2",
        "dialerContactId": {"id": "d1", "contactListId": "l1"},
        "journeyCustomer": {"id": "j1", "type": "cookie"},
        "socialHandle": {"type": "TWITTER", "value": "@ada"},
        "addresses": ["1 Mill Lane", None],
        "phoneNumbers": ["+49 30 1234567", "nonsense"],
        "emailAddresses": ["ada@example.org"],
    }
    odd = {"id": "r2", "requestType": "GDPR_DELETE", "createdDate": None, "subject": None}
    one = {"id": "r1", "requestType": "GDPR_DELETE", "subject": subject, "status": "NEW_STATUS"}
    host.routes["/api/v2/gdpr/requests"] = lambda s: s.answer(body={"entities": [one, odd]})

    mirror_erasures(client=client, now=now)

    kinds = ErasedIdentifier.objects.order_by("kind", "pk").values_list("kind", flat=True)
    # Beside the other ids and addresses the external contact's id, which may be an attribute.
    assert list(kinds) == ["email", "external contact", *["other"] * 6, "phone", "user"]
    assert [call.query["pageSize"] for call in host.calls] == ["100"]


def test_a_permission_that_is_missing_is_named(host: Any, client: Client, now: datetime) -> None:
    body = {"code": "missing.permissions", "message": "Needs gdpr:request:view"}
    host.routes["/api/v2/gdpr/requests"] = lambda s: s.answer(403, body)

    with pytest.raises(PermissionMissingError, match="gdpr:request:view"):
        mirror_erasures(client=client, now=now)

    assert Watermark.objects.get(road=MIRROR).failing_since is not None


def test_an_answer_of_another_shape_erases_nobody(host: Any, client: Client, now: datetime) -> None:
    host.routes["/api/v2/gdpr/requests"] = lambda s: s.answer(body={"entities": [{"no": "id"}]})

    with pytest.raises(MalformedAnswerError):
        mirror_erasures(client=client, now=now)

    assert not ErasureRequest.objects.exists()
