"""What a refusal of Salesforce's means, and what an administrator may fill in."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from simple_salesforce.exceptions import (
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
)

from integrations.domain.delivery import Result
from integrations.errors import CredentialsError, TemporaryError
from integrations.outbound import NoAnswerError
from integrations.salesforce import verdicts
from integrations.salesforce.client import Problem
from integrations.salesforce.form import Form, pem
from integrations.salesforce.tokens import audience
from integrations.salesforce.transport import usage_of
from integrations.salesforce.users import Resolved, choose


def error(kind: type, status: int, code: str = "") -> Exception:
    content: object = [{"errorCode": code, "message": "words"}] if code else "<html>"
    made: Exception = kind("https://acme", status, "x", content)
    return made


@pytest.mark.parametrize(
    ("given", "result", "disables", "counts", "breaks"),
    [
        (
            error(SalesforceRefusedRequest, 403, "REQUEST_LIMIT_EXCEEDED"),
            *(Result.FAILED, False, False, True),
        ),
        (error(SalesforceGeneralError, 503), Result.FAILED, False, True, False),
        (error(SalesforceGeneralError, 412), Result.FAILED, False, True, False),
        (
            error(SalesforceMalformedRequest, 400, "UNABLE_TO_LOCK_ROW"),
            *(Result.FAILED, False, True, False),
        ),
        (
            error(SalesforceMalformedRequest, 400, "INVALID_FIELD"),
            Result.REFUSED,
            True,
            True,
            False,
        ),
        (error(SalesforceMoreThanOneRecord, 300), Result.REFUSED, True, True, False),
        (NoAnswerError("x"), Result.LOST, False, True, False),
        (TemporaryError("x"), Result.FAILED, False, True, False),
        (CredentialsError("x"), Result.REFUSED, True, True, False),
    ],
)
def test_a_call_that_failed(
    given: Exception, result: Result, *, disables: bool, counts: bool, breaks: bool
) -> None:
    told = verdicts.of_error(given)
    assert (told.result, told.disables) == (result, disables)
    assert (told.counts, told.breaks) == (counts, breaks)


@pytest.mark.parametrize(
    ("code", "result", "disables"),
    [
        ("UNABLE_TO_LOCK_ROW", Result.FAILED, False),
        ("DUPLICATE_VALUE", Result.FAILED, False),
        ("ENTITY_IS_DELETED", Result.REFUSED, False),
        ("INACTIVE_OWNER_OR_USER", Result.REFUSED, False),
        ("STRING_TOO_LONG", Result.REFUSED, False),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", Result.REFUSED, True),
    ],
)
def test_a_record_that_was_refused(code: str, result: Result, *, disables: bool) -> None:
    told = verdicts.of_problem(Problem(code, "of Ada Lovelace"))
    assert (told.result, told.disables) == (result, disables)
    assert "Ada" not in told.reason


def test_one_record_that_is_refused_alone_does_not_stop_the_destination() -> None:
    given = SalesforceMalformedRequest(
        "https://acme",
        400,
        "Case",
        [{"errorCode": "INACTIVE_OWNER_OR_USER", "message": ""}],  # type: ignore[arg-type]
    )
    assert verdicts.of_record(given).disables is False


def test_a_bug_of_ours_is_none_of_theirs() -> None:
    with pytest.raises(KeyError):
        verdicts.of_error(KeyError("x"))


def test_usage_is_read_from_the_header() -> None:
    told = "api-usage=25/5000; per-app-api-usage=17/250(appName=x)"
    assert usage_of(told) == (25, 5000)
    assert usage_of("per-app-api-usage=17/250(appName=x)") is None
    assert usage_of("") is None


@pytest.mark.parametrize(
    ("url", "whom"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com/", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
    ],
)
def test_an_assertion_is_for_the_login_host(url: str, whom: str) -> None:
    assert audience(url) == whom


def a_key() -> str:
    made = generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_key_that_was_pasted_into_one_line_is_a_key() -> None:
    key = a_key()
    assert pem(key.replace("\n", "")) == key
    assert pem(key.replace("\n", "\r\n ")) == key
    assert pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----") is None
    assert pem("secret") is None


def test_the_form_asks_for_what_the_way_to_log_in_needs() -> None:
    told = {
        "login_url": "https://acme.my.salesforce.com",
        "client_id": "3MVG9",
        "api_version": "62.0",
        "final_after_s": "60",
        "budget_percent": "80",
    }
    assert set(Form({**told, "flow": "jwt"}).errors) == {"username", "private_key"}
    assert set(Form({**told, "flow": "client_credentials"}).errors) == {"client_secret"}
    whole = Form({**told, "flow": "jwt", "username": "dcm@acme.example", "private_key": a_key()})
    assert whole.is_valid(), whole.errors
    odd = Form({**told, "flow": "client_credentials", "conversation_field": "Id FROM User--"})
    assert "conversation_field" in odd.errors


def test_a_user_is_chosen_by_the_first_field_in_which_any_has_the_address() -> None:
    def row(number: int, *, active: bool = True, **fields: str) -> dict[str, object]:
        known = {"FederationIdentifier": None, "Username": "", "Email": ""}
        return {"Id": f"005D0000001uNw{number}", "IsActive": active, **known, **fields}

    mine = "A@acme.example"
    assert choose(mine, [row(1, Email="a@acme.example"), row(2, Username=mine)]).how == "username"
    assert choose(mine, [row(1, Email=mine, active=False)]) == Resolved(
        "", reason="the user is inactive"
    )
    assert choose("", []).reason == "the agent has no e-mail address in Genesys"
