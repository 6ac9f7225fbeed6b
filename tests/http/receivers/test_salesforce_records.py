"""Records of the simulated Salesforce, one by one, through simple-salesforce."""

from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime
from typing import Any

import pytest
from simple_salesforce.exceptions import (
    SalesforceError,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from simulator.clock import ManualClock
from simulator.receivers.salesforce.objects import Field
from simulator.receivers.salesforce.org import Org

NO_RULES = {"Sforce-Auto-Assign": "FALSE"}


def refusal(raised: pytest.ExceptionInfo[SalesforceError]) -> tuple[int, str, Any]:
    """Return status, code and fields of a refusal."""
    content: Any = raised.value.content
    assert len(content) == 1
    return raised.value.status, content[0]["errorCode"], content[0].get("fields")


def test_a_record_is_made_read_changed_and_deleted(sf: Any, org: Org) -> None:
    case = org.case()
    made = sf.Task.create({"WhatId": case[:15], "Subject": "  Held  ", "Status": "Completed"})
    assert made == {"id": made["id"], "success": True, "errors": []}

    wanted = "Id,Subject,WhatId,IsClosed,CompletedDateTime,OwnerId"
    told = sf.restful(f"sobjects/Task/{made['id']}", params={"fields": wanted})
    told.pop("attributes")
    assert told == {
        "Id": made["id"],
        "Subject": "Held",
        "WhatId": case,
        "IsClosed": True,
        "CompletedDateTime": "2026-03-27T16:45:00.000+0000",
        "OwnerId": org.integration,
    }

    assert sf.Task.update(made["id"], {"CallDurationInSeconds": 600}) == 204
    assert org.row("Task", made["id"])["CallDurationInSeconds"] == 600
    assert sf.Task.delete(made["id"]) == 204
    assert org.rows("Task") == []


def test_an_upsert_makes_a_record_and_then_changes_it(sf: Any, org: Org) -> None:
    case = org.case()

    first = sf.DCM_Hold__c.upsert("Key__c/a1", {"Case__c": case}, raw_response=True)
    again = sf.DCM_Hold__c.upsert("Key__c/a1", {"State__c": "final"}, raw_response=True)

    (row,) = org.rows("DCM_Hold__c")
    told = {"id": row["Id"], "success": True, "errors": []}
    assert (first.status_code, first.json()) == (201, told | {"created": True})
    assert (again.status_code, again.json()) == (200, told | {"created": False})
    assert (row["Key__c"], row["Case__c"], row["State__c"]) == ("a1", case, "final")
    assert sf.DCM_Hold__c.get_by_custom_id("Key__c", "a1")["Id"] == row["Id"]


def test_keys_are_told_apart_by_case_and_may_hold_a_slash(sf: Any, org: Org) -> None:
    for key in ("a", "A", "x%2Fy"):
        sf.DCM_Hold__c.upsert(f"Key__c/{key}", {})

    assert [row["Key__c"] for row in org.rows("DCM_Hold__c")] == ["a", "A", "x/y"]


@pytest.mark.parametrize("key", ["a/b", "a/b/c"])
def test_a_key_that_is_not_quoted_leads_elsewhere(sf: Any, org: Org, key: str) -> None:
    with pytest.raises(SalesforceResourceNotFound) as raised:
        sf.DCM_Hold__c.upsert(f"Key__c/{key}", {})

    assert refusal(raised) == (404, "NOT_FOUND", None)
    assert org.rows("DCM_Hold__c") == []


def test_an_upsert_by_what_is_no_key_is_not_found(sf: Any, org: Org) -> None:
    for field in ("State__c", "Nothing__c"):
        with pytest.raises(SalesforceResourceNotFound):
            sf.DCM_Hold__c.upsert(f"{field}/open", {})


def test_an_upsert_must_not_repeat_its_key(sf: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.DCM_Hold__c.upsert("Key__c/a1", {"Key__c": "a1"})

    assert refusal(raised) == (400, "INVALID_FIELD", None)


def test_a_key_of_several_records_is_answered_by_all_of_them(sf: Any, org: Org) -> None:
    cases = [org.case(Genesys_Conversation_Id__c="c-1") for _ in range(2)]

    with pytest.raises(SalesforceMoreThanOneRecord) as raised:
        sf.Case.upsert("Genesys_Conversation_Id__c/c-1", {"Subject": "No"})

    content: Any = raised.value.content
    assert content == [f"/services/data/v62.0/sobjects/Case/{id_}" for id_ in cases]


def test_a_unique_key_is_given_once(sf: Any, org: Org) -> None:
    first = sf.DCM_Hold__c.create({"Key__c": "a1"})["id"]

    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.DCM_Hold__c.create({"Key__c": "a1"})

    content: Any = raised.value.content
    assert refusal(raised) == (400, "DUPLICATE_VALUE", [])
    assert content[0]["message"] == (
        f"duplicate value found: Key__c duplicates value on record with id: {first}"
    )


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({"State__c": "lost"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["State__c"]),
        ({"Key__c": "k" * 65}, "STRING_TOO_LONG", ["Key__c"]),
        ({"Interrupted_By__c": "x" * 32_001}, "STRING_TOO_LONG", ["Interrupted_By__c"]),
        ({"Duration_Seconds__c": "600"}, "JSON_PARSER_ERROR", None),
        ({"Duration_Seconds__c": 10**12}, "NUMBER_OUTSIDE_VALID_RANGE", ["Duration_Seconds__c"]),
        ({"Started_At__c": "2026-03-27T16:45:00"}, "JSON_PARSER_ERROR", None),
        ({"Case__c": "500"}, "MALFORMED_ID", ["Case__c"]),
        ({"Case__c": "005Aw0000000001IAA"}, "MALFORMED_ID", ["Case__c"]),
        ({"Case__c": "500Aw0000000009IAA"}, "INVALID_CROSS_REFERENCE_KEY", []),
        ({"Nothing__c": 1}, "INVALID_FIELD", None),
        (
            {"LastModifiedDate": "2026-03-27T16:45:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ["LastModifiedDate"],
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    sf: Any, org: Org, values: dict[str, Any], code: str, fields: list[str] | None
) -> None:
    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.DCM_Hold__c.create(values)

    assert refusal(raised) == (400, code, fields)
    assert org.rows("DCM_Hold__c") == []


def test_what_is_required_must_be_there_and_stay(sf: Any, org: Org) -> None:
    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.User.create({"LastName": "Doe", "Email": "doe@acme.example"})
    assert refusal(raised) == (400, "REQUIRED_FIELD_MISSING", ["Username"])

    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.User.update(org.integration, {"LastName": ""})
    assert refusal(raised) == (400, "REQUIRED_FIELD_MISSING", ["LastName"])


def test_values_are_kept_as_salesforce_keeps_them(sf: Any, org: Org) -> None:
    """Instants to the second, numbers to three decimals, text without spaces; "" is nothing."""
    sf.DCM_Hold__c.create(
        {
            "Started_At__c": "2026-03-27T17:45:00.987+01:00",
            "Duration_Seconds__c": 600.0005,
            "Agent_Name__c": " Ann <b> ",
            "Queue__c": "",
        }
    )

    (row,) = org.rows("DCM_Hold__c")
    assert row["Started_At__c"] == "2026-03-27T16:45:00.000+0000"
    assert row["Duration_Seconds__c"] == 600.001
    assert (row["Agent_Name__c"], row["Queue__c"]) == ("Ann <b>", None)


def test_a_parent_may_be_named_by_its_key(sf: Any, org: Org) -> None:
    case = org.case(Genesys_Conversation_Id__c="c-1")

    sf.DCM_Hold__c.create({"Case__r": {"Genesys_Conversation_Id__c": "c-1"}})

    assert org.rows("DCM_Hold__c")[0]["Case__c"] == case
    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.DCM_Hold__c.create({"Case__r": {"Genesys_Conversation_Id__c": "c-2"}})
    assert refusal(raised) == (400, "INVALID_FIELD", [])


def test_what_is_deleted_is_gone_for_good(sf: Any, org: Org) -> None:
    case = org.case()
    org.remove("Case", case)

    for method, values in (("update", [{"Subject": "x"}]), ("delete", []), ("get", [])):
        with pytest.raises(SalesforceResourceNotFound) as raised:
            getattr(sf.Case, method)(case, *values)
        assert refusal(raised) == (404, "ENTITY_IS_DELETED", [])
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.Task.create({"WhatId": case})
    assert refusal(refused) == (400, "ENTITY_IS_DELETED", [])


def test_what_never_was_is_not_found(sf: Any) -> None:
    for asked in ("sobjects/Case/500Aw0000000009IAA", "sobjects/Case/abc", "sobjects/Foo/describe"):
        with pytest.raises(SalesforceResourceNotFound) as raised:
            sf.restful(asked)
        assert refusal(raised) == (404, "NOT_FOUND", None)
    with pytest.raises(SalesforceGeneralError) as wrong:
        sf.restful("limits", method="PUT")
    assert refusal(wrong) == (405, "METHOD_NOT_ALLOWED", None)


def test_an_owner_must_be_active(sf: Any, org: Org) -> None:
    case, gone = org.case(), org.user("Gone Girl", "gone@acme.example", active=False)

    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.Case.update(case, {"OwnerId": gone}, headers=NO_RULES)

    assert refusal(raised) == (400, "INACTIVE_OWNER_OR_USER", [])
    assert org.row("Case", case)["OwnerId"] == org.default_owner


def test_assignment_rules_move_a_case_unless_a_header_says_false(sf: Any, org: Org) -> None:
    ann = org.user("Ann Agent", "ann@acme.example")
    case = org.case(OwnerId=ann)

    sf.Case.update(case, {"Subject": "x"}, headers=NO_RULES)
    assert org.row("Case", case)["OwnerId"] == ann

    sf.Case.update(case, {"Subject": "y"})
    assert org.row("Case", case)["OwnerId"] == org.default_owner

    vips = org.queue("VIPs")
    org.assignment = lambda row: vips if row["Subject"] == "vip" else None
    sf.Case.update(case, {"Subject": "vip", "OwnerId": ann}, headers={"Sforce-Auto-Assign": "TRUE"})
    assert org.row("Case", case)["OwnerId"] == vips


def test_a_guarded_change_is_refused_if_somebody_was_faster(
    sf: Any, org: Org, clock: ManualClock
) -> None:
    case, seen = org.case(), clock.now().replace(microsecond=0)
    guard = NO_RULES | {"If-Unmodified-Since": format_datetime(seen, usegmt=True)}
    clock.advance(0.5)
    org.change("Case", case, Priority="High")  # in the same second: nobody can tell
    assert sf.Case.update(case, {"Subject": "mine"}, headers=guard) == 204

    clock.advance(1)
    org.change("Case", case, Subject="theirs")

    with pytest.raises(SalesforceGeneralError) as raised:
        sf.Case.update(case, {"Subject": "mine"}, headers=guard)
    assert raised.value.status == 412
    assert org.row("Case", case)["Subject"] == "theirs"


def test_a_guard_that_cannot_be_read_is_refused_and_if_match_is_not_looked_at(
    sf: Any, org: Org
) -> None:
    case = org.case()

    with pytest.raises(SalesforceMalformedRequest):
        sf.Case.update(case, {}, headers={"If-Unmodified-Since": "2026-03-27T16:45:00.000+0000"})
    assert sf.Case.update(case, {}, headers={"If-Match": '"another"'}) == 204


def test_history_tells_who_changed_an_owner_and_when(sf: Any, org: Org, clock: ManualClock) -> None:
    ann, ben = (org.user(f"{n} Agent", f"{n}@acme.example") for n in ("Ann", "Ben"))
    queue = org.queue("E-mails")
    case = org.case(OwnerId=queue)
    clock.advance(1)
    org.accept(case, ann)
    clock.advance(1)
    sf.Case.update(case, {"OwnerId": ben}, headers=NO_RULES)
    clock.advance(1)
    sf.Case.update(case, {"Subject": "x"})

    told = [
        tuple(row[name] for name in ("Field", "DataType", "OldValue", "NewValue", "CreatedById"))
        for row in org.rows("CaseHistory", CaseId=case)
    ]
    default, us = org.default_owner, org.integration
    assert told == [
        ("created", None, None, None, org.admin),
        ("ownerAccepted", "Text", "E-mails", "Ann Agent", ann),
        ("ownerAccepted", "EntityId", queue, ann, ann),
        ("Owner", "Text", "Ann Agent", "Ben Agent", us),
        ("Owner", "EntityId", ann, ben, us),
        ("ownerAssignment", "Text", "Ben Agent", "Unassigned", us),
        ("ownerAssignment", "EntityId", ben, default, us),
    ]
    at = [row["CreatedDate"][17:19] for row in org.rows("CaseHistory", CaseId=case)]
    assert at == ["00", "01", "01", "02", "02", "03", "03"]


def test_a_case_in_an_omni_queue_waits_to_be_routed(sf: Any, org: Org) -> None:
    ann, omni = org.user("Ann Agent", "ann@acme.example"), org.queue("Omni", omni=True)
    case = org.case(OwnerId=ann)
    assert org.rows("PendingServiceRouting") == []

    sf.Case.update(case, {"OwnerId": omni}, headers=NO_RULES)
    (waiting,) = org.rows("PendingServiceRouting")
    assert (waiting["WorkItemId"], waiting["GroupId"]) == (case, omni)

    sf.Case.update(case, {"OwnerId": ann}, headers=NO_RULES)
    assert org.rows("PendingServiceRouting") == []


def test_the_validation_rule_lets_assignment_only_go_forward(sf: Any, org: Org) -> None:
    case = org.case(Genesys_Assigned_At__c="2026-03-27T16:00:00Z")
    earlier = {"Genesys_Assigned_At__c": "2026-03-27T15:59:59Z"}
    org.validates = True

    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.Case.update(case, earlier, headers=NO_RULES)
    field = ["Genesys_Assigned_At__c"]
    assert refusal(raised) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", field)

    sf.Case.update(case, {"Genesys_Assigned_At__c": "2026-03-27T16:00:00Z"}, headers=NO_RULES)
    org.validates = False
    sf.Case.update(case, earlier, headers=NO_RULES)
    assert org.row("Case", case)["Genesys_Assigned_At__c"] == "2026-03-27T15:59:59.000+0000"


def test_a_describe_tells_what_a_client_must_know(sf: Any, org: Org) -> None:
    told = {field["name"]: field for field in sf.DCM_Hold__c.describe()["fields"]}
    key = told["Key__c"]
    flags = ("externalId", "idLookup", "unique", "caseSensitive", "custom", "createable")
    assert [key[flag] for flag in flags] == [True] * 6
    assert (key["type"], key["length"]) == ("string", 64)
    assert (told["Case__c"]["referenceTo"], told["Case__c"]["relationshipName"]) == (
        ["Case"],
        "Case__r",
    )
    states = [value["value"] for value in told["State__c"]["picklistValues"]]
    assert states == ["open", "ended", "final", "withdrawn"]
    task = {field["name"]: field for field in sf.Task.describe()["fields"]}
    assert not any(field["externalId"] for field in task.values())
    assert not task["Description"]["filterable"]


def test_an_organisation_may_lack_what_was_not_deployed(sf: Any, org: Org) -> None:
    org.hide("DCM_Hold__c")
    org.redefine("Case", {"Genesys_Assigned_At__c": None})
    org.redefine("Task", {"DCM_Key__c": Field("DCM_Key__c", external=True, unique=True)})

    with pytest.raises(SalesforceResourceNotFound):
        sf.DCM_Hold__c.describe()
    names = [each["name"] for each in (sf.describe() or {})["sobjects"]]
    assert "DCM_Hold__c" not in names
    assert "Case" in names
    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.Case.create({"Genesys_Assigned_At__c": None})
    assert refusal(raised) == (400, "INVALID_FIELD", None)
    sf.Task.upsert("DCM_Key__c/1", {"Subject": "once"})
    sf.Task.upsert("DCM_Key__c/1", {"Subject": "again"})
    assert [task["Subject"] for task in org.rows("Task")] == ["again"]


def test_an_organisation_may_keep_no_history_of_owners(sf: Any, org: Org) -> None:
    org.tracked.discard("Owner")
    case = org.case()

    org.change("Case", case, OwnerId=org.integration, Status="Working")

    assert [row["Field"] for row in org.rows("CaseHistory")] == ["created", "Status"]


def test_twenty_threads_write_over_one_session(sf: Any, org: Org) -> None:
    cases = [org.case() for _ in range(20)]

    def write(number: int) -> int:
        given = {"Description": f"{number}"}
        return int(sf.Case.update(cases[number % 20], given, headers=NO_RULES))

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(write, range(400))) == [204] * 400
    assert org.limits.used == 400
    assert all(int(row["Description"]) % 20 == n for n, row in enumerate(org.rows("Case")))
