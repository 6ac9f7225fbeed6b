"""The two doors: OAuth's token endpoint, and SOAP's login."""

import base64
import binascii
import re
from typing import Any, Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape, unescape

from starlette.requests import Request

from simulator.receivers.salesforce.asks import Answer
from simulator.receivers.salesforce.auth import JWT, LOGIN, GrantError
from simulator.receivers.salesforce.org import Org

TOKEN: Final = "/services/oauth2/token"  # noqa: S105 - a path
SOAP: Final = "/services/Soap/u/{version}"


def token(org: Org, request: Request, raw: bytes) -> Answer:
    """Give out a token for client credentials, or for a signed assertion."""
    form = {name: v[-1] for name, v in parse_qs(raw.decode("utf-8", "replace")).items()}
    try:
        user = _user(org, request, form)
    except GrantError as error:
        return Answer(400, error.body)
    session = org.auth.log_in(user)
    told = {
        "access_token": session.token,
        "scope": "api",
        "instance_url": _instance(request),
        "id": f"{LOGIN}/id/{org.id}/{user}",
        "token_type": "Bearer",
    }
    if form["grant_type"] != JWT:
        told["issued_at"] = str(round(org.now().timestamp() * 1000))
    return Answer(200, told)


def _user(org: Org, request: Request, form: dict[str, str]) -> str:
    match form.get("grant_type"):
        case "client_credentials":
            key, secret = _client(request, form)
            return org.auth.by_secret(key, secret)
        case kind if kind == JWT:
            users = {r["Username"].lower(): r for r in org.table(org.kind("User")).rows.values()}
            return org.auth.by_assertion(form.get("assertion", ""), users)
    raise GrantError("unsupported_grant_type", "grant type not supported")


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Read key and secret of a Basic header, else of the form."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise GrantError("invalid_client", "invalid client credentials") from error
    return key, secret


def _instance(request: Request) -> str:
    """Return where this organisation is: where it was asked."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def soap(org: Org, request: Request, raw: bytes) -> Answer:
    """Log somebody in by name and password, as long as Salesforce still does that."""
    text = raw.decode("utf-8", "replace")
    given = {name: _element(text, name) for name in ("username", "password")}
    user = org.passwords.get((given["username"].lower(), given["password"]))
    if user is None:
        return Answer(500, _FAULT, media=_XML)
    session = org.auth.log_in(user)
    url = f"{_instance(request)}/services/Soap/u/{request.path_params['version']}/{org.id}"
    return Answer(200, _LOGGED_IN.format(url=escape(url), token=escape(session.token)), media=_XML)


def _element(text: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}>(.*?)</", text, re.DOTALL)
    return unescape(found[1]) if found else ""


_XML: Final = "text/xml"
_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
    ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:sf="urn:fault.partner.soap.sforce.com"'
    ' xmlns="urn:partner.soap.sforce.com"><soapenv:Body>{}</soapenv:Body></soapenv:Envelope>'
)
_LOGGED_IN: Final = _ENVELOPE.format(
    "<loginResponse><result><serverUrl>{url}</serverUrl>"
    "<sessionId>{token}</sessionId></result></loginResponse>"
)
_WORDS: Final = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
_FAULT: Any = _ENVELOPE.format(
    f"<soapenv:Fault><faultcode>INVALID_LOGIN</faultcode><faultstring>{_WORDS}</faultstring>"
    "<detail><sf:LoginFault><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
    f"<sf:exceptionMessage>{_WORDS}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
)
