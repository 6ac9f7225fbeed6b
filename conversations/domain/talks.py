"""Who of a conversation's agents has the customer, and who is asked for advice only.

Of a call one agent at a time has the customer. Another who is connected meanwhile is consulted, and
has the customer only once the first has handed the call over. In messages and mails there is no
consultation: there two agents overlap while one hands over to the other.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple


class Talk(NamedTuple):
    """An agent's or user's session from its connection on, without after-call work.

    ended_at is None while it lasts. transferred: it ended by handing the conversation on.
    """

    session_id: str
    user_id: str
    participant_id: str
    media_type: str
    connected_at: datetime
    ended_at: datetime | None = None
    transferred: bool = False


def is_again(talk: Talk, talks: Iterable[Talk]) -> bool:
    """Tell whether its user was connected already, as where each mail that is sent is a session."""
    return any(
        is_one_user(talk, other) and (other.ended_at is None or other.ended_at >= talk.connected_at)
        for other in _before(talk, talks)
    )


def is_consult(talk: Talk, talks: Iterable[Talk]) -> bool:
    """Tell whether somebody else had the customer when it was connected."""
    return any(True for _ in _consulting(talk, talks))


def took_over_at(talk: Talk, talks: Iterable[Talk]) -> datetime | None:
    """Return when the one who consulted handed the customer over to this one; None: never."""
    consulting = list(_consulting(talk, talks))
    ends = [other.ended_at for other in consulting if other.ended_at]
    if not ends or len(ends) < len(consulting):
        return None
    last = max(ends)
    handed_over = any(other.transferred and other.ended_at == last for other in consulting)
    goes_on = talk.ended_at is None or talk.ended_at > last
    return last if handed_over and goes_on else None


def is_one_user(one: Talk, other: Talk) -> bool:
    """Tell whether two sessions are one user's; a participant without a user is only itself."""
    if one.user_id:
        return one.user_id == other.user_id
    return one.participant_id == other.participant_id


def _consulting(talk: Talk, talks: Iterable[Talk]) -> Iterator[Talk]:
    """Yield the calls of others that were going on when this one was connected."""
    if talk.media_type != "voice":
        return
    for other in _before(talk, talks):
        goes_on = other.ended_at is None or other.ended_at > talk.connected_at
        if goes_on and other.media_type == "voice" and not is_one_user(talk, other):
            yield other


def _before(talk: Talk, talks: Iterable[Talk]) -> Iterator[Talk]:
    mine = (talk.connected_at, talk.session_id)
    return (other for other in talks if (other.connected_at, other.session_id) < mine)
