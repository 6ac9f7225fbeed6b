"""What goes wrong at the simulated Salesforce, on demand: and what then stands in its tables."""

from typing import Any

import pytest
import requests
from simple_salesforce.exceptions import (
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
)

from simulator.clock import ManualClock
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.server import Served
from tests.http.receivers.test_salesforce_several import HOLDS, codes, holds


def keys(org: Org) -> list[str]:
    return [row["Key__c"] for row in org.rows("DCM_Hold__c")]


def test_a_locked_row_is_refused_so_often(sf: Any, org: Org) -> None:
    org.faults.put([{"kind": "lock", "object": "DCM_*", "count": 2}])

    for _ in range(2):
        with pytest.raises(SalesforceMalformedRequest) as raised:
            sf.DCM_Hold__c.upsert("Key__c/a1", {})
        content: Any = raised.value.content
        assert content[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    sf.Task.create({})
    sf.DCM_Hold__c.upsert("Key__c/a1", {})

    assert keys(org) == ["a1"]
    assert org.faults.befallen == {"lock": 2}


def test_among_several_records_some_are_locked_or_refused(sf: Any, org: Org) -> None:
    org.faults.put(
        [
            {"kind": "lock", "after": 1, "count": 1},
            {"kind": "refuse", "count": 1, "code": "CANNOT_EXECUTE_FLOW_TRIGGER"},
        ]
    )
    body = holds(*({"Key__c": f"k{n}"} for n in range(4)))

    first: Any = sf.restful(HOLDS, method="PATCH", json=body)
    again: Any = sf.restful(HOLDS, method="PATCH", json=body)

    flow, lock = "CANNOT_EXECUTE_FLOW_TRIGGER", "UNABLE_TO_LOCK_ROW"
    assert codes(first) == [flow, lock, "created", "created"]
    assert codes(again) == ["created", "created", "updated", "updated"]
    assert sorted(keys(org)) == ["k0", "k1", "k2", "k3"]


def test_trouble_follows_its_seed(sf: Any, org: Org) -> None:
    body = holds(*({"Key__c": f"k{n}"} for n in range(50)))
    befallen = []
    for seed in (1, 1, 2):
        org.faults.put([{"kind": "lock", "probability": 0.3}], seed=seed)
        results: Any = sf.restful(HOLDS, method="PATCH", json=body)
        befallen.append([n for n, each in enumerate(results) if not each["success"]])

    assert befallen[0] == befallen[1] != befallen[2]
    assert 0 < len(befallen[0]) < 50


def test_an_answer_is_lost_after_all_was_done(sf: Any, org: Org) -> None:
    org.faults.put([{"kind": "drop_after", "path": "*/composite/*", "count": 1}])
    body = holds({"Key__c": "a1"}, {"Key__c": "a2"})

    with pytest.raises(requests.ConnectionError):
        sf.restful(HOLDS, method="PATCH", json=body)
    assert keys(org) == ["a1", "a2"]

    again: Any = sf.restful(HOLDS, method="PATCH", json=body)
    assert codes(again) == ["updated", "updated"]
    assert org.faults.befallen == {"drop_after": 1}


def test_a_page_in_html_answers_and_nothing_is_done(sf: Any, org: Org) -> None:
    org.faults.put([{"kind": "html", "status": 503, "count": 1}])

    with pytest.raises(SalesforceGeneralError) as raised:
        sf.DCM_Hold__c.upsert("Key__c/a1", {})

    assert raised.value.status == 503
    assert "<html>" in str(raised.value.content)
    assert keys(org) == []


def test_what_hangs_was_done_and_what_is_slow_was_not_yet(sf: Any, org: Org) -> None:
    org.faults.put(
        [
            {"kind": "hang", "seconds": 5, "count": 1},
            {"kind": "slow", "seconds": 5, "count": 1},
        ]
    )
    for key, done in (("hung", ["hung"]), ("slow", ["hung"])):
        with pytest.raises(requests.ReadTimeout):
            sf.restful(HOLDS, method="PATCH", json=holds({"Key__c": key}), timeout=0.3)
        assert keys(org) == done


def test_requests_are_counted_for_a_day(sf: Any, org: Org, clock: ManualClock) -> None:
    org.limits.allowed = 3
    for _ in range(2):
        sf.limits()
    limits = sf.limits()

    assert limits["DailyApiRequests"] == {"Max": 3, "Remaining": 0}
    with pytest.raises(SalesforceRefusedRequest) as raised:
        sf.Case.create({})
    assert raised.value.status == 403
    told: Any = raised.value.content
    assert told == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    clock.advance(86_400)
    sf.session_id = org.auth.log_in(org.integration).token
    sf._generate_headers()
    assert sf.limits()["DailyApiRequests"] == {"Max": 3, "Remaining": 2}


def test_others_use_the_limit_up_until_they_stop(sf: Any, org: Org) -> None:
    org.limits.use_up()
    with pytest.raises(SalesforceRefusedRequest):
        sf.Case.create({})
    org.limits.free()
    sf.Case.create({})
    assert len(org.rows("Case")) == 1


def test_every_answer_tells_how_much_is_used(sf: Any, served: Served, org: Org) -> None:
    sf.Case.create({})
    url = f"{served.url}/services/data/v62.0/query?q=SELECT+Id+FROM+Case"
    answer = requests.get(url, headers=sf.headers, timeout=5)

    assert answer.headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    sf.query("SELECT Id FROM Case")
    assert sf.api_usage["api-usage"] == (3, 100_000)


def test_a_rule_that_is_none_is_refused(org: Org) -> None:
    for rule in ({"kind": "flood"}, {"kind": "lock", "objekt": "Case"}):
        with pytest.raises(ValueError, match=r"kind|objekt"):
            org.faults.put([rule])
