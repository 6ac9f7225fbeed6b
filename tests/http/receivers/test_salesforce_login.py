"""Who gets a session of the simulated Salesforce, and how it ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests import Response
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceExpiredSession

from simulator.clock import ManualClock
from simulator.receivers.salesforce.auth import JWT, LOGIN
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.server import Served
from tests.salesforce import KEY, assertion, connected_app, key_pair, session_to

PRIVATE, PUBLIC = key_pair()


def ask(served: Served, **form: str) -> Response:
    return session_to(served.url).post(
        "https://login.salesforce.com/services/oauth2/token", data=form, timeout=5
    )


def test_client_credentials_give_a_session_of_the_app_s_user(served: Served, org: Org) -> None:
    connected_app(org, secret="sesame")

    sf: Any = Salesforce(
        consumer_key=KEY,
        consumer_secret="sesame",
        domain="acme.my",
        session=session_to(served.url),
    )

    sf.Case.create({"Subject": "Hi"})
    assert org.rows("Case")[0]["CreatedById"] == org.integration


def test_what_the_token_endpoint_answers(served: Served, org: Org) -> None:
    connected_app(org, secret="sesame")

    told = ask(
        served, grant_type="client_credentials", client_id=KEY, client_secret="sesame"
    ).json()

    assert told.pop("access_token").startswith(f"{org.id[:15]}!")
    assert told == {
        "scope": "api",
        "instance_url": served.url,
        "id": f"{LOGIN}/id/{org.id}/{org.integration}",
        "token_type": "Bearer",
        "issued_at": "1774629900250",
    }


def test_a_signed_assertion_gives_a_session_without_a_secret(served: Served, org: Org) -> None:
    connected_app(org, certificate=PUBLIC)

    answer = ask(served, grant_type=JWT, assertion=assertion(org, PRIVATE))

    assert answer.status_code == 200
    assert org.auth.admit(f"Bearer {answer.json()['access_token']}") == org.integration


def test_simple_salesforce_logs_in_by_assertion(served: Served, org: Org) -> None:
    connected_app(org, certificate=PUBLIC)
    org.clock = lambda: datetime.now(UTC)  # the client reads this machine's clock

    sf: Any = Salesforce(
        username="dcm@acme.example",
        consumer_key=KEY,
        privatekey=PRIVATE,
        session=session_to(served.url),
    )

    assert sf.query("SELECT COUNT() FROM Case")["totalSize"] == 0


def test_simple_salesforce_logs_in_by_soap(served: Served, org: Org) -> None:
    org.passwords["dcm@acme.example", "secret" + "token"] = org.integration
    given: dict[str, Any] = {"username": "dcm@acme.example", "security_token": "token"}

    sf: Any = Salesforce(password="secret", session=session_to(served.url), **given)

    assert sf.query("SELECT COUNT() FROM Case")["totalSize"] == 0
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(password="wrong", session=session_to(served.url), **given)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"iss": "another"}, ("invalid_client_id", "client identifier invalid")),
        ({"sub": "who@acme.example"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"sub": "admin@acme.example"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"aud": "https://test.salesforce.com"}, ("invalid_grant", "audience is invalid")),
        ({"exp": 1774629900}, ("invalid_grant", "expired authorization code")),
        ({"exp": 1774629900 + 3600}, ("invalid_grant", "expired authorization code")),
    ],
)
def test_an_assertion_must_be_right_in_every_claim(
    served: Served, org: Org, changed: dict[str, object], error: tuple[str, str]
) -> None:
    connected_app(org, certificate=PUBLIC)

    answer = ask(served, grant_type=JWT, assertion=assertion(org, PRIVATE, **changed))

    assert answer.status_code == 400
    assert answer.json() == {"error": error[0], "error_description": error[1]}


@pytest.mark.parametrize("spoilt", ["another key", "no signature", "garbage"])
def test_an_assertion_must_be_signed_by_the_key_of_the_certificate(
    served: Served, org: Org, spoilt: str
) -> None:
    connected_app(org, certificate=PUBLIC)
    right = assertion(org, PRIVATE)
    given = {
        "another key": assertion(org, key_pair()[0]),
        "no signature": right.rpartition(".")[0] + ".",
        "garbage": "a.b.c",
    }

    answer = ask(served, grant_type=JWT, assertion=given[spoilt])

    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "invalid assertion",
    }


def test_a_user_that_was_switched_off_gets_no_session(served: Served, org: Org) -> None:
    connected_app(org, certificate=PUBLIC)
    org.change("User", org.integration, IsActive=False)

    answer = ask(served, grant_type=JWT, assertion=assertion(org, PRIVATE))

    assert answer.json()["error"] == "inactive_user"


def test_wrong_secrets_and_unknown_grants_are_refused(served: Served, org: Org) -> None:
    connected_app(org, secret="sesame")
    credentials = {"grant_type": "client_credentials", "client_id": KEY}

    wrong = ask(served, client_secret="guess", **credentials)
    unknown = ask(served, grant_type="password", client_id=KEY)

    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    assert (unknown.status_code, unknown.json()["error"]) == (400, "unsupported_grant_type")


def test_a_session_that_lasts_is_given_again(org: Org, clock: ManualClock) -> None:
    first = org.auth.log_in(org.integration).token
    assert org.auth.log_in(org.integration).token == first

    clock.advance(timedelta(hours=2).total_seconds())

    assert org.auth.log_in(org.integration).token != first


def test_a_session_lasts_two_hours_from_its_last_use(sf: Any, org: Org, clock: ManualClock) -> None:
    for _ in range(3):
        clock.advance(7_199)
        sf.limits()
    clock.advance(7_200)

    with pytest.raises(SalesforceExpiredSession) as raised:
        sf.limits()
    told: Any = raised.value.content
    assert told == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_sessions_end_on_demand_in_the_middle_of_a_series(sf: Any, org: Org) -> None:
    org.faults.put([{"kind": "expire", "after": 2, "count": 1}])
    for number in range(2):
        sf.Case.create({"Subject": str(number)})
    with pytest.raises(SalesforceExpiredSession):
        sf.Case.create({"Subject": "2"})

    assert [row["Subject"] for row in org.rows("Case")] == ["0", "1"]
    assert org.faults.befallen == {"expire": 1}
    sf.session_id = org.auth.log_in(org.integration).token
    sf.Case.create({"Subject": "3"})
    assert len(org.rows("Case")) == 3


def test_simple_salesforce_loses_the_headers_of_a_call_when_it_logs_in_anew(
    served: Served, org: Org
) -> None:
    """Why a client sets Sforce-Auto-Assign on its session, and logs in by itself."""
    connected_app(org, secret="sesame")
    ann, case = org.user("Ann Agent", "ann@acme.example"), org.case()
    sf: Any = Salesforce(
        consumer_key=KEY,
        consumer_secret="sesame",
        domain="acme.my",
        session=session_to(served.url),
    )
    no_rules = {"Sforce-Auto-Assign": "FALSE"}

    sf.Case.update(case, {"OwnerId": ann}, headers=no_rules)
    assert org.row("Case", case)["OwnerId"] == ann
    org.auth.expire()
    org.change("Case", case, OwnerId=org.integration)
    sf.Case.update(case, {"OwnerId": ann}, headers=no_rules)

    assert org.row("Case", case)["OwnerId"] == org.default_owner
    assert org.auth.logins == 2
