"""What was promised to a conversation: the policy that covers it, and what it and its hours said.

Read once for many conversations. What holds now stands in the rows of policies and calendars;
their versions tell what held before.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from conversations import routing
from conversations.models import Queue as QueueRow
from sla.domain.matching import Conditions, Facets, Queue, QueueHours, calendar_of, words
from sla.domain.terms import Terms
from sla.domain.turns import TermsChanged
from sla.models import Calendar, HoursRule, Policy, PolicyVersion
from sla.subjects import Subject
from sla.timelines import UNSAVED, PolicyAs, Stretch, Timelines, as_it_was, needs_rule

logger = logging.getLogger(__name__)

NO_QUEUE = Queue()
NO_CALENDARS: Final[Mapping[int, Calendar]] = {}


class Promise(NamedTuple):
    """The policy that covers a conversation, and the terms that held when that began.

    terms None: its opening hours cannot be read. later are the terms that held from later on.
    """

    policy_id: int
    terms: Terms | None
    later: tuple[TermsChanged, ...] = ()

    @property
    def minds_idleness(self) -> bool:
        """Whether parks or holds pause clocks."""
        return any(terms.pausing != frozenset() for terms in self._all)

    @property
    def minds_forgetting(self) -> bool:
        """Whether it is said when agents have forgotten what they hold."""
        return any(terms.forgotten is not None or terms.away is not None for terms in self._all)

    @property
    def _all(self) -> tuple[Terms, ...]:
        return (*([self.terms] if self.terms else ()), *(turn.terms for turn in self.later))


class InForce(NamedTuple):
    """An active policy, as it was and as it is: the last one is the row itself."""

    policy: Policy
    conditions: Conditions
    history: tuple[PolicyAs, ...]


class Book:
    """Policies in the order in which they are asked, and all that says whose hours they go by.

    policies None: the active ones, with what they said before. Others count as if they had held
    ever, in the hours of the calendars that they name; 0 is the pk of one that is not saved.
    calendars, by primary key, are those that count instead of what is saved.
    """

    def __init__(
        self,
        policies: Sequence[Policy] | None = None,
        calendars: Mapping[int, Calendar] = NO_CALENDARS,
    ) -> None:
        self.policies = _active() if policies is None else [_tried(p) for p in policies]
        ruled = any(needs_rule(one.policy) for p in self.policies for one in p.history)
        self._rules = rules_of_hours() if ruled else []
        self._queues = queues_as_ruled() if self._rules else {}
        self._timelines = Timelines(
            {rule.calendar_id for rule in self._rules},
            [one.history for one in self.policies],
            with_history=policies is None,
            tried=calendars,
        )
        self._notes = any(p.conditions.ask_for_notes for p in self.policies)

    def promises(self, conversations: Sequence[Subject]) -> dict[int, Promise | None]:
        """Return what was promised to conversations by primary key: None where nothing is.

        The first policy applies whose conditions all hold, and whose hours are known. Costs a
        query at most, and one more where earlier hours of some calendar are asked for.
        """
        ids = [c.genesys_id for c in conversations] if self._notes else []
        notes = routing.notes_of(ids) if ids else {}
        return {
            c.pk: self._promise(c, facets_of(c, notes.get(c.genesys_id, (None, ""))))
            for c in conversations
        }

    def _promise(self, conversation: Subject, facets: Facets) -> Promise | None:
        for one in self.policies:
            if not one.conditions.cover(facets):
                continue
            ruled = self._calendar_by_rule(facets)
            if needs_rule(one.policy) and ruled is None:
                _say_without_hours(one.policy.pk, facets.queue_id)
                continue
            stretches = self._timelines.of(one.history, ruled)
            return self._promised(one.policy.pk or UNSAVED, stretches, conversation)
        return None

    def _promised(
        self, policy_id: int, stretches: Sequence[Stretch], conversation: Subject
    ) -> Promise:
        terms_of = self._timelines.terms
        if (now := terms_of(stretches[-1])) is None:
            return Promise(policy_id, None)
        held = [
            (stretch, terms)
            for stretch in _during(stretches, conversation.started_at, conversation.ended_at)
            if (terms := terms_of(stretch)) is not None
        ]
        first, *later = held or [(stretches[-1], now)]
        return Promise(policy_id, first[1], tuple(s.turn(terms) for s, terms in later))

    def _calendar_by_rule(self, facets: Facets) -> int | None:
        if not self._rules:
            return None
        queue = self._queues.get(facets.queue_id, NO_QUEUE._replace(genesys_id=facets.queue_id))
        return calendar_of(self._rules, queue, facets.media_type)


def facets_of(conversation: Subject, note: tuple[int | None, str] = (None, "")) -> Facets:
    """Return what conditions ask of a conversation; note is its priority and label."""
    priority, label = note
    return Facets(
        media_type=conversation.media_type.casefold(),
        queue_id=conversation.queue_id,
        message_type=conversation.message_type.casefold(),
        division_ids=frozenset(conversation.division_ids),
        skill_ids=frozenset(conversation.skill_ids),
        language_id=conversation.language_id,
        label=label.casefold(),
        priority=priority,
    )


def conditions_of(policy: Policy) -> Conditions:
    """Return the conditions of a policy."""
    return Conditions(
        media_types=words(policy.media_types),
        queue_ids=frozenset(policy.queue_ids),
        message_types=words(policy.message_types),
        division_ids=frozenset(policy.division_ids),
        skill_ids=frozenset(policy.skill_ids),
        language_ids=frozenset(policy.language_ids),
        labels=words(policy.labels),
        least_priority=policy.least_priority,
    )


def _during(
    stretches: Sequence[Stretch], started_at: datetime, ended_at: datetime | None
) -> list[Stretch]:
    """Return the stretch in which a conversation began, and those that began while it lasted.

    What began before the first is taken for that one's.
    """
    begun = [s for s in stretches if s.valid_from is None or s.valid_from <= started_at]
    first = begun[-1] if begun else stretches[0]
    later = stretches[stretches.index(first) + 1 :]
    return [first, *(s for s in later if ended_at is None or s.since < ended_at)]


def _tried(policy: Policy) -> InForce:
    return InForce(policy, conditions_of(policy), (PolicyAs(None, None, policy),))


def _active() -> list[InForce]:
    active = Policy.objects.filter(active=True)
    policies = list(active.select_related("calendar").order_by("position", "pk"))
    versions: Mapping[int, list[PolicyVersion]] = defaultdict(list)
    rows = PolicyVersion.objects.filter(policy__in=policies).order_by("policy", "number")
    for version in rows:
        versions[version.policy_id].append(version)
    return [
        InForce(policy, conditions_of(policy), as_it_was(policy, versions[policy.pk]))
        for policy in policies
    ]


# Remembered, so that it is logged once: the admin's policies show it as long as it is so.
@lru_cache(maxsize=1000)
def _say_without_hours(policy_id: int, queue_id: str) -> None:
    logger.warning("sla.queue_without_hours", extra={"policy": policy_id, "queue": queue_id})


def rules_of_hours() -> list[QueueHours]:
    """Return the rules that say whose hours queues keep, in the order in which they are asked."""
    return [
        QueueHours(
            rule.calendar_id,
            frozenset(rule.queue_ids),
            rule.name_contains.casefold(),
            frozenset(rule.division_ids),
            words(rule.media_types),
        )
        for rule in HoursRule.objects.order_by("position", "pk")
    ]


def queues_as_ruled() -> dict[str, Queue]:
    """Return all queues as rules see them, by Genesys id."""
    rows = QueueRow.objects.values_list("genesys_id", "name", "division_id")
    return {row[0]: Queue(row[0], row[1].casefold(), row[2]) for row in rows}
