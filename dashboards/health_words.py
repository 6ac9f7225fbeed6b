"""What the health page says of each road and backlog: what it is for, and what to do."""

from typing import Final, NamedTuple

from integrations.health import Road


class Words(NamedTuple):
    """name and purpose; then what is lacking while it fails and what covers it; who must run."""

    name: str
    purpose: str
    meanwhile: str = ""
    runs: str = "No run has succeeded lately: a worker must run, and beat."


ROADS: Final = {
    "genesys.poll": Words(
        "Polling",
        "conversations that started or ended",
        "New conversations come only by events meanwhile, where Genesys sends any.",
    ),
    "genesys.find_open": Words(
        "Open conversations, found",
        "what Genesys has open, known or not",
        "Reopened conversations may be missed meanwhile.",
    ),
    "genesys.reread_open": Words(
        "Open conversations, read again",
        "how the open ones stand",
        "Open conversations may show an old state meanwhile.",
    ),
    "genesys.read_messages": Words(
        "Who wrote last",
        "times and senders of messages",
        "SLA clocks of e-mails and messages may stand wrong meanwhile.",
    ),
    "genesys.read_feedback": Words(
        "Surveys and evaluations",
        "they come days later",
        "Surveys and evaluations are missing meanwhile; nothing else is.",
    ),
    "genesys.presence": Words(
        "Presence",
        "agents' presence and routing status",
        "Who is away may be told wrong meanwhile.",
    ),
    "genesys.synchronise": Words(
        "Directory",
        "names, utilization, opening hours",
        "New agents and queues show as ids; changed opening hours do not count yet.",
    ),
    "genesys.last_day": Words(
        "Last 26 hours",
        "all of it once more, every hour",
        "What the other roads missed is not noticed meanwhile.",
    ),
    "genesys.nightly": Words(
        "Last seven days",
        "corrections of finished days, by jobs at night",
        "Late corrections by Genesys are missing meanwhile.",
    ),
    "genesys.reconcile": Words(
        "After a reconnect",
        "what may have been missed while nobody listened",
        "Polling finds it too, a little later.",
    ),
    "genesys.wanted": Words(
        "Readings that events order",
        "conversations that an event told of",
        "Events do not reach the pages at once; polling finds their conversations later.",
    ),
    "genesys.answered": Words(
        "Who has answered",
        "agents at whom something rings, asked for where somebody is to be told",
        "That an agent is connected is told by readings, some seconds later.",
    ),
    "genesys.enforce": Words(
        "Force disconnect",
        "agents' sessions that policies end, where that is switched on",
        "Nothing is ended meanwhile.",
    ),
    "genesys.mirror_erasures": Words(
        "Erasure requests",
        "persons whom Genesys was asked to forget",
        "New erasure requests are not carried out meanwhile.",
    ),
    "genesys.notifications": Words(
        "Notifications",
        "the WebSocket of Genesys",
        "Polling covers it: what happens is seen later, nothing is lost.",
        "manage.py listen_notifications must run.",
    ),
    "eventbridge.sqs": Words(
        "EventBridge by SQS",
        "events that wait in the queue",
        "Events wait in the queue until its retention ends; polling covers them.",
        "manage.py consume_sqs must run.",
    ),
    "retention.personal_data": Words(
        "Retention",
        "personal data past its days",
        "Personal data stays longer than its days meanwhile.",
    ),
}

BACKLOGS: Final = {
    "inbox": Words(
        "Inbox",
        "what was sent to us and is not worked through",
        "A worker of the queue “default” must run, and beat.",
    ),
    "wanted": Words(
        "Readings that events ordered",
        "conversations that are due to be read",
        "A worker of the queue “genesys” must run; or Genesys's rate limit is used up.",
    ),
    "changes": Words(
        "Changes to derive",
        "handle times and SLA clocks to compute anew",
        "A worker of the queue “derive” must run, and beat.",
    ),
    "recomputing": Words(
        "SLA clocks after a change",
        "conversations whose clocks are computed anew, behind all that happens now",
        "A worker of the queue “derive” must run, and beat.",
    ),
    "timers": Words(
        "SLA timers",
        "warnings, breaches and rungs that are due and not told yet",
        "A worker of the queue “default” must run, and beat.",
    ),
    "escalations": Words(
        "SLA notices to send",
        "what was told of SLA clocks and has not got through",
        "Look at the destinations below: one is stopped, slow or away.",
    ),
}
# The task that works a backlog off.
WORKED_OFF_BY: Final = {
    "inbox": "integrations.process_inbox",
    "wanted": "integrations.genesys.reread_wanted",
    "changes": "integrations.derive",
    "recomputing": "sla.recompute",
    "timers": "integrations.check_timers",
    "escalations": "integrations.deliver",
}
SET_ASIDE: Final = {
    "inbox": ("quarantined", "admin:integrations_inboxitem_changelist", "state__exact=quarantined"),
    "wanted": ("given up", "admin:integrations_wanted_changelist", "given_up_at__isempty=0"),
    "changes": ("set aside", "admin:conversations_change_changelist", ""),
    "recomputing": ("", "admin:sla_recomputation_changelist", ""),
    "timers": ("", "admin:sla_clock_changelist", ""),
    "escalations": ("given up", "admin:integrations_delivery_changelist", "state__exact=dead"),
}


def road(name: str) -> Words:
    """Return the words of a road; one without any is called by its name."""
    return ROADS.get(name) or Words(name, "")


def order(known: Road) -> tuple[int, str]:
    """Return by what roads are sorted: as above, others behind."""
    place = list(ROADS).index(known.road) if known.road in ROADS else len(ROADS)
    return place, known.road
