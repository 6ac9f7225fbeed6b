"""What is odd about a policy: it never applies, it has no hours, it warns of less than all."""

from collections.abc import Iterable, Iterator

from chrono.always import ALWAYS
from sla import unheard
from sla.domain.terms import WAITS
from sla.domain.words import said
from sla.models import HoursRule, Policy
from sla.promises import conditions_of
from sla.selectors import terms_of
from sla.timelines import needs_rule


def oddities(policy: Policy) -> list[str]:
    """Return what an administrator should know about a policy, in sentences. Four queries."""
    if not policy.active:
        return []
    active = Policy.objects.filter(active=True)
    earlier = [p for p in active.order_by("position", "pk") if _is_asked_before(p, policy)]
    rules = list(HoursRule.objects.all())
    return [
        *_never_applies(policy, earlier, rules),
        *_hours(policy, rules),
        *_twice(policy),
        *_warnings(policy),
        *unheard.oddities(policy),
    ]


def _is_asked_before(one: Policy, other: Policy) -> bool:
    last = float("inf")  # one that is not saved yet gets the highest primary key
    return one.pk != other.pk and (one.position, one.pk) < (other.position, other.pk or last)


def _never_applies(
    policy: Policy, earlier: Iterable[Policy], rules: Iterable[HoursRule]
) -> Iterator[str]:
    mine, rules = conditions_of(policy), list(rules)
    for one in earlier:
        if conditions_of(one).cover_all_of(mine) and not _may_lack_hours(one, rules):
            yield f"It never applies: {one} is asked before it and covers all that it covers."
            return


def _hours(policy: Policy, rules: list[HoursRule]) -> Iterator[str]:
    if needs_rule(policy) and not rules:
        yield (
            "It never applies: it has no calendar, and no queue's opening hours are written. Write "
            "some, or choose a calendar."
        )
    elif _may_lack_hours(policy, rules):
        yield (
            "Where no rule of queues' opening hours covers a conversation's queue it does not "
            "apply: a last rule without conditions would cover every queue."
        )


def _may_lack_hours(policy: Policy, rules: Iterable[HoursRule]) -> bool:
    return needs_rule(policy) and not any(_covers_every_queue(rule) for rule in rules)


def _covers_every_queue(rule: HoursRule) -> bool:
    return not (rule.queue_ids or rule.name_contains or rule.division_ids or rule.media_types)


def _twice(policy: Policy) -> Iterator[str]:
    if policy.first_response_s is not None and policy.next_response_s is not None:
        yield (
            "A customer's first message is told of twice: by the first response and by the next "
            "response, each with its own clock and alert. Write one of them where that is too much."
        )


def _warnings(policy: Policy) -> Iterator[str]:
    """Tell which warnings come too late for which targets: model and form refuse those for all."""
    terms = terms_of(policy, ALWAYS)
    for kind in WAITS:
        target = terms.target(kind)
        late = [amount for amount in terms.warnings if target is not None and amount >= target]
        if late and target is not None:
            named = ", ".join(said(amount) for amount in late)
            yield f"{named} warns of no {kind.replace('_', ' ')}: its target is {said(target)}."
