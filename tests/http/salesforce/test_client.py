"""The client against an organisation that is as awkward as the real one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone
from simple_salesforce.exceptions import SalesforceError, SalesforceGeneralError

from integrations.errors import CredentialsError
from integrations.outbound import ForbiddenAddressError, NoAnswerError
from integrations.salesforce.client import Client, Problem, Written, instant
from simulator.receivers.salesforce.auth import App
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.server import Served
from tests.http.salesforce.conftest import KEY, settings_of


def test_it_logs_in_by_a_signed_assertion_and_by_a_secret(served: Served, org: Org) -> None:
    case = org.case("Broken")
    for more in ({}, {"flow": "client_credentials", "client_secret": "secret"}):
        client = Client(settings_of(served, **more))
        rows = client.query("SELECT Id, Subject FROM Case WHERE Id IN {values}", values=[case])
        assert [row["Subject"] for row in rows] == ["Broken"]
        assert client.user_id() == org.integration
    assert org.auth.logins == 2


def test_wrong_credentials_are_told_by_the_reason_alone(served: Served) -> None:
    client = Client(settings_of(served, flow="client_credentials", client_secret="wrong"))
    with pytest.raises(CredentialsError, match="no token: invalid_client"):
        client.limits()


def test_one_log_in_serves_all_who_find_the_session_expired(salesforce: Client, org: Org) -> None:
    salesforce.limits()
    org.auth.expire()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: salesforce.limits()["DailyApiRequests"]["Max"], range(16)))
    assert told == [100_000] * 16
    assert org.auth.logins == 2


def test_what_is_sent_again_after_a_log_in_keeps_its_precondition(
    salesforce: Client, org: Org
) -> None:
    agent, other = org.user("A. Rossi", "rossi@acme.example"), org.user("B. Berg", "b@acme.example")
    case = org.case("Broken")
    seen = instant(org.row("Case", case)["LastModifiedDate"])
    assert seen
    salesforce.limits()
    org.auth.expire()
    salesforce.update_unless_changed("Case", case, {"OwnerId": agent}, seen)
    assert org.row("Case", case)["OwnerId"] == agent

    org.auth.expire()
    with pytest.raises(SalesforceGeneralError) as refused:
        salesforce.update_unless_changed(
            "Case", case, {"OwnerId": other}, seen - timedelta(minutes=1)
        )
    assert refused.value.status == 412
    assert org.row("Case", case)["OwnerId"] == agent


def test_no_assignment_rule_takes_a_case_away(salesforce: Client, org: Org) -> None:
    agent, rule = org.user("A. Rossi", "rossi@acme.example"), org.queue("Rule")
    org.assignment = lambda _: rule
    case = org.case("Broken")
    salesforce.update("Case", [{"id": case, "OwnerId": agent}])
    assert org.row("Case", case)["OwnerId"] == agent


def test_two_hundred_records_are_one_call_and_a_repetition_makes_none(
    salesforce: Client, org: Org
) -> None:
    records = [{"Key__c": f"{number:040x}", "State__c": "open"} for number in range(200)]
    salesforce.limits()
    before = org.limits.used
    made = salesforce.upsert("DCM_Hold__c", "Key__c", records)
    assert salesforce.upsert("DCM_Hold__c", "Key__c", records) == made
    assert org.limits.used - before == 2
    assert len(org.rows("DCM_Hold__c")) == 200
    assert all(one.problem is None for one in made)


def test_one_record_that_is_refused_leaves_the_others(salesforce: Client, org: Org) -> None:
    org.faults.put([{"kind": "lock", "object": "DCM_Hold__c", "count": 1, "after": 1}])
    records = [{"Key__c": key, "State__c": "open"} for key in ("a", "b", "c")]
    made = salesforce.upsert("DCM_Hold__c", "Key__c", records)
    assert [one.problem and one.problem.code for one in made] == [None, "UNABLE_TO_LOCK_ROW", None]
    assert [row["Key__c"] for row in org.rows("DCM_Hold__c")] == ["a", "c"]


def test_more_rows_than_a_page_come_all(salesforce: Client, org: Org) -> None:
    org.page = 3
    cases = {org.case(f"No. {number}") for number in range(8)}
    rows = salesforce.query_each("SELECT Id FROM Case WHERE Id IN {values}", cases)
    assert {row["Id"] for row in rows} == cases


def test_quotes_in_a_value_stay_a_value(salesforce: Client) -> None:
    asked = "SELECT Id FROM Case WHERE Subject IN {values}"
    assert salesforce.query(asked, values=["x' OR Id != '", "\\"]) == []


def test_what_is_used_of_the_limit_is_known_to_all(served: Served, org: Org) -> None:
    org.limits.allowed, org.limits.used_by_others = 1000, 849
    client = Client(settings_of(served))
    assert client.usage is None
    client.limits()
    assert Client(settings_of(served)).usage == (850, 1000)


def test_a_page_in_html_is_an_error_with_its_status(salesforce: Client, org: Org) -> None:
    salesforce.limits()
    org.faults.put([{"kind": "html", "path": "/services/data/*", "status": 503}])
    with pytest.raises(SalesforceError) as refused:
        salesforce.limits()
    assert refused.value.status == 503


def test_an_answer_that_does_not_come_is_told_so(salesforce: Client, org: Org) -> None:
    salesforce.limits()
    org.faults.put([{"kind": "drop_after", "path": "/services/data/*", "count": 1}])
    with pytest.raises(NoAnswerError):
        salesforce.upsert("DCM_Hold__c", "Key__c", [{"Key__c": "a", "State__c": "open"}])
    assert len(org.rows("DCM_Hold__c")) == 1


def test_a_redirect_is_not_followed(salesforce: Client, org: Org) -> None:
    salesforce.limits()
    org.faults.put([{"kind": "redirect", "path": "/services/data/*"}])
    with pytest.raises(SalesforceError) as refused:
        salesforce.limits()
    assert 300 <= refused.value.status < 400


def test_nothing_goes_to_an_address_inside_unless_it_is_allowed(served: Served) -> None:
    with override_settings(OUTBOUND_ALLOW=[]), pytest.raises(ForbiddenAddressError):
        Client(settings_of(served)).limits()


def test_a_problem_says_code_and_words(salesforce: Client, org: Org) -> None:
    (made,) = salesforce.upsert("DCM_Hold__c", "Key__c", [{"Key__c": "a", "State__c": "odd"}])
    assert made == Written("", made.problem)
    assert isinstance(made.problem, Problem)
    assert made.problem.code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_an_assertion_signed_by_another_key_is_refused(served: Served, org: Org) -> None:
    org.auth.apps[KEY] = App(KEY, certificate="", approved={org.integration})
    with pytest.raises(CredentialsError, match="invalid_grant"):
        Client(settings_of(served)).limits()


def test_the_clock_of_salesforce_is_utc() -> None:
    told = instant("2026-11-20T08:00:00.000+0000")
    assert told
    assert told.utcoffset() == timedelta(0)
    assert timezone.is_aware(told)
