"""SOQL at the simulated Salesforce, through simple-salesforce."""

from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceMalformedRequest
from simple_salesforce.format import format_soql

from simulator.clock import ManualClock
from simulator.receivers.salesforce.org import Org


@pytest.fixture
def cases(org: Org, clock: ManualClock) -> list[str]:
    """Four cases, one a minute: two of Ann's, one of the default queue, one closed and Ben's."""
    ann, ben = (org.user(f"{n} Agent", f"{n}@acme.example") for n in ("Ann", "Ben"))
    made = []
    for fields in (
        {"OwnerId": ann, "Subject": "O'Neill's order", "Priority": "High"},
        {"OwnerId": ann, "Subject": None, "Genesys_Conversation_Id__c": "c-1"},
        {"Subject": "100% late"},
        {"OwnerId": ben, "Subject": "late", "Status": "Closed"},
    ):
        made.append(org.case(**fields))
        clock.advance(60)
    return made


def found(sf: Any, cases: list[str], condition: str) -> list[int]:
    """Return which of the cases a condition and order mean."""
    return [
        cases.index(row["Id"]) for row in sf.query(f"SELECT Id FROM Case {condition}")["records"]
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ("WHERE Subject = 'LATE'", [3]),
        (format_soql("WHERE Subject = {}", "O'Neill's order"), [0]),
        ("WHERE Subject != 'late'", [0, 1, 2]),
        ("WHERE Subject = null", [1]),
        ("WHERE Subject LIKE '%late'", [2, 3]),
        ("WHERE Subject IN ('late', 'LATER', '100% late')", [2, 3]),
        ("WHERE Subject NOT IN ('late')", [0, 1, 2]),
        ("WHERE IsClosed = true", [3]),
        ("WHERE CreatedDate > 2026-03-27T16:46:00Z", [2, 3]),
        ("WHERE CreatedDate >= 2026-03-27T17:46:00.000+01:00", [1, 2, 3]),
        ("WHERE CreatedDate < 2026-03-27T16:46:00.000+0000", [0]),
        ("WHERE Owner.Name = 'Ann Agent' AND Priority = 'High'", [0]),
        ("WHERE Priority = 'High' OR Status = 'Closed'", [0, 3]),
        ("WHERE IsClosed = false AND (Priority = 'High' OR Subject = null)", [0, 1]),
        ("WHERE NOT IsClosed = true", [0, 1, 2]),
        ("WHERE Genesys_Conversation_Id__c = 'C-1'", [1]),
        ("ORDER BY CreatedDate DESC LIMIT 2", [3, 2]),
        ("ORDER BY Subject", [1, 2, 3, 0]),
        ("ORDER BY Subject DESC NULLS LAST", [0, 3, 2, 1]),
        ("ORDER BY IsClosed DESC, CaseNumber DESC LIMIT 2 OFFSET 1", [2, 1]),
        ("where caseNumber='00001002'", [1]),
    ],
)
def test_conditions_and_order(
    sf: Any, cases: list[str], condition: str, expected: list[int]
) -> None:
    assert found(sf, cases, condition) == expected


def test_ids_are_asked_for_by_fifteen_or_eighteen_characters(sf: Any, cases: list[str]) -> None:
    assert found(sf, cases, f"WHERE Id IN ('{cases[2][:15]}', '{cases[0]}')") == [0, 2]


def test_fields_of_parents_come_inside(sf: Any, org: Org, cases: list[str]) -> None:
    asked = f"SELECT Owner.Name, CreatedBy.Username, CreatedDate FROM Case WHERE Id = '{cases[0]}'"

    (row,) = sf.query(asked)["records"]

    url = "/services/data/v62.0/sobjects"
    ann = org.row("Case", cases[0])["OwnerId"]
    assert row == {
        "attributes": {"type": "Case", "url": f"{url}/Case/{cases[0]}"},
        "Owner": {
            "attributes": {"type": "User", "url": f"{url}/User/{ann}"},
            "Name": "Ann Agent",
        },
        "CreatedBy": {
            "attributes": {"type": "User", "url": f"{url}/User/{org.admin}"},
            "Username": "admin@acme.example",
        },
        "CreatedDate": "2026-03-27T16:45:00.000+0000",
    }


def test_long_answers_come_in_pages(sf: Any, org: Org, cases: list[str]) -> None:
    org.page = 3

    first = sf.query("SELECT Id FROM Case")
    told = sf.query_all("SELECT Id FROM Case")

    assert (first["totalSize"], first["done"], len(first["records"])) == (4, False, 3)
    assert first["nextRecordsUrl"].startswith("/services/data/v62.0/query/01g")
    assert [row["Id"] for row in told["records"]] == cases
    rest = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert (rest["done"], [row["Id"] for row in rest["records"]]) == (True, cases[3:])


def test_what_is_counted_and_what_was_deleted(sf: Any, org: Org, cases: list[str]) -> None:
    org.remove("Case", cases[0])

    asked = "SELECT COUNT() FROM Case"
    assert sf.query(asked) == {"totalSize": 3, "done": True, "records": []}
    assert sf.query(asked, include_deleted=True)["totalSize"] == 4
    assert sf.is_sandbox() is False


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("SELECT Id FROM Case WHERE", "MALFORMED_QUERY"),
        ("SELECT FROM Case", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE Subject = O'Neill", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE Subject = late", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE A='1' AND B='2' OR C='3'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case LIMIT many", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case GROUP BY Id", "MALFORMED_QUERY"),
        ("SELECT Foo__c FROM Case", "INVALID_FIELD"),
        ("SELECT Foo.Name FROM Case", "INVALID_FIELD"),
        ("SELECT Id FROM Case WHERE Foo = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Task WHERE Description LIKE '%x%'", "INVALID_FIELD"),
        ("SELECT Id FROM CaseHistory WHERE NewValue = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Case WHERE CreatedDate > '2026-03-27T16:45:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Case WHERE Subject = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Foo", "INVALID_TYPE"),
        ("SELECT Id FROM Case WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
def test_a_wrong_query_is_refused(sf: Any, asked: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.query(asked)

    content: Any = raised.value.content
    assert content[0]["errorCode"] == code


def test_a_query_that_makes_the_address_too_long_is_refused(sf: Any) -> None:
    ids = ",".join(["'500Aw0000000001IAA'"] * 1000)

    with pytest.raises(SalesforceGeneralError) as raised:
        sf.query(f"SELECT Id FROM Case WHERE Id IN ({ids})")

    assert raised.value.status == 414
