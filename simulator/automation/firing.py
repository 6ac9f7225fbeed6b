"""Triggers that fire: what happens in the world is posted by the data actions that were set up."""

from typing import Any

from simulator.automation.store import Store
from simulator.push.plan import Destination, Plan
from simulator.push.push import Push

_EQUAL = {"Equal", "In"}


def follow(push: Push, store: Store) -> None:
    """Let a push send what the triggers ask for, and nothing else."""
    push.follow(Plan(destinations=tuple(_destinations(store))))


def _destinations(store: Store) -> list[Destination]:
    return [
        Destination(
            name=trigger["name"],
            shape="trigger",
            url=action["config"]["request"]["requestUrlTemplate"],
            token=value.removeprefix("Bearer "),
            header=header or "Authorization",
            topics=(trigger["topicName"],),
            criteria=criteria(trigger.get("matchCriteria") or ()),
            strings=True,
        )
        for trigger, action, header, value in store.calls()
    ]


def criteria(given: Any) -> dict[str, tuple[str, ...]]:
    """Return the fields of an event and the values of which each must have one.

    Only Equal and In are understood; a trigger with another operator fires for all.
    """
    told = [each for each in given if each["operator"] in _EQUAL]
    return {
        each["jsonPath"].removeprefix("$."): tuple(
            each["values"] if each["operator"] == "In" else (each["value"],)
        )
        for each in told
    }
