"""Bulk API 2.0, as far as records are put in by it: a job, its CSV, and what became of each row."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from simulator.receivers.salesforce import records
from simulator.receivers.salesforce.asks import Answer, Ask
from simulator.receivers.salesforce.errors import SalesforceError, not_found
from simulator.receivers.salesforce.objects import Kind
from simulator.receivers.salesforce.records import By, SeveralError
from simulator.receivers.salesforce.rest import Routes

_DELIMITERS: Final = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^"}
_NULL: Final = "#N/A"  # an empty cell leaves a field as it is
_CSV: Final = "text/csv"


@dataclass(slots=True)
class Job:
    """A job: what it was asked for, its rows, and which of them did what."""

    id: str
    kind: Kind
    told: dict[str, Any]
    data: str = ""
    done: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)


def create(ask: Ask) -> Answer:
    """Open a job. Raises SalesforceError where it could not be done."""
    body = ask.object()
    operation, kind = body.get("operation"), ask.org.kind(str(body.get("object")))
    if operation not in ("insert", "update", "upsert", "delete"):
        raise SalesforceError("INVALIDJOB", f"InvalidJob : Unsupported operation: {operation}")
    if operation == "upsert":
        records.external(kind, str(body.get("externalIdFieldName")))
    id_ = ask.org.ids.make("750")
    plain = {"columnDelimiter": "COMMA", "lineEnding": "LF", "contentType": "CSV"}
    told = plain | body | {"id": id_, "state": "Open", "object": kind.name, "jobType": "V2Ingest"}
    told |= {"contentUrl": f"services/data/v{ask.version}/jobs/ingest/{id_}/batches"}
    ask.org.jobs[id_] = Job(id_, kind, told)
    return Answer(200, told)


def upload(ask: Ask) -> Answer:
    job = _open(ask)
    job.data = ask.raw.decode("utf-8", "replace")
    return Answer(201)


def close(ask: Ask) -> Answer:
    """Let a job begin, or give it up."""
    job, state = _open(ask), ask.object().get("state")
    if state not in ("UploadComplete", "Aborted"):
        raise SalesforceError("INVALIDJOBSTATE", f"Invalid job state: {state}")
    job.told["state"] = state
    answer = dict(job.told)
    if state == "UploadComplete":
        _work(ask, job)
    return Answer(200, answer)


def status(ask: Ask) -> Answer:
    job = _job(ask)
    processed = len(job.done) + len(job.failed)
    counts = {"numberRecordsProcessed": processed, "numberRecordsFailed": len(job.failed)}
    return Answer(200, job.told | counts)


def results(ask: Ask) -> Answer:
    job = _job(ask)
    match ask.path[3].lower():
        case "successfulresults":
            return _table(job.done, ("sf__Id", "sf__Created"))
        case "failedresults":
            return _table(job.failed, ("sf__Id", "sf__Error"))
        case "unprocessedrecords":
            return _table([], ())
    raise not_found()


def _table(rows: Sequence[dict[str, str]], names: Sequence[str]) -> Answer:
    columns = list(dict.fromkeys((*names, *(name for row in rows for name in row))))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return Answer(200, text.getvalue(), media=_CSV)


def _job(ask: Ask) -> Job:
    if ask.path[2] not in ask.org.jobs:
        raise not_found()
    found: Job = ask.org.jobs[ask.path[2]]
    return found


def _open(ask: Ask) -> Job:
    job = _job(ask)
    if job.told["state"] != "Open":
        wording = f"Invalid state change: the job is {job.told['state']}"
        raise SalesforceError("INVALIDJOBSTATE", wording)
    return job


def _work(ask: Ask, job: Job) -> None:
    delimiter = _DELIMITERS.get(job.told["columnDelimiter"], ",")
    for row in csv.DictReader(io.StringIO(job.data, newline=""), delimiter=delimiter):
        try:
            id_, created = _one(ask, job, _values(job.kind, row))
            job.done.append({"sf__Id": id_, "sf__Created": str(created).lower()} | row)
        except (SalesforceError, SeveralError) as error:
            job.failed.append({"sf__Id": "", "sf__Error": _worded(error)} | row)
    job.told["state"] = "JobComplete"


def _worded(error: SalesforceError | SeveralError) -> str:
    if isinstance(error, SeveralError):
        return "DUPLICATE_VALUE:more than one record found for external id field:--"
    return f"{error.code}:{error.message}:{' '.join(error.fields or ())}--"


def _one(ask: Ask, job: Job, values: dict[str, Any]) -> tuple[str, bool]:
    """Do what a job is for with one row. Return the record's id, and whether it is new."""
    org, kind, by = ask.org, job.kind, By(ask.user)
    id_ = str(values.pop("Id", ""))
    match job.told["operation"]:
        case "insert":
            return records.create(org, kind, values, by), True
        case "upsert":
            key = records.external(kind, job.told["externalIdFieldName"])
            given = values.pop(key.name, None)
            if given is None:
                raise SalesforceError("MISSING_ARGUMENT", f"{key.name} not specified")
            done = records.upsert(org, kind, (key, given), values, by)
            return done.id, done.created
        case "update":
            records.update(org, kind, id_, values, by)
        case _:
            records.delete(org, kind, id_, by)
    return id_, False


def _values(kind: Kind, row: dict[str, str]) -> dict[str, Any]:
    """Return what a row of CSV says, as JSON would."""
    return {name: _value(kind, name, text) for name, text in row.items() if text != ""}


def _value(kind: Kind, name: str, text: str) -> Any:
    known = kind.field(name)
    if text == _NULL or known is None:
        return None if text == _NULL else text
    if known.type == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return {"int": int, "double": float}.get(known.type, str)(text)
    except ValueError:
        return text


ROUTES: Final[Routes] = (
    ("POST", "jobs/ingest", create),
    ("GET", "jobs/ingest/{}", status),
    ("PATCH", "jobs/ingest/{}", close),
    ("PUT", "jobs/ingest/{}/batches", upload),
    ("GET", "jobs/ingest/{}/{}", results),
)
