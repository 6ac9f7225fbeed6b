"""Replay timelines of conversations through SLA policies from a file, without a database."""

from sla.domain import scenario
from sla.management.commands import business_time


class Command(business_time.Command):
    """manage.py sla_replay --input FILE [--output FILE]."""

    help = (
        "Say how SLA clocks stand after a timeline of events, and explain each step. A scenario "
        "that cannot be read gets an error in its row and makes the exit code 1; the others are "
        "answered all the same."
    )
    answer = staticmethod(scenario.answer)
