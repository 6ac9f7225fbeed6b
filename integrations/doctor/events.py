"""Whether Genesys Cloud is set up to tell us of events: topics and triggers."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from integrations.doctor.findings import GUIDE, Finding, ok, warn
from integrations.doctor.patient import Patient
from integrations.genesys import permissions
from integrations.genesys.notifications import platform, topics
from integrations.genesys.setup import names, triggers, workflows

SETUP: Final = f"run manage.py genesys_setup, see {GUIDE}"


def notification_topics(patient: Patient) -> Iterator[Finding]:
    """Look which topics the WebSocket offers; what is lacking is polled."""
    asked = {"expand": platform.EXPAND, "includePreview": "true"}
    listed = patient.client.get(platform.AVAILABLE, asked).decode(_Offered).entities or ()
    refused = topics.refusals(listed)
    for kind, why in refused.items():
        fix = "none is needed: polling reads it instead, some seconds to minutes later"
        yield warn("topics", f"{kind}: {why}", fix)
    held = permissions.granted(patient.client)
    lacking = _lacking(listed, held) if held is not None else {}
    for kind, name in lacking.items():
        yield warn("topics", f"{kind} needs {name}", f"add {name} to a role: {GUIDE}, Permissions")
    if not refused and not lacking:
        yield ok("topics", f"all {len(topics.OF_AN_AGENT)} that the listener wants are offered")


def _lacking(listed: Any, held: frozenset[str]) -> dict[str, str]:
    """Return, for each topic that we want, a permission that it requires and we do not have."""
    told = ((t.id, name) for t in listed for name in t.requires_permissions or ())
    return {
        kind: name
        for kind, name in told
        if kind in topics.OF_AN_AGENT and not permissions.has(held, name)
    }


def trigger_topics(patient: Patient) -> Iterator[Finding]:
    """Look whether triggers may have the topics that we want."""
    offered = set(triggers.offered(patient.client))
    lacking = [event for event in names.EVENTS if names.TOPIC + event not in offered]
    if lacking:
        yield warn(
            "trigger topics",
            f"not offered here: {', '.join(lacking)}",
            "these events come by EventBridge or polling: docs/eventbridge.md",
        )
    else:
        yield ok("trigger topics", f"all {len(names.EVENTS)} events are offered")


def our_triggers(patient: Patient) -> Iterator[Finding]:
    """Look whether our triggers are there, on, and start our workflows."""
    known = triggers.find(patient.client)
    if not known:
        why = "none of ours is there: events come by other roads, or by polling alone"
        yield warn("triggers", why, SETUP)
        return
    flows = workflows.find(patient.client)
    ill = {event: why for event in names.EVENTS if (why := _illness(event, known, flows))}
    for event, why in ill.items():
        yield warn("triggers", f'"{names.of_event(event)}" {why}', SETUP)
    if not ill:
        yield ok("triggers", f"all {len(names.EVENTS)} are there, on, and start our workflows")


def _illness(event: str, known: dict[str, dict[str, Any]], flows: dict[str, Any]) -> str:
    """Return what is wrong with a trigger; "" where nothing is."""
    name = names.of_event(event)
    trigger, flow = known.get(name), flows.get(name)
    if trigger is None:
        return "is not there"
    if not trigger.get("enabled"):
        return "is switched off"
    if flow is None or not flow.published_version:
        return "starts no published workflow of ours"
    if (trigger.get("target") or {}).get("id") != flow.id:
        return "starts another workflow than ours"
    return ""


class _Offered(msgspec.Struct):
    """The kinds of topics."""

    entities: list[topics.Offered] | None = None
