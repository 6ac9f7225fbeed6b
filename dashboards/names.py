"""Names of agents, queues and codes, looked up by their Genesys ids in one query each."""

from collections.abc import Iterable, Mapping

from conversations.models import Agent, Queue, WrapUpCode
from dashboards.format import NOTHING, short_id


def of_queues(ids: Iterable[str]) -> dict[str, str]:
    """Return the names of queues; those without one are left out."""
    known = Queue.objects.filter(genesys_id__in=set(ids) - {""})
    return {row_id: name for row_id, name in known.values_list("genesys_id", "name") if name}


def of_agents(ids: Iterable[str]) -> dict[str, str]:
    """Return the names of agents; those without one are left out."""
    known = Agent.objects.filter(genesys_id__in=set(ids) - {""})
    return {row_id: name for row_id, name in known.values_list("genesys_id", "name") if name}


def of_wrap_up_codes(ids: Iterable[str]) -> dict[str, str]:
    """Return the names of wrap-up codes; those without one are left out."""
    known = WrapUpCode.objects.filter(genesys_id__in=set(ids) - {""})
    return {row_id: name for row_id, name in known.values_list("genesys_id", "name") if name}


def named(genesys_id: str, names: Mapping[str, str]) -> str:
    """Return the name of an id; a short id where it has none, a dash where there is no id."""
    return names.get(genesys_id) or short_id(genesys_id) or NOTHING
