"""Reading a query: a part of SOQL, as strict as the whole.

SELECT fields, of parents too (Owner.Name), or COUNT() FROM one object WHERE =, !=, <, <=, >, >=,
LIKE, IN, NOT IN with AND, OR, NOT and parentheses, ORDER BY, LIMIT, OFFSET. AND and OR side by side
need parentheses. Neither child queries nor aggregates nor date literals (LAST_N_DAYS).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from simulator.receivers.salesforce.errors import SalesforceError

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_][\w.]*)
    | (?P<mark><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_WORDS: Final = {"null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Literal:
    """A value of a query, and how it was written: text, datetime, date, number or word."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """field operator value. value is a Literal, or several for IN and NOT IN."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by AND, OR, or the one that NOT stands before."""

    word: str
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A field that rows are put in order by."""

    field: str
    descending: bool = False
    nulls_last: bool = False


@dataclass(slots=True)
class Query:
    """What is asked for. where is a Comparison, a Group, or None for everything."""

    fields: list[str]
    object: str
    counts: bool = False
    where: Comparison | Group | None = None
    order: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0


def parse(text: str) -> Query:
    """Read a query. Raises SalesforceError (MALFORMED_QUERY) where it is none."""
    return _Reader(text).query()


def _malformed(wording: str) -> SalesforceError:
    return SalesforceError("MALFORMED_QUERY", wording)


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def query(self) -> Query:
        self._expect("select")
        counts = self._count()
        fields = [] if counts else self._several(self._name)
        self._expect("from")
        query = Query(fields, self._name(), counts)
        if self._take("where"):
            query.where = self._conditions()
        if self._take("order"):
            self._expect("by")
            query.order = self._several(self._ordered)
        query.limit = self._integer() if self._take("limit") else None
        query.offset = self._integer() if self._take("offset") else 0
        if self._peek()[1]:
            raise _malformed(f"unexpected token: '{self._peek()[1]}'")
        return query

    def _count(self) -> bool:
        if self._peek()[1].lower() != "count":
            return False
        self._at += 1
        self._expect("(")
        self._expect(")")
        return True

    def _several(self, one: Callable[[], Any]) -> list[Any]:
        found = [one()]
        while self._take(","):
            found.append(one())
        return found

    def _conditions(self) -> Comparison | Group:
        parts = [self._condition()]
        word = self._peek()[1].lower()
        if word not in ("and", "or"):
            return parts[0]
        while self._take(word):
            parts.append(self._condition())
        if (other := self._peek()[1]).lower() in ("and", "or"):
            raise _malformed(f"unexpected token: {other}")
        return Group(word, tuple(parts))

    def _condition(self) -> Comparison | Group:
        if self._take("not"):
            return Group("not", (self._condition(),))
        if self._take("("):
            inner = self._conditions()
            self._expect(")")
            return inner
        name = self._name()
        operator = self._operator()
        if operator in ("in", "not in"):
            self._expect("(")
            values = tuple(self._several(self._literal))
            self._expect(")")
            return Comparison(name, operator, values)
        return Comparison(name, operator, self._literal())

    def _operator(self) -> str:
        kind, text = self._next()
        word = text.lower()
        if word == "not":
            self._expect("in")
            return "not in"
        if kind == "mark" and text not in "(),":
            return "!=" if text == "<>" else text
        if word in ("in", "like"):
            return word
        raise _malformed(f"unexpected token: '{text}'")

    def _literal(self) -> Literal:
        kind, text = self._next()
        match kind:
            case "text":
                return Literal("text", _unescaped(text[1:-1]))
            case "number":
                return Literal("number", float(text))
            case "datetime":
                return Literal("datetime", datetime.fromisoformat(text))
            case "date":
                return Literal("date", date.fromisoformat(text).isoformat())
        if text.lower() in _WORDS:
            return Literal("word", _WORDS[text.lower()])
        raise _malformed(f"unexpected token: '{text}'")

    def _ordered(self) -> Order:
        name = self._name()
        descending = bool(self._take("desc")) or (bool(self._take("asc")) and False)
        nulls_last = False
        if self._take("nulls"):
            nulls_last = bool(self._take("last"))
            if not nulls_last:
                self._expect("first")
        return Order(name, descending, nulls_last)

    def _integer(self) -> int:
        kind, text = self._next()
        if kind != "number" or not text.isdigit():
            raise _malformed(f"unexpected token: '{text}'")
        return int(text)

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise _malformed(f"unexpected token: '{text}'" if text else "unexpected end of query")
        return text

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        found = self._peek()
        self._at += 1
        return found

    def _take(self, word: str) -> bool:
        found = self._peek()[1].lower() == word
        self._at += found
        return found

    def _expect(self, word: str) -> None:
        text = self._next()[1]
        if text.lower() != word:
            raise _malformed(f"unexpected token: '{text}'" if text else "unexpected end of query")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _malformed(f"line 1:{at} no viable alternative at character '{text[at]}'")
        found.append((str(match.lastgroup), match[match.lastgroup or 0]))
        at = match.end()
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)
