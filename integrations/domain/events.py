"""An event of Genesys on its way in: unwrapped from whatever carried it, not yet understood."""

from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple


class Carried(NamedTuple):
    """What a sender's body holds: one event. body is the JSON object of the eventBody.

    topic is normalised: see integrations.domain.topics. topic_id is the id that stood in it, or "".
    """

    topic: str
    topic_id: str
    body: bytes


class Event(NamedTuple):
    """What every event of Genesys is told apart by, by our names.

    Absent texts are "", an absent time is None. detail tells apart what may fall on one instant:
    states of a session, metrics. What a topic carries beyond that stays in the body.
    """

    topic: str
    conversation_id: str = ""
    participant_id: str = ""
    session_id: str = ""
    user_id: str = ""
    queue_id: str = ""
    media_type: str = ""
    at: datetime | None = None
    detail: str = ""

    @property
    def key(self) -> str | None:
        """Genesys's natural key, hashed (32 hex digits); None without a time: then it is a hint."""
        if self.at is None:
            return None
        ids = (self.topic, self.conversation_id, self.participant_id, self.session_id)
        # A topic of a user has no conversation: there the user tells two events apart.
        user_id = "" if self.conversation_id else self.user_id
        detail = (self.detail,) if self.detail else ()
        text = "\n".join((*ids, user_id, self.at.isoformat(), *detail))
        return blake2b(text.encode(), digest_size=16).hexdigest()


class Heard(NamedTuple):
    """An event that was not known yet, and the body that tells the rest of it."""

    event: Event
    carried: Carried
