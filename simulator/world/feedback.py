"""What reaches a conversation days after its end: surveys, evaluations, corrections."""

from collections.abc import Callable
from random import Random

from simulator.world.engine import DAY, HOUR, MINUTE, Timeline
from simulator.world.organization import new_id
from simulator.world.records import Conversation, Evaluation, Resolution, Session, Survey
from simulator.world.witness import Witness

# Shares of the conversations, and then of the evaluations.
_SURVEYED, _EVALUATED, _RESOLVED, _CORRECTED = 0.16, 0.08, 0.12, 0.03
_RETRACTED, _RESCORED = 0.08, 0.1


class Feedback:
    """Plans what follows the ends of conversations."""

    def __init__(self, timeline: Timeline, draw: Random, witness: Witness) -> None:
        self.timeline = timeline
        self.witness = witness
        self.organization = witness.organization
        self._draw = draw

    def follow(self, conversation: Conversation) -> None:
        """Draw what will follow the end that a conversation just came to."""
        talked = _last_talk(conversation)
        if talked is None:
            return
        user_id, session = talked
        draw = self._draw
        if draw.random() < _SURVEYED and not conversation.surveys:
            self._later(5 * MINUTE, HOUR, lambda: self._invite(conversation, user_id, session))
        if draw.random() < _EVALUATED and not conversation.evaluations:
            self._later(4 * HOUR, 3 * DAY, lambda: self._assign(conversation, user_id, session))
        if draw.random() < _RESOLVED and not conversation.resolutions:
            self._later(DAY, 3 * DAY, lambda: self._resolve(conversation, user_id, session))
        if draw.random() < _CORRECTED:
            self._later(3 * DAY, 4 * DAY, lambda: self._correct(session))

    def _later(self, low: int, high: int, then: Callable[[], None]) -> None:
        self.timeline.after(self._draw.randrange(low, high), then)

    # -- surveys -----------------------------------------------------------------------------
    def _invite(self, conversation: Conversation, user_id: str, session: Session) -> None:
        form = self.organization.forms[0]
        survey = Survey(
            id=new_id(self._draw),
            status="Sent",
            form_id=form.id,
            form_name=form.name,
            queue_id=session.queue_id,
            user_id=user_id,
            event_time=self.timeline.now,
            survey_type="Voice" if session.media == "voice" else "Web",
        )
        conversation.surveys.append(survey)
        self._later(10 * MINUTE, 3 * DAY, lambda: self._react(survey))

    def _react(self, survey: Survey) -> None:
        survey.event_time = self.timeline.now
        survey.status = self._draw.choice(("Finished", "Finished", "Expired", "OptOut"))
        if survey.status == "Finished":
            survey.completed = self.timeline.now
            survey.promoter_score = self._draw.choice((2, 5, 7, 8, 9, 9, 10, 10))
            survey.total_score = survey.promoter_score * 10 - self._draw.randrange(10)

    # -- evaluations -------------------------------------------------------------------------
    def _assign(self, conversation: Conversation, user_id: str, session: Session) -> None:
        form = self.organization.forms[1]
        evaluation = Evaluation(
            id=new_id(self._draw),
            status="Pending",
            form_id=form.id,
            form_name=form.name,
            queue_id=session.queue_id,
            user_id=user_id,
            evaluator_id=self._draw.choice(self.organization.supervisors).id,
            event_time=self.timeline.now,
        )
        conversation.evaluations.append(evaluation)
        self.witness.evaluated(conversation, evaluation)
        self._later(HOUR, DAY, lambda: self._begin(conversation, evaluation))

    def _begin(self, conversation: Conversation, evaluation: Evaluation) -> None:
        evaluation.event_time = self.timeline.now
        if self._draw.random() < _RETRACTED:
            evaluation.status, evaluation.deleted = "Retracted", True
            self.witness.evaluated(conversation, evaluation, before="Pending")
            return
        evaluation.status = "InProgress"
        self.witness.evaluated(conversation, evaluation, before="Pending")
        self._later(5 * MINUTE, 2 * HOUR, lambda: self._score(conversation, evaluation))

    def _score(self, conversation: Conversation, evaluation: Evaluation) -> None:
        before = evaluation.status
        evaluation.event_time = self.timeline.now
        evaluation.rescored = evaluation.status == "Finished"
        evaluation.status, evaluation.released = "Finished", True
        evaluation.total_score = self._draw.randrange(50, 101)
        evaluation.total_critical_score = self._draw.choice((0, 50, 100))
        self.witness.evaluated(conversation, evaluation, before=before)
        if not evaluation.rescored and self._draw.random() < _RESCORED:
            self._later(DAY, 3 * DAY, lambda: self._score(conversation, evaluation))

    # -- the rest ----------------------------------------------------------------------------
    def _resolve(self, conversation: Conversation, user_id: str, session: Session) -> None:
        conversation.resolutions.append(
            Resolution(self.timeline.now, session.queue_id, user_id, self._draw.randrange(2))
        )

    def _correct(self, session: Session) -> None:
        """Change a wrap-up code after the fact, as the nightly reprocessing may."""
        for segment in session.segments:
            if segment.wrap_up_code:
                segment.wrap_up_code = self._draw.choice(self.organization.wrap_up_codes).id


def _last_talk(conversation: Conversation) -> tuple[str, Session] | None:
    """Return the agent who talked last, with the session."""
    talks = [
        (participant.user_id, session)
        for participant in conversation.participants
        if participant.purpose == "agent"
        for session in participant.sessions
        if any(segment.segment_type == "interact" for segment in session.segments)
    ]
    return talks[-1] if talks else None
