"""What the health page says of destinations: how each does, why not, and what to do."""

from typing import Final

from dashboards import format as write
from dashboards.health_parts import CSS, WORDS, Reader, Row, link_to
from integrations.health import Destination, State

DELIVERIES: Final = "admin:integrations_delivery_changelist"
MODES: Final = {"shadow": "shadow mode", "live": "live", "off": "off"}
STOPPED: Final = (
    "What is to be told waits. Mend what the reason names, try it by “Send test”, then enable it"
    " again: Admin, Destinations."
)
FAILING: Final = (
    "Nothing is lost: what waits goes out by itself as soon as something gets through. If it goes"
    " on, ask whoever runs it; “Send test” under Admin, Destinations, tries it at once."
)


def row(one: Destination, reader: Reader) -> Row:
    """Write the line of a destination. The staff is led to it and its deliveries."""
    css, word = _state(one)
    detail, advice = _trouble(one, reader)
    shown = one.mode == "shadow" and bool(one.shown)
    return Row(
        name=one.name,
        name_link=_page(one) if reader.staff else "",
        purpose=f"{one.label}, {MODES.get(one.mode, one.mode)}",
        css=css,
        word=word,
        moments=(reader.moment(one.delivered_at), reader.moment(one.oldest)),
        counts=(write.count(one.waiting),),
        waiting_link=_listed(one, "waiting") if one.waiting and reader.staff else "",
        detail=detail,
        advice=advice,
        detail_link=_listed(one, "shown") if shown and reader.staff else "",
        link=_listed(one, "dead") if one.given_up and reader.staff else "",
        link_text=write.count(one.given_up),
    )


def _state(one: Destination) -> tuple[str, str]:
    """Return how it is coloured, and the word for it."""
    if one.mode == "off":
        return "paused", "Off"
    if one.stopped:
        return CSS[State.FAILING], "Stopped"
    if one.mode == "shadow" and one.state in {State.OK, State.NEVER}:
        return "paused", "Shadow"
    if one.state is State.NEVER:
        return CSS[State.NEVER], "Nothing sent yet"
    return CSS[one.state], WORDS[one.state]


def _trouble(one: Destination, reader: Reader) -> tuple[str, str]:
    """Return what is wrong, and what to do; of one in shadow mode what it has rendered."""
    if one.mode == "off":
        return "", ""
    if one.stopped:
        return f"Stopped: {one.stopped}.", STOPPED
    if one.failing:
        again = f" Next try at {reader.moment(one.next_try).text}." if one.next_try else ""
        return f"Failed {write.count(one.failures)} in a row: {one.failing}.{again}", FAILING
    if one.mode == "shadow":
        return f"{write.count(one.shown)} rendered, not sent", ""
    return "", ""


def _page(one: Destination) -> str:
    return link_to("admin:integrations_destination_change", "", one.pk)


def _listed(one: Destination, state: str) -> str:
    return link_to(DELIVERIES, f"destination__id__exact={one.pk}&state__exact={state}")
