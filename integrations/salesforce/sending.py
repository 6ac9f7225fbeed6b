"""One call's worth of letters, carried to Salesforce: records, cases, owners, tasks, in this order.

In a thread, without the database. What fails for one kind of work is told of that kind alone,
unless it would befall all.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from simple_salesforce.exceptions import SalesforceError

from integrations.domain.delivery import Outcome, Result
from integrations.errors import IntegrationError, TemporaryError
from integrations.outbox.kinds import Letter
from integrations.salesforce import finding, jobs, moving, timeline, users, verdicts
from integrations.salesforce.client import Client, client
from integrations.salesforce.form import Settings
from integrations.salesforce.jobs import Job, LinkJob, OwnerJob, Person, RecordJob, TaskJob
from integrations.salesforce.users import Resolved

J = TypeVar("J", bound=Job)

# No kind of work, and no call, is begun later than that: then all ends before the lease.
BEGUN_WITHIN_S: Final = 20.0
CALLED_WITHIN_S: Final = 35.0
BUDGET_PAUSE_S: Final = 900.0
_LATE: Final = Outcome(
    Result.FAILED, "its turn did not come in time", retry_after=1, blames_them=False, counts=False
)


@dataclass(slots=True)
class Round:
    """The letters of one call by number, and what became of them so far."""

    client: Client
    settings: Settings
    letters: Sequence[Letter]
    began: float = field(default_factory=time.monotonic)
    done: dict[int, Outcome] = field(default_factory=dict)
    users: dict[str, Resolved] = field(default_factory=dict)
    stopped: Outcome | None = None

    def of(self, kind: type[J]) -> dict[int, J]:
        """Return the jobs of a kind that are not done yet, by number."""
        told = ((n, jobs.of(one.message)) for n, one in enumerate(self.letters))
        return {n: job for n, job in told if isinstance(job, kind) and n not in self.done}

    def user_of(self, person: Person) -> str:
        """Return an agent's user in Salesforce; "" where it is not known."""
        found = self.users.get(person.user_id)
        return found.salesforce_id if found else person.salesforce_id

    @property
    def is_late(self) -> bool:
        return time.monotonic() - self.began > BEGUN_WITHIN_S

    def check(self) -> None:
        """Raise TemporaryError where it is too late for another call."""
        if time.monotonic() - self.began > CALLED_WITHIN_S:
            raise TemporaryError("Salesforce answers too slowly", slow=True)


def send(settings: Settings, letters: Sequence[Letter]) -> list[Outcome]:
    """Carry letters; return their outcomes in the same order."""
    here = Round(client(settings), settings, letters)
    if any(jobs.of(one.message) is None for one in letters):
        return [_tested(here)] * len(letters)
    _part(here, Job, _look_for_users)
    _part(here, RecordJob, _records)
    _part(here, LinkJob, _links)
    _part(here, OwnerJob, _owners)
    _part(here, TaskJob, _tasks)
    return [_keeping(here, n, here.done.get(n, _LATE)) for n in range(len(letters))]


def _part(here: Round, kind: type[J], do: Callable[[Round, Mapping[int, J]], None]) -> None:
    """Do one kind of work. An answer that would meet all other work too is told of that at once."""
    wanted = here.of(kind)
    if wanted and here.stopped is None and not here.is_late:
        try:
            do(here, wanted)
        except (SalesforceError, IntegrationError) as error:
            _fail(here, wanted, verdicts.of_error(error))
    if here.stopped is not None:
        _fill(here, here.of(kind), here.stopped)


def _fail(here: Round, wanted: Mapping[int, Any], verdict: Outcome) -> None:
    _fill(here, wanted, verdict)
    meets_all = verdict.disables or verdict.breaks or verdict.blames_them
    if meets_all:
        lost = verdict.result is Result.LOST  # what was not sent was not lost
        here.stopped = verdict._replace(result=Result.FAILED) if lost else verdict


def _fill(here: Round, wanted: Mapping[int, Any], verdict: Outcome) -> None:
    for number in wanted:
        here.done.setdefault(number, verdict)


def _look_for_users(here: Round, wanted: Mapping[int, Job]) -> None:
    people = [job.agent for job in wanted.values() if isinstance(job, RecordJob | OwnerJob)]
    here.users = users.resolve(here.client, people)


def _records(here: Round, wanted: Mapping[int, RecordJob]) -> None:
    found = {job.agent.user_id: here.user_of(job.agent) for job in wanted.values()}
    here.done |= timeline.write_records(here.client, wanted, found)


def _links(here: Round, wanted: Mapping[int, LinkJob]) -> None:
    found = finding.find(here.client, here.settings, list(wanted.values()), here.check)
    for number, job in wanted.items():
        case = found[job.conversation_id]
        reason = f"found: {case.how}" if case.case_id else case.reason
        here.done[number] = Outcome(Result.DELIVERED, reason, status=200, kept={"case": case})


def _owners(here: Round, wanted: Mapping[int, OwnerJob]) -> None:
    asked = {}
    for number, job in wanted.items():
        if job.superseded:
            here.done[number] = Outcome(Result.FOUND, "somebody was connected later")
        elif not here.user_of(job.agent):
            reason = "the agent's user in Salesforce is not known: see Salesforce users"
            here.done[number] = Outcome(Result.REFUSED, reason)
        else:
            asked[number] = job
    seen = moving.read(here.client, {job.case_id for job in asked.values()}) if asked else {}
    for number, job in asked.items():
        if here.is_late:
            return
        target = here.user_of(job.agent)
        case = seen.get(job.case_id)
        here.done[number] = _moved(here, job, target, case)


def _moved(here: Round, job: OwnerJob, target: str, case: moving.Seen | None) -> Outcome:
    """Move one case: what befalls it is told of it alone."""
    try:
        return moving.move(here.client, here.settings, job, target, case)
    except (SalesforceError, IntegrationError) as error:
        return verdicts.of_error(error)


def _tasks(here: Round, wanted: Mapping[int, TaskJob]) -> None:
    usage = here.client.usage
    if usage and usage.percent >= here.settings.budget_percent:
        reason = f"{usage.percent:.0f} % of the organisation's API calls are used: tasks wait"
        waits = Outcome(
            Result.FAILED, reason, retry_after=BUDGET_PAUSE_S, blames_them=False, counts=False
        )
        _fill(here, wanted, waits)
        return
    parcels = {number: here.letters[number].parcel for number in wanted}
    here.done |= timeline.write_tasks(here.client, wanted, parcels, here.check)


def _tested(here: Round) -> Outcome:
    """Log in and look at the limits: that is what a test without a real case can show."""
    try:
        left = here.client.limits()["DailyApiRequests"]
    except (SalesforceError, IntegrationError) as error:
        return verdicts.of_error(error)
    reason = f"logged in; {left['Remaining']} of {left['Max']} API calls are left"
    return Outcome(Result.DELIVERED, reason, status=200)


def _keeping(here: Round, number: int, outcome: Outcome) -> Outcome:
    """Hand each user that was looked for along with the first outcome of those whose it is."""
    job = jobs.of(here.letters[number].message)
    if not isinstance(job, RecordJob | OwnerJob) or job.agent.user_id not in here.users:
        return outcome
    user_id = job.agent.user_id
    found = {user_id: here.users.pop(user_id)}  # to be noted once
    return outcome._replace(kept={**(outcome.kept or {}), "users": found})
