"""Sees which sessions change at an instant and, when it is over, tells what that means.

What is told is read from the records alone, so whoever begins to listen in the middle hears the
same from then on. Nothing is drawn by lot here, and nothing is written where nobody listens.
"""

from functools import partial

from simulator.world import detail_events, quality, snapshots
from simulator.world.detail_events import Body, Seen
from simulator.world.engine import Action, Timeline
from simulator.world.feed import Feed, Occurrence
from simulator.world.organization import Organization
from simulator.world.records import Conversation, Evaluation, Participant, Session

_CONVERSATION = "v2.detail.events.conversation.{}.{}"
_AGENT_STATE = "v2.detail.events.agent.{}.state"
_OF_USER = "v2.users.{}.conversations"
_OF_QUEUE = "v2.routing.queues.{}.conversations"


class Witness:
    """Tells a feed of everything that happens to conversations."""

    def __init__(self, timeline: Timeline, feed: Feed, organization: Organization) -> None:
        self.organization = organization
        self._timeline = timeline
        self._feed = feed
        self._names = {agent.id: agent.name for agent in organization.agents}
        self._names |= {someone.id: someone.name for someone in organization.supervisors}
        self._touched: dict[str, Seen] = {}
        timeline.instant_over = self._tell

    def watch(
        self, conversation: Conversation, participant: Participant, session: Session
    ) -> Action:
        """Return what is to be called whenever the session changes."""
        return partial(self._note, Seen(conversation, participant, session))

    def evaluated(
        self, conversation: Conversation, evaluation: Evaluation, *, before: str = ""
    ) -> None:
        """Tell of an evaluation that was made or changed; before is its status until now."""
        if self._feed.wants(quality.TOPIC):
            body = quality.body(conversation, evaluation, before=before, names=self._names)
            self._feed.tell(Occurrence(quality.TOPIC, body, self._timeline.now))

    def _note(self, seen: Seen) -> None:
        if self._feed.heard:
            self._touched.setdefault(seen.session.id, seen)

    def _tell(self) -> None:
        if not self._touched:
            return
        touched, self._touched = list(self._touched.values()), {}
        for seen in touched:
            self._tell_begin(seen)
            self._tell_states(seen)
            self._tell_end(seen)
        for conversation in {seen.conversation.id: seen.conversation for seen in touched}.values():
            self._tell_snapshots(conversation, touched)

    # -- sessions ----------------------------------------------------------------------------
    def _tell_begin(self, seen: Seen) -> None:
        at = self._timeline.now
        if seen.session.segments[0].start == at:
            body = partial(detail_events.start, seen, at, self._division(seen))
            self._tell_detail(seen, f"{seen.family}.start", body)

    def _tell_end(self, seen: Seen) -> None:
        session, at = seen.session, self._timeline.now
        last = session.segments[-1]
        if detail_events.last_talk(session).end == at:
            answered_by = self._answered_by(seen) if seen.family == "acd" else ""
            division = self._division(seen)
            body = partial(detail_events.end, seen, at, division, answered_by=answered_by)
            self._tell_detail(seen, f"{seen.family}.end", body)
        if last.segment_type == "wrapup" and last.end == at:
            self._tell_detail(seen, "wrapup", partial(detail_events.wrap_up, seen, at))
            self._tell_detail(seen, "acw", partial(detail_events.after_call_work, seen, at))

    def _tell_states(self, seen: Seen) -> None:
        """Tell in which states an agent's session came to be."""
        topic = _AGENT_STATE.format(seen.participant.user_id)
        if seen.family != "user" or not self._feed.wants(topic):
            return
        at = self._timeline.now
        states = [s.segment_type for s in seen.session.segments if s.start == at]
        if seen.session.segments[-1].end == at:
            states.append("terminated")
        for state in states:
            body = detail_events.agent_state(seen, state, at)
            self._feed.tell(Occurrence(topic, body, at))

    def _tell_detail(self, seen: Seen, what: str, body: "partial[Body]") -> None:
        topic = _CONVERSATION.format(seen.conversation.id, what)
        if self._feed.wants(topic):
            self._feed.tell(Occurrence(topic, body(), self._timeline.now))

    def _division(self, seen: Seen) -> str:
        queue = self.organization.queue_by_id.get(seen.session.queue_id)
        return queue.division_id if queue else seen.conversation.division_ids[0]

    def _answered_by(self, seen: Seen) -> str:
        """Return the user whose alert for this queue ended in being connected just now."""
        return next(
            (
                participant.user_id
                for participant in reversed(seen.conversation.participants)
                for session in participant.sessions
                if session.purpose == "agent"
                and session.queue_id == seen.session.queue_id
                and session.open_segment
                and session.segments[0].segment_type == "alert"
                and session.segments[0].end == self._timeline.now
            ),
            "",
        )

    # -- conversations -----------------------------------------------------------------------
    def _tell_snapshots(self, conversation: Conversation, touched: list[Seen]) -> None:
        """Tell all users and queues that take part how the conversation stands now."""
        topics = [topic for topic in self._audience(conversation, touched) if topic]
        wanted = [topic for topic in topics if self._feed.wants(topic)]
        if wanted:
            body = snapshots.conversation(conversation, self._names)
            for topic in wanted:
                self._feed.tell(Occurrence(topic, body, self._timeline.now))

    def _audience(self, conversation: Conversation, touched: list[Seen]) -> dict[str, None]:
        """Return the topics of whoever takes part, or did until just now, each once."""
        moved = {seen.session.id for seen in touched}
        users: dict[str, None] = {}
        queues: dict[str, None] = {}
        for participant in conversation.participants:
            for session in participant.sessions:
                if session.open_segment is None and session.id not in moved:
                    continue
                if participant.user_id:
                    users[_OF_USER.format(participant.user_id)] = None
                if session.queue_id:
                    queues[_OF_QUEUE.format(session.queue_id)] = None
        return users | queues
