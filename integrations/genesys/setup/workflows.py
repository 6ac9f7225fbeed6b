"""The workflows, one an event: a workflow is not told which topic has started it.

They are published as Archy does it: a job is registered, the YAML put where the job says, and the
job looked at until it is done.
"""

import threading
from collections.abc import Iterator
from functools import partial
from typing import Final

import msgspec

from integrations.errors import RefusedError, TemporaryError
from integrations.genesys.client import Client
from integrations.genesys.refusals import check
from integrations.genesys.setup import names, wishes
from integrations.genesys.setup.steps import Found, Kind, Step
from integrations.genesys.transport import Request, Wire

PATH: Final = "/api/v2/flows"
JOBS: Final = f"{PATH}/jobs"
DIVISIONS: Final = "/api/v2/authorization/divisions"
LOOKS: Final = 60
PAUSE_S: Final = 1.0


class Division(msgspec.Struct, rename="camel"):
    """A division."""

    name: str = ""
    home_division: bool = False


class Flow(msgspec.Struct, rename="camel"):
    """A workflow, as it is listed."""

    id: str
    name: str = ""
    description: str | None = None
    published_version: dict[str, object] | None = None


class Job(msgspec.Struct, rename="camel"):
    """A job that publishes a workflow."""

    id: str
    presigned_url: str = ""
    headers: dict[str, str] | None = None
    status: str = ""
    flow: dict[str, object] | None = None
    messages: list[dict[str, object]] | None = None


def find(client: Client) -> dict[str, Flow]:
    """Return our workflows by name."""
    wanted = {names.of_event(event) for event in names.EVENTS}
    asked = {"type": "workflow", "name": names.PREFIX}
    return {each.name: each for each in client.entities(PATH, Flow, asked) if each.name in wanted}


def workflows(found: Found) -> Iterator[Step]:
    """Look at each workflow, and whether it is the one that we would publish."""
    known = find(found.client)
    division = _home(found.client)
    for event in names.EVENTS:
        yield _step(found, known.get(names.of_event(event)), event, division)


def files(division: str) -> dict[str, str]:
    """Return the workflows as files, for Archy or Architect's import."""
    told = {event: wishes.description(event, division) for event in names.EVENTS}
    return {
        f"{names.of_event(event).replace(' ', '-')}.yaml": wishes.workflow(event, division, text)
        for event, text in told.items()
    }


def _step(found: Found, known: Flow | None, event: str, division: str) -> Step:
    what, do = f'workflow "{names.of_event(event)}"', partial(_publish, found, event, division)
    if known is None:
        return Step(Kind.CREATE, what, "published by an Architect job", do)
    found.flow_ids[event] = known.id
    if not known.published_version:
        return Step(Kind.CHANGE, what, "it is not published", do)
    if known.description != wishes.description(event, division):
        return Step(Kind.CHANGE, what, "it is not this version's", do)
    return Step(Kind.EXISTS, what)


def _home(client: Client) -> str:
    divisions = list(client.entities(DIVISIONS, Division))
    return next((each.name for each in divisions if each.home_division), "Home")


def _publish(found: Found, event: str, division: str) -> None:
    text = wishes.workflow(event, division, wishes.description(event, division))
    job = found.client.change("POST", JOBS, {}).decode(Job)
    headers = dict(job.headers or {})
    check(Wire().send(Request("PUT", job.presigned_url, headers, {}, text.encode())))
    found.flow_ids[event] = _done(found.client, job.id)


def _done(client: Client, job_id: str) -> str:
    """Wait for a job; return the id of its workflow."""
    path = f"{JOBS}/{job_id}"
    for _ in range(LOOKS):
        job = client.get(path, {"expand": "messages"}).decode(Job)
        if job.status == "Success" and job.flow:
            return str(job.flow.get("id", ""))
        if job.status == "Failure":
            raise RefusedError(f"GET {path}: the workflow was not published: {_said(job)}")
        threading.Event().wait(PAUSE_S)
    raise TemporaryError(f"GET {path}: the workflow was not published within {LOOKS} s")


def _said(job: Job) -> str:
    """Return what a job says of itself: it speaks of our own file, so it may be shown."""
    told = (str(each.get("text", "")) for each in job.messages or ())
    return "; ".join(text for text in told if text)[:500] or "no reason was given"
