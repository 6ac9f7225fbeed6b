"""Asynchronous jobs of Genesys analytics: conversations in bulk, with participants' attributes.

They show what was there at dataAvailabilityDate, some hours ago, and refuse intervals beyond it.
"""

from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from chrono import instants
from chrono.spans import Span
from integrations.errors import MalformedAnswerError
from integrations.genesys.client import Client
from integrations.genesys.queries import interval

JOBS: Final = "/api/v2/analytics/conversations/details/jobs"
AVAILABILITY: Final = f"{JOBS}/availability"
PAGE_SIZE: Final = 500
LONGEST_ID: Final = 100

FULFILLED: Final = "FULFILLED"
# A job in any other state than these and FULFILLED has come to nothing.
UNDER_WAY: Final = frozenset({"QUEUED", "PENDING"})


class Page(NamedTuple):
    """A page of a result: raw documents, and where the next begins; "" after the last."""

    documents: list[bytes]
    cursor: str


class _Submitted(msgspec.Struct, rename="camel"):
    job_id: str


class _Status(msgspec.Struct):
    state: str


class _Results(msgspec.Struct):
    """A page; an empty one has no conversations at all, the last one no cursor."""

    conversations: list[msgspec.Raw] | None = None
    cursor: str | None = None


class _Availability(msgspec.Struct, rename="camel"):
    data_availability_date: str


def available(client: Client) -> datetime:
    """Return the instant up to which jobs may be asked."""
    reply = client.get(AVAILABILITY)
    try:
        return instants.parse(reply.decode(_Availability).data_availability_date)
    except ValueError as error:
        raise MalformedAnswerError(f"{reply.where}: dataAvailabilityDate: {error}") from error


def submit(client: Client, span: Span) -> str:
    """Order all conversations that lived in a span; return the job's id."""
    asked = {"interval": interval(span), "order": "asc", "orderBy": "conversationStart"}
    reply = client.ask(JOBS, asked)
    job_id = reply.decode(_Submitted).job_id
    if not 0 < len(job_id) <= LONGEST_ID:
        raise MalformedAnswerError(f"{reply.where}: a jobId of {len(job_id)} characters")
    return job_id


def state(client: Client, job_id: str) -> str:
    """Return how far a job has come, in Genesys's words."""
    return client.get(_path(job_id)).decode(_Status).state


def results(client: Client, job_id: str, cursor: str) -> Page:
    """Read one page of a job's result; cursor is "" for the first."""
    asked = {"pageSize": PAGE_SIZE, **({"cursor": cursor} if cursor else {})}
    told = client.get(f"{_path(job_id)}/results", asked).decode(_Results)
    return Page([bytes(raw) for raw in told.conversations or ()], told.cursor or "")


def _path(job_id: str) -> str:
    return f"{JOBS}/{quote(job_id, safe='')}"
