"""Looking for cases in Salesforce: each way for all conversations at once, the surest first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from integrations.salesforce.client import Client, Row
from integrations.salesforce.domain import ids, linking
from integrations.salesforce.domain.linking import Found, How
from integrations.salesforce.form import Settings
from integrations.salesforce.jobs import LinkJob

_BY_ID: Final = "SELECT Id FROM Case WHERE Id IN {values}"
_BY_NUMBER: Final = "SELECT Id, CaseNumber FROM Case WHERE CaseNumber IN {values}"
_BY_EMAIL: Final = (
    "SELECT ParentId, MessageIdentifier FROM EmailMessage WHERE MessageIdentifier IN {values}"
)
Candidates = dict[str, list[str]]  # ids of cases by conversation


def find(
    client: Client, settings: Settings, jobs: Sequence[LinkJob], proceed: Callable[[], None]
) -> dict[str, Found]:
    """Return the case of each conversation, or why there is none.

    proceed is asked before each way: it raises where it is too late.
    """
    ways: Sequence[tuple[How, Callable[[Sequence[LinkJob]], Candidates]]] = (
        (How.FIELD, lambda some: _by_field(client, settings.conversation_field, some)),
        (How.ATTRIBUTE, lambda some: _named(client, some, _by_attribute)),
        (How.TAG, lambda some: _named(client, some, _by_tag)),
        (How.TASK, lambda some: _by_task(client, settings.task_field, some)),
        (How.EMAIL, lambda some: _by_email(client, some)),
    )
    found: dict[str, Found] = {one.conversation_id: linking.choose({}) for one in jobs}
    left = list(jobs)
    for how, way in ways:
        proceed()
        for genesys_id, cases in (way(left) if left else {}).items():
            found[genesys_id] = linking.choose({how: cases})
        left = [one for one in left if not found[one.conversation_id].how]
    return found


def _by_field(client: Client, name: str, jobs: Sequence[LinkJob]) -> Candidates:
    """Ask for cases in whose field the conversation's id stands."""
    if not name:
        return {}
    asked = f"SELECT Id, {name} FROM Case WHERE {name} IN {{values}}"  # noqa: S608 - a field's name
    rows = client.query_each(asked, {one.conversation_id for one in jobs})
    return _of(jobs, _grouped(rows, name, "Id"), lambda one: (one.conversation_id,))


def _by_task(client: Client, name: str, jobs: Sequence[LinkJob]) -> Candidates:
    """Ask for tasks, as Genesys Cloud for Salesforce makes them, of a case and a conversation."""
    if not name:
        return {}
    asked = f"SELECT WhatId, {name} FROM Task WHERE {name} IN {{values}}"  # noqa: S608 - a field's name
    rows = client.query_each(asked, {one.conversation_id for one in jobs})
    of_cases = [row for row in rows if ids.full(str(row["WhatId"] or ""), ids.CASE_PREFIX)]
    return _of(jobs, _grouped(of_cases, name, "WhatId"), lambda one: (one.conversation_id,))


def _by_email(client: Client, jobs: Sequence[LinkJob]) -> Candidates:
    wanted = {name for one in jobs for name in one.message_ids}
    rows = client.query_each(_BY_EMAIL, wanted) if wanted else []
    of_cases = [row for row in rows if ids.full(str(row["ParentId"] or ""), ids.CASE_PREFIX)]
    grouped = _grouped(of_cases, "MessageIdentifier", "ParentId")
    return _of(jobs, grouped, lambda one: one.message_ids)


_Named = tuple[tuple[str, ...], tuple[str, ...]]


def _by_attribute(one: LinkJob) -> _Named:
    return one.attribute_ids, one.attribute_numbers


def _by_tag(one: LinkJob) -> _Named:
    return one.tag_ids, one.tag_numbers


def _named(
    client: Client, jobs: Sequence[LinkJob], named: Callable[[LinkJob], _Named]
) -> Candidates:
    """Ask whether the cases that texts name, by id or number, are there."""
    by_id = {name for one in jobs for name in named(one)[0]}
    by_number = {name for one in jobs for name in named(one)[1]}
    rows = client.query_each(_BY_ID, by_id) if by_id else []
    grouped = _grouped(rows, "Id", "Id")
    if by_number:
        grouped |= _grouped(client.query_each(_BY_NUMBER, by_number), "CaseNumber", "Id")
    return _of(jobs, grouped, lambda one: (*named(one)[0], *named(one)[1]))


def _grouped(rows: Iterable[Row], by: str, value: str) -> Candidates:
    found: Candidates = {}
    for row in rows:
        found.setdefault(str(row[by]).casefold(), []).append(str(row[value]))
    return found


def _of(
    jobs: Sequence[LinkJob],
    grouped: Mapping[str, Sequence[str]],
    keys: Callable[[LinkJob], Iterable[str]],
) -> Candidates:
    """Return what was found for each conversation that anything was found for."""
    found = {
        one.conversation_id: [case for key in keys(one) for case in grouped.get(key.casefold(), ())]
        for one in jobs
    }
    return {genesys_id: cases for genesys_id, cases in found.items() if cases}
