"""Several records in one request to the simulated Salesforce: collections, composite, bulk."""

import csv
from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from simulator.receivers.salesforce.org import Org

HOLDS = "composite/sobjects/DCM_Hold__c/Key__c"


def holds(*given: dict[str, Any], all_or_none: bool = False) -> dict[str, Any]:
    typed = [{"attributes": {"type": "DCM_Hold__c"}} | each for each in given]
    return {"records": typed, "allOrNone": all_or_none}


def codes(results: list[dict[str, Any]]) -> list[str]:
    """Return of each result its code, or what was done."""
    told = []
    for each in results:
        done = "created" if each.get("created") else "updated"
        told.append(done if each["success"] else each["errors"][0]["statusCode"])
    return told


def test_two_hundred_records_are_made_once_however_often_they_come(sf: Any, org: Org) -> None:
    case = org.case()
    body = holds(*({"Key__c": f"k{n:03}", "Case__c": case} for n in range(200)))

    first: Any = sf.restful(HOLDS, method="PATCH", json=body)
    again: Any = sf.restful(HOLDS, method="PATCH", json=body)

    rows = org.rows("DCM_Hold__c")
    assert [row["Key__c"] for row in rows] == [f"k{n:03}" for n in range(200)]
    told = [{"id": row["Id"], "success": True, "errors": []} for row in rows]
    assert first == [each | {"created": True} for each in told]
    assert again == [each | {"created": False} for each in told]


def test_the_record_after_the_two_hundredth_is_too_many(sf: Any, org: Org) -> None:
    body = holds(*({"Key__c": f"k{n:03}"} for n in range(201)))

    with pytest.raises(SalesforceMalformedRequest) as raised:
        sf.restful(HOLDS, method="PATCH", json=body)

    content: Any = raised.value.content
    assert content[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert org.rows("DCM_Hold__c") == []


def test_each_record_has_an_answer_of_its_own_in_order(sf: Any, org: Org) -> None:
    gone = org.case()
    org.remove("Case", gone)
    body = holds(
        {"Key__c": "good"},
        {"Key__c": "long", "Queue__c": "q" * 256},
        {"State__c": "open"},
        {"Key__c": "twice"},
        {"Key__c": "twice", "State__c": "open"},
        {"Key__c": "deleted", "Case__c": gone},
        {"Key__c": "strange", "attributes": {"type": "Case"}},
        {"Key__c": "fine"},
    )

    results: Any = sf.restful(HOLDS, method="PATCH", json=body)

    assert codes(results) == [
        "created",
        "STRING_TOO_LONG",
        "MISSING_ARGUMENT",
        "DUPLICATE_VALUE",
        "DUPLICATE_VALUE",
        "ENTITY_IS_DELETED",
        "INVALID_TYPE",
        "created",
    ]
    assert results[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "STRING_TOO_LONG",
                "message": f"Queue__c: data value too large: {'q' * 256} (max length=255)",
                "fields": ["Queue__c"],
            }
        ],
    }
    assert [row["Key__c"] for row in org.rows("DCM_Hold__c")] == ["good", "fine"]


def test_all_or_none_undoes_what_was_good(sf: Any, org: Org) -> None:
    sf.DCM_Hold__c.create({"Key__c": "before", "State__c": "open"})
    body = holds(
        {"Key__c": "before", "State__c": "final"},
        {"Key__c": "bad", "State__c": "lost"},
        {"Key__c": "new"},
        all_or_none=True,
    )

    results: Any = sf.restful(HOLDS, method="PATCH", json=body)

    rolled_back = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    wrong = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert codes(results) == [rolled_back, wrong, rolled_back]
    assert [(r["Key__c"], r["State__c"]) for r in org.rows("DCM_Hold__c")] == [("before", "open")]
    assert sf.DCM_Hold__c.get_by_custom_id("Key__c", "before")["State__c"] == "open"


def test_records_of_any_kind_are_made_changed_told_and_deleted(sf: Any, org: Org) -> None:
    case = org.case()
    task = {"attributes": {"type": "Task"}, "WhatId": case, "Subject": "A"}
    made: Any = sf.restful("composite/sobjects", method="POST", json={"records": [task, task]})
    ids = [each["id"] for each in made]
    changed = [
        {"attributes": {"type": "Task"}, "id": ids[1], "Subject": "B"},
        {"attributes": {"type": "Task"}, "id": "00TAw0000000009IAA", "Subject": "C"},
    ]

    done: Any = sf.restful("composite/sobjects", method="PATCH", json={"records": changed})

    assert codes(done) == ["updated", "NOT_FOUND"]
    wanted = {"ids": ids, "fields": ["Subject"]}
    told: Any = sf.restful("composite/sobjects/Task", method="POST", json=wanted)
    assert [each["Subject"] for each in told] == ["A", "B"]
    gone: Any = sf.restful("composite/sobjects", method="DELETE", params={"ids": ",".join(ids)})
    assert [each["success"] for each in gone] == [True, True]
    assert org.rows("Task") == []


def test_a_composite_hands_on_what_it_was_answered(sf: Any, org: Org) -> None:
    case = org.case()
    base = "/services/data/v62.0"
    query = f"{base}/query?q=SELECT+Id+FROM+Case+WHERE+CaseNumber='00001001'"
    hold = {"Case__c": "@{case.records[0].Id}", "State__c": "final"}
    task = {"WhatId": "@{case.records[0].Id}", "CallObject": "@{hold.id}"}
    asked = [
        {"method": "GET", "url": query, "referenceId": "case"},
        {
            "method": "PATCH",
            "url": f"{base}/sobjects/DCM_Hold__c/Key__c/a1",
            "referenceId": "hold",
            "body": hold,
        },
        {
            "method": "POST",
            "url": f"{base}/sobjects/Task",
            "referenceId": "task",
            "body": task,
        },
    ]

    told: Any = sf.restful("composite", method="POST", json={"compositeRequest": asked})

    answers = told["compositeResponse"]
    assert [each["httpStatusCode"] for each in answers] == [200, 201, 201]
    assert [each["referenceId"] for each in answers] == ["case", "hold", "task"]
    (row,), (made,) = org.rows("DCM_Hold__c"), org.rows("Task")
    assert (row["Case__c"], made["WhatId"], made["CallObject"]) == (case, case, row["Id"])
    assert org.limits.used == 1


@pytest.mark.parametrize("all_or_none", [False, True])
def test_a_composite_may_be_all_or_nothing(sf: Any, org: Org, *, all_or_none: bool) -> None:
    url = "/services/data/v62.0/sobjects/Task"
    asked = [
        {"method": "POST", "url": url, "referenceId": "good", "body": {"Subject": "A"}},
        {"method": "POST", "url": url, "referenceId": "bad", "body": {"Foo": "A"}},
        {"method": "POST", "url": url, "referenceId": "child", "body": {"CallObject": "@{bad.id}"}},
    ]
    body = {"compositeRequest": asked, "allOrNone": all_or_none}

    told: Any = sf.restful("composite", method="POST", json=body)

    answers = told["compositeResponse"]
    expected = [400, 400, 400] if all_or_none else [201, 400, 400]
    assert [each["httpStatusCode"] for each in answers] == expected
    assert answers[1]["body"][0]["errorCode"] == "INVALID_FIELD"
    assert answers[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert [task["Subject"] for task in org.rows("Task")] == ([] if all_or_none else ["A"])


def test_a_composite_carries_headers_of_its_own(sf: Any, org: Org) -> None:
    ann = org.user("Ann Agent", "ann@acme.example")
    cases = [org.case(), org.case()]
    asked = [
        {
            "method": "PATCH",
            "url": f"/services/data/v62.0/sobjects/Case/{case}",
            "referenceId": f"c{index}",
            "body": {"OwnerId": ann},
            "httpHeaders": {"Sforce-Auto-Assign": header},
        }
        for index, (case, header) in enumerate(zip(cases, ("FALSE", "TRUE"), strict=True))
    ]

    sf.restful("composite", method="POST", json={"compositeRequest": asked})

    assert [row["OwnerId"] for row in org.rows("Case")] == [ann, org.default_owner]


def test_a_composite_takes_twenty_five_requests(sf: Any) -> None:
    asked = [
        {"method": "GET", "url": "/services/data/v62.0/limits", "referenceId": f"r{n}"}
        for n in range(26)
    ]

    told: Any = sf.restful("composite", method="POST", json={"compositeRequest": asked[:25]})
    assert len(told["compositeResponse"]) == 25
    for wrong in (asked, asked[:1] * 2, [asked[0] | {"url": None}], ["GET"], "GET"):
        with pytest.raises(SalesforceMalformedRequest):
            sf.restful("composite", method="POST", json={"compositeRequest": wrong})


def test_bulk_jobs_put_in_many_and_tell_what_failed(sf: Any, org: Org) -> None:
    org.make("DCM_Hold__c", Key__c="k0", Queue__c="kept")
    rows = [
        {"Key__c": "k0", "State__c": "final", "Queue__c": "", "Duration_Seconds__c": "12.5"},
        {"Key__c": "k1", "State__c": "lost", "Queue__c": "", "Duration_Seconds__c": ""},
        {"Key__c": "k2", "State__c": "#N/A", "Queue__c": "new", "Duration_Seconds__c": "1"},
    ]

    (told,) = sf.bulk2.DCM_Hold__c.upsert(records=rows, external_id_field="Key__c", wait=0)

    counts = {"numberRecordsFailed": 1, "numberRecordsProcessed": 3, "numberRecordsTotal": 3}
    assert told == counts | {"job_id": told["job_id"]}
    kept = [
        tuple(row[name] for name in ("Key__c", "State__c", "Queue__c", "Duration_Seconds__c"))
        for row in org.rows("DCM_Hold__c")
    ]
    assert kept == [("k0", "final", "kept", 12.5), ("k2", None, "new", 1.0)]
    failed = list(csv.DictReader(sf.bulk2.DCM_Hold__c.get_failed_records(told["job_id"]).split()))
    assert [(row["Key__c"], row["sf__Id"]) for row in failed] == [("k1", "")]
    done = sf.bulk2.DCM_Hold__c.get_successful_records(told["job_id"]).splitlines()
    assert [row["sf__Created"] for row in csv.DictReader(done)] == ["false", "true"]


def test_a_bulk_job_needs_a_key_and_an_object_that_there_are(sf: Any) -> None:
    with pytest.raises(SalesforceResourceNotFound):
        sf.bulk2.Nothing__c.insert(records=[{"A": "1"}], wait=0)
    with pytest.raises(SalesforceResourceNotFound):
        sf.bulk2.Task.upsert(records=[{"A": "1"}], external_id_field="A", wait=0)
