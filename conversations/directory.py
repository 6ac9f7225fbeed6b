"""Writing the directory: what the organisation's agents, queues, divisions and codes are called.

A listing is complete: what it no longer names is marked, not deleted. Writing it twice writes
nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from conversations import listings, models
from conversations.domain import directory
from conversations.listings import Written


def write_divisions(*, divisions: Iterable[directory.Division]) -> Written:
    """Write the organisation's divisions. One that is gone keeps its name."""
    return listings.write(models.Division, rows={d.genesys_id: {"name": d.name} for d in divisions})


def write_queues(*, queues: Iterable[directory.Queue]) -> Written:
    """Write the organisation's queues; one that is gone is marked deleted."""
    rows = {
        queue.genesys_id: {
            "name": queue.name,
            "division_id": queue.division_id,
            "email_addresses": list(queue.email_addresses),
            "media_settings": queue.media_settings,
            "deleted": False,
        }
        for queue in queues
    }
    return listings.write(models.Queue, rows=rows, vanished={"deleted": True})


def write_agents(*, agents: Iterable[directory.Agent]) -> Written:
    """Write the organisation's users; one that is gone has the state deleted."""
    rows = {
        agent.genesys_id: {
            "name": agent.name,
            "email": agent.email,
            "division_id": agent.division_id,
            "state": agent.state,
            "auto_answer": agent.auto_answer,
        }
        for agent in agents
    }
    return listings.write(models.Agent, rows=rows, vanished={"state": "deleted"})


def write_wrap_up_codes(*, codes: Iterable[directory.WrapUpCode]) -> Written:
    """Write the organisation's wrap-up codes. One that is gone keeps its name."""
    rows = {c.genesys_id: {"name": c.name, "division_id": c.division_id} for c in codes}
    return listings.write(models.WrapUpCode, rows=rows)


@transaction.atomic
def write_utilizations(*, utilizations: Mapping[str, dict[str, Any] | None]) -> list[str]:
    """Write agents' own utilization by Genesys id; None: the organisation's holds for the agent.

    Returns the ids of the agents whose utilization is another now.
    """
    agents = models.Agent.objects.filter(genesys_id__in=utilizations)
    changed = [a for a in agents if a.utilization != utilizations[a.genesys_id]]
    for agent in changed:
        agent.utilization = utilizations[agent.genesys_id]
    models.Agent.objects.bulk_update(changed, ["utilization"], batch_size=500)
    return [agent.genesys_id for agent in changed]
