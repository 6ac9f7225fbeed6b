"""What a field takes, what it makes of it, and how an answer tells it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from simulator.receivers.salesforce.errors import SalesforceError
from simulator.receivers.salesforce.ids import full
from simulator.receivers.salesforce.objects import Field

_NAMES: Final = {"boolean": "boolean", "double": "double", "int": "int", "datetime": "datetime"}
_is_email = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+").fullmatch


def read(field: Field, value: Any) -> Any:
    """Return what a field keeps of a value of JSON. Raises SalesforceError where it takes none.

    Text is kept without spaces around it, instants to the second, numbers to their scale.
    """
    if value is None or value == "":
        return None if field.type != "boolean" else _boolean(field, value)
    reader: Callable[[Field, Any], Any] = _READERS.get(field.type, _text)
    return reader(field, value)


def told(field: Field, value: Any) -> Any:
    """Return a kept value as JSON has it."""
    if value is not None and field.type == "datetime":
        return written(value)
    return value


def written(at: datetime) -> str:
    """Return an instant as Salesforce writes it: with milliseconds, which are always 0."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"


def instant(text: Any) -> datetime | None:
    """Read an ISO instant with its zone, cut to the second; None where it is none."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at.astimezone(UTC).replace(microsecond=0) if at.tzinfo else None


def _refuse(field: Field, value: Any) -> Any:
    shape = "VALUE_STRING" if isinstance(value, str) else "VALUE_NUMBER_INT"
    name = _NAMES.get(field.type, field.type)
    raise SalesforceError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {name} from {shape} value {value} or request may be"
        " missing a required field at [line:1, column:2]",
    )


def _boolean(field: Field, value: Any) -> bool:
    return value if isinstance(value, bool) else bool(_refuse(field, value))


def _number(field: Field, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(field, value)
    if field.type == "int":
        return value if isinstance(value, int) else int(_refuse(field, value))
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)
    if abs(exact) >= Decimal(10) ** (field.length - field.scale):
        wording = f"{field.name}: value outside of valid range on numeric field: {value}"
        raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", wording, fields=[field.name])
    return float(exact)


def _instant(field: Field, value: Any) -> Any:
    return instant(value) or _refuse(field, value)


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except (TypeError, ValueError):
        return str(_refuse(field, value))


def _reference(field: Field, value: Any) -> str:
    id_ = full(value)
    if id_ is None:
        wording = f"{field.name}: id value of incorrect type: {value}"
        raise SalesforceError("MALFORMED_ID", wording, fields=[field.name])
    return id_


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        value = str(value).lower() if isinstance(value, bool) else str(value)
    text: str = value.strip()
    if len(text) > field.length:
        wording = f"{field.name}: data value too large: {text} (max length={field.length})"
        raise SalesforceError("STRING_TOO_LONG", wording, fields=[field.name])
    if field.restricted and text and text not in field.values:
        code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        wording = f"{field.name}: bad value for restricted picklist field: {text}"
        raise SalesforceError(code, wording, fields=[field.name])
    if field.type == "email" and text and not _is_email(text):
        wording = f"{field.name}: invalid email address: {text}"
        raise SalesforceError("INVALID_EMAIL_ADDRESS", wording, fields=[field.name])
    return text or None


_READERS: Final[dict[str, Callable[[Field, Any], Any]]] = {
    "boolean": _boolean,
    "double": _number,
    "int": _number,
    "datetime": _instant,
    "date": _date,
    "reference": _reference,
}
