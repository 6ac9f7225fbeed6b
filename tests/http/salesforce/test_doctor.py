"""salesforce_doctor, as an administrator runs it: on what is right, and on what is wrong."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command

from integrations.models import Delivery, Destination
from simulator.clock import Clock, ManualClock
from simulator.receivers.salesforce.org import Org
from tests.documents import at
from tests.http.salesforce.story import email, people, read, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Clock:
    return ManualClock(at(0))


def doctor(*options: str) -> tuple[list[str], int]:
    """Run it; return its lines and its exit code."""
    out = StringIO()
    try:
        call_command("salesforce_doctor", *options, stdout=out)
    except SystemExit as end:
        return out.getvalue().splitlines(), int(str(end.code))
    return out.getvalue().splitlines(), 0


def test_where_all_is_well_each_line_says_so(org: Org, destination: Destination) -> None:
    lines, code = doctor()
    assert code == 0
    assert lines == [
        "OK   destination    Salesforce: live",
        f"OK   credentials    a token by client credentials, as user {org.integration}",
        "OK   API version    62.0",
        "OK   organisation   Acme",
        "OK   holds          DCM_Hold__c: 14 fields may be written",
        "OK   cases          Case: 2 fields may be written",
        "OK   linking        by field Genesys_Conversation_Id__c, attribute caseId,"  # noqa: ISC004
        " attribute caseNumber, external tag, e-mails",
        "OK   tasks          Task: 7 fields may be written",
        "OK   tasks          found again by CallObject: Task has no external id of ours",
        "OK   limits         0 % of 100000 API calls of 24 hours are used",
        "OK   users          of 0 agents seen, 0 have no user in Salesforce",
        "OK   unlinked       every conversation that was looked for has its case",
        "OK   conflicts      0 cases were left to a newer decision",
        "OK   delivery       last never, 0 waiting, 0 given up",
    ]


def _key_is_not_unique(org: Org) -> None:
    key = org.kind("DCM_Hold__c").field("Key__c")
    assert key
    org.redefine("DCM_Hold__c", {"Key__c": replace(key, unique=False)})


def _sealed(org: Org) -> None:
    assigned = org.kind("Case").field("Genesys_Assigned_At__c")
    assert assigned
    org.redefine("Case", {"Genesys_Assigned_At__c": replace(assigned, write="")})


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (lambda org: org.auth.apps.clear(), "credentials    Salesforce gives no token: invalid"),
        (lambda org: org.hide("DCM_Hold__c"), "holds          DCM_Hold__c is not there, or not"),
        (
            lambda org: org.redefine("DCM_Hold__c", {"Queue__c": None}),
            "holds          DCM_Hold__c has no Queue__c, or not for our user",
        ),
        (_key_is_not_unique, "holds          Key__c is no unique external id: records could"),
        (_sealed, "cases          Genesys_Assigned_At__c of Case may not be written"),
        (lambda org: org.hide("CaseHistory"), "cases          the history of owners is not to"),
        (
            lambda org: org.redefine("Case", {"Genesys_Conversation_Id__c": None}),
            "linking        Case has no field Genesys_Conversation_Id__c that can be searched",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_fix(
    harm: Callable[[Org], None], line: str, org: Org, destination: Destination
) -> None:
    harm(org)
    lines, code = doctor()
    assert code == 1
    number = next(n for n, one in enumerate(lines) if one.startswith("FAIL"))
    assert lines[number].startswith(f"FAIL {line}")
    assert "docs/salesforce-setup.md" in lines[number + 1] or "History" in lines[number + 1]


def test_a_history_of_owners_that_is_not_kept_is_told_with_what_to_switch_on(
    org: Org, destination: Destination
) -> None:
    org.tracked.discard("Owner")
    lines, code = doctor()
    assert code == 0
    number = next(n for n, one in enumerate(lines) if one.startswith("WARN"))
    assert lines[number] == (
        "WARN cases          the history of owners is not tracked: a case that anybody changed"
        " since is not moved"
    )
    assert lines[number + 1].strip().endswith("Case, Set History Tracking")


def test_what_waits_for_somebody_is_counted(
    clock: ManualClock, org: Org, destination: Destination
) -> None:
    people()
    org.case("Broken", Genesys_Conversation_Id__c="e1")
    read(clock, 2, email("e1"), email("e2"))
    work(at(2))
    assert Delivery.objects.get(state="dead").topic == "case.owner"
    org.limits.used_by_others = 90_000
    lines, code = doctor()
    assert code == 0
    assert [line for line in lines if line.startswith("WARN")] == [
        "WARN limits         90 % of 100000 API calls of 24 hours are used",
        "WARN users          of 1 agents seen, 1 have no user in Salesforce",
        "WARN unlinked       1 conversations have no case",
        lines[-2],
    ]
    assert lines[-2].endswith("0 waiting, 1 given up")


def test_nothing_set_up_is_no_failure() -> None:
    lines, code = doctor()
    assert (code, len(lines)) == (0, 2)
    assert lines[0] == "WARN destination    there is none of the kind Salesforce"
