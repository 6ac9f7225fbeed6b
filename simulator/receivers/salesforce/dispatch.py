"""Which handler a request goes to, and how its refusals become answers."""

from collections.abc import Sequence
from typing import Final

from simulator.receivers.salesforce import bulk, collections, composite, rest
from simulator.receivers.salesforce.asks import Answer, Ask
from simulator.receivers.salesforce.errors import SalesforceError, not_found
from simulator.receivers.salesforce.records import SeveralError
from simulator.receivers.salesforce.rest import Handler

_ROUTES: Final = tuple(
    (method, tuple(path.split("/")) if path else (), handler)
    for method, path, handler in (*rest.ROUTES, *collections.ROUTES, *bulk.ROUTES)
)


def answer(ask: Ask) -> Answer:
    """Return the answer to a request; a refusal is one too."""
    try:
        if ask.path == ("composite",) and ask.method == "POST":
            return composite.answer(ask, answer)
        return _handler(ask)(ask)
    except SalesforceError as error:
        return Answer(error.status, error.body())
    except SeveralError as several:
        base = f"/services/data/v{ask.version}/sobjects/{ask.path[1]}"
        return Answer(300, [f"{base}/{id_}" for id_ in several.args])


def _handler(ask: Ask) -> Handler:
    if ask.version not in rest.VERSIONS:
        raise not_found()
    fitting = [(method, each) for method, path, each in _ROUTES if _fits(path, ask.path)]
    if not fitting:
        raise not_found()
    for method, handler in fitting:
        if method == ask.method:
            return handler
    allowed = ", ".join(sorted({method for method, _ in fitting}))
    wording = f"HTTP Method '{ask.method}' not allowed. Allowed are {allowed}"
    raise SalesforceError("METHOD_NOT_ALLOWED", wording, status=405)


def _fits(pattern: Sequence[str], path: Sequence[str]) -> bool:
    if len(pattern) != len(path):
        return False
    return all(p in ("{}", given) for p, given in zip(pattern, path, strict=True))
