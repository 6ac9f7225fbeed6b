"""Writing holds' records and tasks: many to a call, and each of them once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from integrations.domain.delivery import Outcome, Parcel, Result
from integrations.salesforce import fields, verdicts
from integrations.salesforce.client import Client, Row, Written
from integrations.salesforce.jobs import RecordJob, TaskJob

_MARKED: Final = f"SELECT Id, {fields.TASK_MARK} FROM Task WHERE {fields.TASK_MARK} IN {{values}}"  # noqa: S608 - a field's name


def write_records(
    client: Client, jobs: Mapping[int, RecordJob], users: Mapping[str, str]
) -> dict[int, Outcome]:
    """Upsert holds' records by their key, sorted by case; return outcomes by the same numbers.

    users are users in Salesforce by agent. A key that somebody made in the same instant is there
    now: it is written once more, and then updates.
    """
    numbers = sorted(jobs, key=lambda number: (jobs[number].case_id, number))
    records = [_record(jobs[number], users) for number in numbers]
    written = client.upsert(fields.HOLD, fields.KEY, records)
    again = [i for i, one in enumerate(written) if _is_duplicate(one)]
    for i, one in zip(
        again, client.upsert(fields.HOLD, fields.KEY, [records[i] for i in again]), strict=True
    ):
        written[i] = one
    return dict(zip(numbers, map(_outcome, written), strict=True))


def _record(job: RecordJob, users: Mapping[str, str]) -> Row:
    return {**job.record, fields.AGENT: users.get(job.agent.user_id) or None}


def _is_duplicate(one: Written) -> bool:
    return one.problem is not None and one.problem.code == verdicts.DUPLICATE


def write_tasks(
    client: Client,
    jobs: Mapping[int, TaskJob],
    parcels: Mapping[int, Parcel],
    proceed: Callable[[], None],
) -> dict[int, Outcome]:
    """Make or change tasks; return outcomes by the same numbers.

    One that may have been made is looked for first, by its key, unless Task has an external id.
    proceed is asked before any is made: it raises where it is too late.
    """
    ids = {number: parcels[number].remote_id for number in jobs if parcels[number].remote_id}
    key = task_key(client)
    doubtful = [n for n in jobs if n not in ids and parcels[n].in_doubt]
    if doubtful and not key:
        ids |= _look_for(client, {n: jobs[n] for n in doubtful})
    done = _each(ids, lambda some: client.update(
        fields.TASK, [{"id": ids[n], **jobs[n].record} for n in some]))  # fmt: skip
    rest = [n for n in jobs if n not in ids]
    proceed()
    if key:
        return done | _each(rest, lambda some: client.upsert(
            fields.TASK, key, [{key: jobs[n].key, **jobs[n].record} for n in some]))  # fmt: skip
    return done | _each(rest, lambda some: client.create(
        fields.TASK, [jobs[n].record for n in some]))  # fmt: skip


def task_key(client: Client) -> str:
    """Return the field of Task that is an external id for our key; "" where there is none."""
    return client.known("task-key", lambda: _described_key(client.describe(fields.TASK)))


def _described_key(described: Row) -> str:
    told = (one for one in described["fields"] if one["name"] == fields.TASK_KEY)
    return fields.TASK_KEY if any(one.get("externalId") for one in told) else ""


def _look_for(client: Client, jobs: Mapping[int, TaskJob]) -> dict[int, str]:
    """Return the ids of tasks that were made although nobody heard the answer."""
    marks = {str(job.record[fields.TASK_MARK]): number for number, job in jobs.items()}
    rows = client.query_each(_MARKED, marks)
    return {marks[row[fields.TASK_MARK]]: str(row["Id"]) for row in rows}


def _each(
    numbers: Iterable[int], write: Callable[[Sequence[int]], list[Written]]
) -> dict[int, Outcome]:
    some = list(numbers)
    return dict(zip(some, map(_outcome, write(some)), strict=True))


def _outcome(one: Written) -> Outcome:
    if one.problem is not None:
        return verdicts.of_problem(one.problem)
    return Outcome(Result.DELIVERED, status=200, remote_id=one.id)
