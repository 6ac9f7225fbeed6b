"""Why a session ended: one spelling for the five that Genesys uses."""

from typing import Final

# The spelling of analytics details. Detail events write UPPER_SNAKE, conversation topics and
# REST participants dotted, the metrics topic turns two words around.
_IRREGULAR: Final = {
    "transfer.noanswer": "noAnswerTransfer",
    "transfer.notavailable": "notAvailableTransfer",
    "transfer.dnd": "dndTransfer",
    "transfer.donotdisturb": "dndTransfer",
    "transferdnd": "dndTransfer",
    "endpoint.dnd": "dndEndpoint",
    "endpoint.donotdisturb": "dndEndpoint",
    "endpointdnd": "dndEndpoint",
    "transfer.conference": "conferenceTransfer",
    "transfer.consult": "consultTransfer",
    "transfer.forward": "forwardTransfer",
}
_CANONICAL: Final = """
    client endpoint error other peer spam system timeout transfer uncallable inactivity takeover
    conferenceTransfer consultTransfer forwardTransfer noAnswerTransfer notAvailableTransfer
    dndTransfer dndEndpoint sessionExpired transportFailure
"""
_BY_LETTERS: Final = {name.lower(): name for name in _CANONICAL.split()}

# An agent handed the conversation on. noAnswer, notAvailable and dnd are the system's doing.
TRANSFERS: Final = frozenset(
    {"transfer", "consultTransfer", "conferenceTransfer", "forwardTransfer"}
)

# Somebody, or the system, sent the conversation on: another session is to follow.
HANDED_ON: Final = TRANSFERS | {"noAnswerTransfer", "notAvailableTransfer", "dndTransfer"}


def canonical(spelling: str) -> str:
    """Return analytics' spelling of a disconnect type; one that is not known stays as it is."""
    if spelling in _BY_LETTERS:  # the common case: already lower case and of one word
        return _BY_LETTERS[spelling]
    lower = spelling.lower()
    letters = lower.replace("_", "").replace(".", "")
    return _IRREGULAR.get(lower) or _BY_LETTERS.get(letters, spelling)
