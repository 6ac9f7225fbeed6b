"""What is to be done in Salesforce, looked up and ready: what stands between rows and calls."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from integrations.outbox.messages import Message

# Topics of our deliveries, in the order in which a call does them.
RECORD: Final = "hold.record"
LINK: Final = "case.link"
OWNER: Final = "case.owner"
TASK: Final = "hold.task"
JOB: Final = "job"


class Person(msgspec.Struct, frozen=True):
    """An agent. salesforce_id is their user's, or ""; look: it is to be looked for by e-mail."""

    user_id: str
    name: str = ""
    email: str = ""
    salesforce_id: str = ""
    look: bool = False


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done. Base of the kinds below."""

    conversation_id: str
    case_id: str = ""


class RecordJob(Job, frozen=True, kw_only=True):
    """Write the record of a hold; its agent's user is filled in when it is known."""

    record: Mapping[str, Any]
    agent: Person


class TaskJob(Job, frozen=True, kw_only=True):
    """Write a task onto the case's timeline; key tells it from all others."""

    key: str
    record: Mapping[str, Any]


class OwnerJob(Job, frozen=True, kw_only=True):
    """Give the case to the agent who was connected at an instant; event is its key.

    superseded: somebody was connected later.
    """

    event: str
    at: datetime
    agent: Person
    superseded: bool = False


class LinkJob(Job, frozen=True, kw_only=True):
    """Find the case of a conversation, by what attributes and tag say of it."""

    attribute_ids: tuple[str, ...] = ()
    attribute_numbers: tuple[str, ...] = ()
    tag_ids: tuple[str, ...] = ()
    tag_numbers: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()


def of(message: Message) -> Job | None:
    """Return what a message asks for; None of a test."""
    job: Job | None = message.more.get(JOB)
    return job


def shown(job: Job) -> str:
    """Return a job as an administrator reads it, without what is only there to look by."""
    told = msgspec.to_builtins(job)
    told.get("agent", {}).pop("email", None)
    return msgspec.json.format(msgspec.json.encode(told)).decode()
