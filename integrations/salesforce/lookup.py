"""What deliveries say, as the mirror knows it now: the outbox holds ids and instants only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from conversations.models import Conversation, Queue
from integrations.domain.delivery import Parcel
from integrations.models import Destination, SalesforceLink
from integrations.outbox.messages import Message, link_to
from integrations.salesforce import fields, links, ordering, users
from integrations.salesforce.domain import texts
from integrations.salesforce.domain.texts import Interrupter
from integrations.salesforce.jobs import (
    JOB,
    LINK,
    OWNER,
    RECORD,
    TASK,
    Job,
    LinkJob,
    OwnerJob,
    Person,
    RecordJob,
    TaskJob,
)

WITHDRAWN: Final = "withdrawn"
MARK: Final = "DCM "


class Known(NamedTuple):
    """Names, by Genesys's ids."""

    people: Mapping[str, Person]
    conversations: Mapping[str, Conversation]
    queues: Mapping[str, str]
    links: Mapping[str, LinkJob]
    latest: Mapping[str, datetime]  # when somebody was connected last, by case


def messages(destination: Destination, parcels: Sequence[Parcel]) -> dict[int, Message]:
    """Return what parcels say, by their pk: a fixed number of queries for any number."""
    known = _known(destination, parcels)
    return {one.pk: _message(one, _job(one, known)) for one in parcels}


def _message(parcel: Parcel, job: Job) -> Message:
    at = datetime.fromisoformat(parcel.payload.get("at") or parcel.payload.get("started") or _EPOCH)
    return Message(
        id=parcel.message_id,
        name=parcel.topic,
        at=at,
        recorded_at=at,
        conversation_id=parcel.conversation_id,
        more={JOB: job},
    )


_EPOCH: Final = "1970-01-01T00:00:00+00:00"


def _known(destination: Destination, parcels: Sequence[Parcel]) -> Known:
    payloads = [one.payload for one in parcels]
    interrupters = {name for each in payloads for name, _ in each.get("interrupted", ())}
    conversations = {
        row.genesys_id: row for row in Conversation.objects.filter(genesys_id__in=interrupters)
    }
    queue_ids = {each.get("queue", "") for each in payloads}
    queue_ids |= {row.queue_id for row in conversations.values()}
    queues = Queue.objects.filter(genesys_id__in=queue_ids).values_list("genesys_id", "name")
    wanted = [one.conversation_id for one in parcels if one.topic == LINK]
    owners = [one.payload["case"] for one in parcels if one.topic == OWNER]
    return Known(
        people=users.persons(destination, {each["user"] for each in payloads if each.get("user")}),
        conversations=conversations,
        queues=dict(queues),
        links=links.jobs(destination, wanted) if wanted else {},
        latest=_latest(destination, owners) if owners else {},
    )


def _latest(destination: Destination, case_ids: Iterable[str]) -> dict[str, datetime]:
    """Return when an agent was connected last in any conversation of each case."""
    rows = SalesforceLink.objects.filter(destination=destination, case_id__in=set(case_ids) - {""})
    cases = dict(rows.values_list("conversation__genesys_id", "case_id"))
    pks = rows.values_list("conversation_id", flat=True)
    found: dict[str, datetime] = {}
    for event in ordering.connections(pks):
        found[cases[event.conversation_id]] = event.at  # they come in order of time
    return found


def _job(parcel: Parcel, known: Known) -> Job:
    if parcel.topic == LINK:
        return known.links[parcel.conversation_id]
    if parcel.topic == OWNER:
        return _owner(parcel, known)
    told = _Told.of(parcel, known)
    if parcel.topic == TASK:
        return _task(told)
    assert parcel.topic == RECORD
    return _record(told)


def _owner(parcel: Parcel, known: Known) -> OwnerJob:
    payload = parcel.payload
    at = datetime.fromisoformat(payload["at"])
    latest = known.latest.get(payload["case"])
    return OwnerJob(
        conversation_id=parcel.conversation_id,
        case_id=payload["case"],
        event=payload["event"],
        at=at,
        agent=known.people[payload["user"]],
        superseded=latest is not None and latest > at,
    )


class _Told(NamedTuple):
    """A hold as it was ordered, and the names in it."""

    parcel: Parcel
    agent: Person
    queue: str
    interrupters: tuple[Interrupter, ...]
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, parcel: Parcel, known: Known) -> "_Told":
        payload = parcel.payload
        ended = payload["ended"]
        return cls(
            parcel,
            known.people.get(payload["user"], Person(payload["user"])),
            known.queues.get(payload["queue"], ""),
            tuple(_interrupter(name, s, known) for name, s in payload["interrupted"]),
            datetime.fromisoformat(payload["started"]),
            datetime.fromisoformat(ended) if ended else None,
        )

    @property
    def seconds(self) -> int | None:
        """How long it lasted, None while it does."""
        return round((self.ended_at - self.started_at).total_seconds()) if self.ended_at else None


def _interrupter(genesys_id: str, seconds: int, known: Known) -> Interrupter:
    row = known.conversations.get(genesys_id)
    if row is None:
        return Interrupter(genesys_id, seconds)
    queue = known.queues.get(row.queue_id, "")
    return Interrupter(genesys_id, seconds, row.media_type, row.originating_direction, queue)


def _record(told: _Told) -> RecordJob:
    payload = told.parcel.payload
    record: dict[str, Any] = {
        fields.KEY: payload["key"],
        fields.CASE_OF: payload["case"] or None,
        fields.CONVERSATION: told.parcel.conversation_id,
        fields.SESSION: payload["session"],
        fields.AGENT_NAME: texts.clean(told.agent.name, texts.LONGEST_NAME) or None,
        fields.MEDIA_TYPE: payload["media"] or None,
        fields.QUEUE: texts.clean(told.queue, texts.LONGEST_NAME) or None,
        fields.STARTED_AT: written(told.started_at),
        fields.ENDED_AT: written(told.ended_at) if told.ended_at else None,
        fields.DURATION: told.seconds,
        fields.INTERRUPTED_BY: texts.interrupted_by(told.interrupters) or None,
        fields.INTERRUPTED_S: sum(one.seconds for one in told.interrupters),
        fields.STATE: payload["state"],
    }
    return RecordJob(
        conversation_id=told.parcel.conversation_id,
        case_id=payload["case"],
        record=record,
        agent=told.agent,
    )


def _task(told: _Told) -> TaskJob:
    payload, ended_at = told.parcel.payload, told.ended_at or told.started_at
    seconds, gone = told.seconds or 0, payload["state"] == WITHDRAWN
    zone = ZoneInfo(settings.TIME_ZONE)
    since, until = told.started_at.astimezone(zone), ended_at.astimezone(zone)
    held = f"from {since:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S %Z}"
    made = texts.subject(payload["media"], seconds, told.interrupters)
    record: dict[str, Any] = {
        "WhatId": payload["case"],
        "Subject": texts.withdrawn(payload["media"]) if gone else made,
        "Description": texts.description(
            held, told.agent.name, told.interrupters, link_to(told.parcel.conversation_id)
        ),
        "Status": "Completed",
        "ActivityDate": until.date().isoformat(),
        "CallDurationInSeconds": seconds,
        fields.TASK_MARK: MARK + payload["key"],
    }
    return TaskJob(
        conversation_id=told.parcel.conversation_id,
        case_id=payload["case"],
        key=payload["key"],
        record=record,
    )


def written(at: datetime) -> str:
    """Return an instant as Salesforce takes it, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
