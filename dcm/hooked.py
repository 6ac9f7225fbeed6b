"""The demo's webhooks: its simulator is a source like any other, with a key of its own."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from dcm import demo
from integrations.inbox import sources
from integrations.models import Source

NAME = "Simulator, by trigger"


def admit_simulator(folder: Path, *, now: datetime) -> demo.World:
    """Return the world kept in this folder, with a token that our webhooks take.

    Where it has none, or another database's, or one that was revoked, it is given a new one.
    """
    world = demo.world_of(folder, now=now)
    defaults = {"kind": Source.Kind.GENESYS, "created_at": now}
    source, _ = Source.objects.get_or_create(name=NAME, defaults=defaults)
    valid = {key.digest for key in sources.valid_keys(source_id=source.pk, now=now)}
    if sources.digest_of(world.push_token).hex() not in valid:
        world = replace(world, push_token=sources.new_key(source_id=source.pk, now=now))
        demo.remember(folder, world)
    return world


def url() -> str:
    """Return where the simulator posts what happens."""
    host = f"[{settings.BIND}]" if ":" in settings.BIND else settings.BIND
    return f"http://{host}:{settings.PORT}{reverse('hooks:genesys')}"
