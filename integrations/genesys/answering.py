"""What a ring (user.start) means: connected at once, where settings say so, or to be asked for."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from conversations import telling
from conversations.domain.answering import answers_itself, rings_for
from conversations.domain.live import News, State
from conversations.models import Agent, Queue
from integrations.genesys import rings
from integrations.genesys.rings import Ring

_OUTBOUND: Final = "outbound"


class Rung(NamedTuple):
    """A session of an agent that a queue has given it began to ring, as an event tells it."""

    news: News
    message_type: str
    direction: str


def take(rung: Sequence[Rung], *, now: datetime) -> list[News]:
    """Return who is connected by settings alone; have it asked for the others, if anybody listens.

    Settings may be wrong, or an agent's phone gone: what was told then stays told, and the reading
    shows what really was.
    """
    if not rung:
        return []
    settings = _settings(one.news.queue_id for one in rung)
    agents = _agents(one.news.user_id for one in rung)
    at_once = [one.news for one in rung if _answers_itself(one, settings, agents)]
    if telling.is_heard():
        waiting = (one.news for one in rung if one.news not in at_once)
        rings.order(rings=[_ring(news, settings) for news in waiting], now=now)
    return [news._replace(state=State.CONNECTED.value) for news in at_once]


def _answers_itself(
    one: Rung, settings: dict[str, dict[str, Any]], agents: dict[str, bool]
) -> bool:
    """Tell whether nobody need answer. Who calls out waits for the other side."""
    news = one.news
    return one.direction != _OUTBOUND and answers_itself(
        settings.get(news.queue_id, {}),
        media_type=news.media_type,
        message_type=one.message_type,
        agents=agents.get(news.user_id),
    )


def _ring(news: News, settings: dict[str, dict[str, Any]]) -> Ring:
    return Ring(news, rings_for(settings.get(news.queue_id, {}), news.media_type))


def _settings(queue_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    rows = Queue.objects.filter(genesys_id__in=set(queue_ids))
    return dict(rows.values_list("genesys_id", "media_settings"))


def _agents(user_ids: Iterable[str]) -> dict[str, bool]:
    rows = Agent.objects.filter(genesys_id__in=set(user_ids))
    return dict(rows.values_list("genesys_id", "auto_answer"))
