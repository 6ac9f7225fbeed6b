"""Surveys and evaluations: they come hours or days after a conversation has ended.

Resolutions do so too, but no filter tells when: they come whenever else the conversation is read.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec
from django.conf import settings

from chrono.spans import Span
from integrations import watermarks
from integrations.errors import MalformedAnswerError
from integrations.genesys import queries
from integrations.genesys.client import Client
from integrations.genesys.pages import Found
from integrations.genesys.poll import OPEN_WINDOW, since_last
from integrations.genesys.reading import Read
from integrations.genesys.rounds import Round, Step
from integrations.watermarks import Told, quiet

READ_FEEDBACK: Final = "genesys.read_feedback"


class Feedback(msgspec.Struct):
    """Whether a conversation has any of it."""

    surveys: list[msgspec.Raw] | None = None
    evaluations: list[msgspec.Raw] | None = None


ASKS: Final = {
    "surveys": queries.surveyed,
    "evaluations": queries.evaluated,
}


def read_feedback(*, client: Client, now: datetime, tell: Told = quiet) -> Read:
    """Read the conversations that surveys or evaluations came of since the last run.

    These come days after the end and do not move it, so nothing else finds them. Looks at what
    started in the last FEEDBACK_DAYS. Raises as poll does; MalformedAnswerError where Genesys
    passes over the filter, for then every conversation would come.
    """
    with watermarks.run(READ_FEEDBACK, clock=client.clock) as run:
        round_ = Round.of(run, client, since=since_last(run, now), now=now)
        began = Span(
            queries.midnight(round_.span.end - timedelta(days=settings.FEEDBACK_DAYS)),
            round_.span.end,
        )
        steps = [
            Step(kind, window, partial(asked, told=round_.span), partial(_has, kind))
            for kind, asked in ASKS.items()
            for window in queries.windows(began, length=OPEN_WINDOW)
        ]
        read = Read()
        for step, part in round_.go(steps):
            tell(f"{step.name} of what began since {step.window.start:%Y-%m-%d}: {part}")
            read += part
        run.advance(round_.span.end)
        run.detail = str(read)
    return read


def _has(kind: str, one: Found) -> bool:
    """Let everything through that has the kind asked for; what has not should not have come."""
    try:
        feedback = msgspec.json.decode(one.document, type=Feedback)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    if not getattr(feedback, kind):
        raise MalformedAnswerError(f"a conversation without {kind} came: the filter is ignored")
    return False
