"""/api/v2/analytics/conversations/details/jobs: conversations in bulk, some hours behind.

A job takes what lives in its interval, and what it tells includes participants' attributes. How far
it has come, the centre's clock says; that it comes out otherwise, a fault.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from starlette.requests import Request

from chrono.instants import isoformat, to_ms
from simulator.api import predicates, query
from simulator.api.answers import Centre, Handler, Told, fault_of, json_body, object_body
from simulator.api.entities import number
from simulator.api.errors import ApiError, bad_request, not_found
from simulator.documents import job_detail
from simulator.jobs import ENDINGS, KEPT_FOR, OVER, PENDING_FOR, QUEUED_FOR, Job
from simulator.world.records import Conversation

PATH = "/api/v2/analytics/conversations/details/jobs"
_PER_PAGE, _MOST_PER_PAGE = 1_000, 10_000

Entity = dict[str, Any]


async def submit(centre: Centre, request: Request) -> Told:
    """Take a query to be answered later."""
    body = await object_body(request)
    now = centre.clock.now()
    if unknown := set(body) & {"paging", "aggregations"}:
        raise bad_request(f"A job takes no {', '.join(sorted(unknown))}")
    _, end = query.interval(body.get("interval"))
    predicates.accept(body)
    if end > centre.jobs.available(now):
        raise bad_request(
            f"The interval ends after {isoformat(centre.jobs.available(now))}, up to which data is "
            "available. See GET /api/v2/analytics/conversations/details/jobs/availability"
        )
    if centre.jobs.under_way(now) >= centre.jobs.most:
        raise _too_many(centre.jobs.most)
    job = Job(str(uuid4()), body, now)
    job.ending = ENDINGS.get(fault_of(request), job.ending)
    centre.jobs.known[job.id] = job
    return Told({"jobId": job.id}, 202)


async def status(centre: Centre, request: Request) -> Entity:
    """Tell how far a job has come."""
    job, now = _job(centre, request), centre.clock.now()
    state = job.state(now)
    told: Entity = {"state": state, "submissionDate": isoformat(job.submitted)}
    if state in OVER:
        told["completionDate"] = isoformat(job.submitted + QUEUED_FOR + PENDING_FOR)
        told["expirationDate"] = isoformat(job.submitted + KEPT_FOR)
    if state == "FAILED":
        told["errorMessage"] = "The simulator was told to fail"
    return told


async def results(centre: Centre, request: Request) -> Entity:
    """Tell one page of what a job found; the last has no cursor."""
    job, now = _job(centre, request), centre.clock.now()
    state = job.state(now)
    if state == "EXPIRED":
        raise not_found("job", job.id)
    if state != "FULFILLED":
        raise ApiError(400, "bad.request", f"The job is {state}: there are no results")
    if job.found is None:
        job.found = [each.id for each in _selected(job.body, centre)]
    cursor = request.query_params.get("cursor")
    if cursor and fault_of(request) == "invalid_cursor":
        raise bad_cursor()
    size = number(request, "pageSize", _PER_PAGE, most=_MOST_PER_PAGE)
    start = _offset(job, cursor)
    if fault_of(request) == "duplicate_page":
        start = max(start - size, 0)
    page = [centre.conversation(id_) for id_ in job.found[start : start + size]]
    told: Entity = {"dataAvailabilityDate": isoformat(centre.jobs.available(now))}
    documents = [job_detail(each) for each in page if each]
    if documents:
        told["conversations"] = documents
    if start + size < len(job.found):
        told["cursor"] = _cursor(job, start + size)
    return told


async def cancel(centre: Centre, request: Request) -> Told:
    """Stop a job that is not over."""
    _job(centre, request).cancelled = True
    return Told(None, 204)


async def availability(centre: Centre, request: Request) -> Entity:
    """Tell up to when data is there."""
    return {"dataAvailabilityDate": isoformat(centre.jobs.available(centre.clock.now()))}


async def put_jobs(centre: Centre, request: Request) -> Entity:
    """Change {"behind_s": seconds, "most": n}, or one of them."""
    body = await json_body(request)
    if not isinstance(body, dict) or not all(
        isinstance(v, int | float) and v >= 0 for v in body.values()
    ):
        raise bad_request('Give {"behind_s": seconds, "most": number}')
    centre.jobs.behind = timedelta(seconds=body.get("behind_s", centre.jobs.behind.total_seconds()))
    centre.jobs.most = int(body.get("most", centre.jobs.most))
    return {"behind_s": centre.jobs.behind.total_seconds(), "most": centre.jobs.most}


def _job(centre: Centre, request: Request) -> Job:
    id_ = request.path_params["id"]
    job = centre.jobs.known.get(id_)
    if job is None:
        raise not_found("job", id_)
    return job


def _selected(body: Entity, centre: Centre) -> Iterator[Conversation]:
    """Yield what lives in the interval; on demand, only what began on its first day or later."""
    start, end = query.interval(body["interval"])
    first, last = to_ms(start), to_ms(end)
    accepted = predicates.accept(body)
    earliest = 0
    if body.get("startOfDayIntervalMatching"):
        earliest = query.day_of(start)
    for each in centre.analytics():
        lives = each.start < last and (each.end is None or each.end >= first)
        if lives and each.start >= earliest and accepted(each):
            yield each


def _cursor(job: Job, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{job.id}:{offset}".encode()).decode()


def _offset(job: Job, cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        of, _, offset = base64.urlsafe_b64decode(cursor).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise bad_cursor() from error
    if of != job.id or not offset.isdecimal():
        raise bad_cursor()
    return int(offset)


def bad_cursor() -> ApiError:
    return ApiError(400, "invalid.cursor", "The cursor is not one of this job")


def _too_many(most: int) -> ApiError:
    limit = {
        "key": "details.jobs.concurrent.access.max",
        "namespace": "analytics",
        "value": most,
    }
    message = f"Too many jobs are under way: at most {most} at a time"
    return ApiError(429, "too.many.requests", message, details={"limit": limit})


ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("POST", PATH, submit),
    ("GET", f"{PATH}/availability", availability),
    ("GET", f"{PATH}/{{id}}", status),
    ("GET", f"{PATH}/{{id}}/results", results),
    ("DELETE", f"{PATH}/{{id}}", cancel),
)
CONTROL: Sequence[tuple[str, str, Handler]] = (("POST", "/simulator/jobs", put_jobs),)
