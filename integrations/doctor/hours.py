"""Whether the queues that policies are for have opening hours, by our own rows."""

from collections.abc import Iterator

from integrations.doctor.findings import Finding, ok, some, warn
from sla.queue_hours import without_hours

FIX = "write a rule in the admin, Queues' opening hours; one without conditions covers every queue"


def of_queues() -> Iterator[Finding]:
    """Look for queues for which a policy does not apply, since it goes by hours that they lack."""
    lacking = without_hours()
    if not lacking:
        yield ok("hours", "no policy goes by the opening hours of queues")
    for policy, queues in lacking.items():
        if queues:
            told = f"queues without opening hours, so it does not apply there: {some(queues)}"
            yield warn("hours", f'"{policy}": {told}', FIX)
        else:
            yield ok("hours", f'"{policy}": all of its queues have opening hours')
