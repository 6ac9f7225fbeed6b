"""The guide to extension code says what is so."""

import re
from pathlib import Path

import msgspec

from conversations.events import EVENTS, Event

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs/examples"


def fields(of: type[Event]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(of)]


def test_the_example_is_quoted_as_it_stands() -> None:
    quoted = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    paths = ("acme_dcm/models.py", "acme_dcm/handlers.py", "test_acme_dcm.py")
    assert quoted == [(EXAMPLES / path).read_text(encoding="utf-8") for path in paths]


def test_every_event_is_in_the_table_with_all_its_fields() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([a-z.]+)` \| (.*?) \| ", GUIDE, re.MULTILINE)
    told = {event: (name, sorted(re.findall(r"`(\w+)`", own))) for event, name, own in rows}
    own = {
        event.__name__: (event.name.value, sorted(set(fields(event)) - set(fields(Event))))
        for event in EVENTS
    }
    assert told == own


def test_every_field_that_all_have_is_in_the_table() -> None:
    table = GUIDE.partition("## What a handler is given")[2].partition("| event |")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == fields(Event)
