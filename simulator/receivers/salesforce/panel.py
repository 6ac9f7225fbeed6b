"""What a page shows of an organisation: cases, each with its timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from simulator.receivers.panels import Panel, PanelOf
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.values import instant

MOST: Final = 50  # cases
COLUMNS: Final = ("Case", "Subject", "Owner", "Timeline")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a timeline: when it came to be, of what kind it is, its state, and what it says."""

    at: datetime
    kind: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A case with its timeline, newest first."""

    number: str
    subject: str
    owner: str
    timeline: tuple[Entry, ...]


def cases(org: Org, *, most: int = MOST) -> list[Shown]:
    """Return the cases that something happened to last, newest first. Texts are not escaped."""
    with org.lock:
        if org.catch_up:
            org.catch_up()
        timelines: dict[str, list[Entry]] = {}
        for row in org.rows("DCM_Hold__c"):
            timelines.setdefault(row["Case__c"] or "", []).append(_hold(row))
        for row in org.rows("Task"):
            timelines.setdefault(row["WhatId"] or "", []).append(_task(row))
        for row in org.rows("CaseHistory", DataType="Text"):
            timelines.setdefault(row["CaseId"], []).append(_change(org, row))
        found = [_shown(org, row, timelines.get(row["Id"], [])) for row in org.rows("Case")]
    return sorted(found, key=_latest, reverse=True)[:most]


def rows(org: Org, *, most: int = MOST) -> list[tuple[str, ...]]:
    """Return the same as cells of COLUMNS; a timeline has a line for each entry. Not escaped."""
    found = cases(org, most=most)
    return [(each.number, each.subject, each.owner, _lines(each)) for each in found]


def panel_of(org: Org) -> PanelOf:
    """Return the panel of an organisation for the receivers' page."""
    about = (
        "Cases, each with its timeline: holds while they last and as they ended, tasks, owners."
        " Consumer key and secret are simulator, My Domain URL is this server's."
    )
    return lambda _: Panel("Salesforce", about, COLUMNS, rows(org))


def _lines(shown: Shown) -> str:
    return "\n".join(
        " ".join(filter(None, (f"{entry.at:%H:%M:%S}", entry.kind, entry.state, entry.text)))
        for entry in shown.timeline
    )


def _latest(shown: Shown) -> tuple[str, str]:
    newest = shown.timeline[0].at.isoformat() if shown.timeline else ""
    return newest, shown.number


def _shown(org: Org, row: dict[str, Any], timeline: list[Entry]) -> Shown:
    newest_first = tuple(sorted(timeline, key=lambda entry: entry.at, reverse=True))
    return Shown(row["CaseNumber"], row["Subject"] or "", org.name_of(row["OwnerId"]), newest_first)


def _hold(row: dict[str, Any]) -> Entry:
    parts = (
        row["Media_Type__c"],
        row["Agent_Name__c"],
        None if row["Duration_Seconds__c"] is None else f"{row['Duration_Seconds__c']:g} s",
        row["Interrupted_By__c"],
    )
    text = " · ".join(part for part in parts if part)
    return Entry(
        _at(row["Started_At__c"] or row["CreatedDate"]), "Hold", row["State__c"] or "", text
    )


def _task(row: dict[str, Any]) -> Entry:
    return Entry(_at(row["CreatedDate"]), "Task", row["Status"], row["Subject"] or "")


def _change(org: Org, row: dict[str, Any]) -> Entry:
    text = f"{row['OldValue']} → {row['NewValue']}, by {org.name_of(row['CreatedById'])}"
    return Entry(_at(row["CreatedDate"]), row["Field"], "", text)


def _at(text: str) -> datetime:
    at = instant(text)
    assert at is not None
    return at
