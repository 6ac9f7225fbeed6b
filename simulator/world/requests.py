"""What a contact asks for when it is routed: skills, a language, a priority, a label.

It follows from the contact's id alone, so that it changes nothing of what happens.
"""

from random import Random
from typing import Final, NamedTuple

from simulator.world.organization import Organization

_ASKS_SKILL, _ASKS_TWO, _ASKS_LANGUAGE, _PRIORITY, _LABELLED = 0.35, 0.2, 0.5, 0.15, 0.1
_PRIORITIES: Final = (1, 5, 10)


class Request(NamedTuple):
    """What is asked for. priority and label are told by events alone."""

    skill_ids: tuple[str, ...] = ()
    language_id: str = ""
    priority: int = 0
    label: str = ""


def made(conversation_id: str, organization: Organization) -> Request:
    """Return what the contact of an id asks for."""
    draw = Random(f"requests/{conversation_id}")
    skills: tuple[str, ...] = ()
    if draw.random() < _ASKS_SKILL:
        count = 2 if draw.random() < _ASKS_TWO else 1
        skills = tuple(skill.id for skill in draw.sample(organization.skills, count))
    return Request(
        skill_ids=skills,
        language_id=draw.choice(organization.languages).id
        if draw.random() < _ASKS_LANGUAGE
        else "",
        priority=draw.choice(_PRIORITIES) if draw.random() < _PRIORITY else 0,
        label=draw.choice(organization.labels).id if draw.random() < _LABELLED else "",
    )
