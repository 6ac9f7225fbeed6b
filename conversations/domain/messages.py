"""Who wrote in a digital conversation, and when. What was written is never kept."""

from datetime import datetime
from typing import NamedTuple


class Message(NamedTuple):
    """One message. sender: customer, agent or automatic; user_id: of the agent, where known."""

    genesys_id: str
    sent_at: datetime
    sender: str
    user_id: str = ""
