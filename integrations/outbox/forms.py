"""The form of a destination: what all have in common, and what its kind asks."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from conversations.domain.events import Name
from conversations.models import Queue
from integrations.models import Destination
from integrations.outbox import registry, secrets
from integrations.outbox.kinds import Kind
from sla.admin.forms import Seen

LABELS: Final = {
    Name.CONVERSATION_CREATED: "Conversation created",
    Name.PARTICIPANT_ADDED: "Participant added",
    Name.AGENT_CONNECTED: "Agent connected (verified: not merely ringing)",
    Name.HOLD_STARTED: "Hold started",
    Name.HOLD_ENDED: "Hold ended",
    Name.AGENT_TRANSFERRED: "Agent transfers the conversation",
    Name.AGENT_DISCONNECTED: "Agent disconnects",
    Name.HANDOVER_ENDED: "Handover ended (no agent, nobody queued)",
    Name.CONVERSATION_ENDED: "Conversation ended",
    Name.CONVERSATION_REOPENED: "Conversation reopened",
    Name.SLA_WARNED: "SLA warned: the target is near",
    Name.SLA_BREACHED: "SLA breached: the target is past",
    Name.SLA_ESCALATED: "SLA escalated: every rung of every ladder",
    Name.SLA_WITHDRAWN: "SLA withdrawn: what was told turns out not to have been so",
    Name.CONVERSATION_FORCED: "Force disconnect: an agent's session was ended",
}
MEDIA: Final = ("voice", "callback", "chat", "email", "message")
COMMON: Final = ("name", "mode", "topics", "queue_ids", "media_types")
# What an administrator changes; the rest of a destination is the relay's to write.
COLUMNS: Final = (*COMMON, "kind", "config", "sealed")


def label_of(topic: str) -> str:
    """Return how people call a Common Event."""
    return LABELS.get(topic, topic)  # type: ignore[call-overload, no-any-return]


class DestinationForm(Seen):
    """Of one kind: its own fields stand behind those that every destination has."""

    kind: Kind[Any]
    watched = (*COMMON, "config")

    topics = forms.MultipleChoiceField(
        label="Tell it of",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Common Events. It is told of what happens from now on. None chosen: only what"
        " is addressed to it, as by a rung of a ladder.",
    )
    queue_ids = forms.MultipleChoiceField(
        label="Only of these queues", required=False, help_text="None chosen: every queue."
    )
    media_types = forms.MultipleChoiceField(
        label="Only of these media",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: every medium.",
    )

    class Meta:
        model = Destination
        fields = COMMON
        help_texts = {
            "name": "What you call it, such as “Bot of the shop”.",
            "mode": "Begin in shadow mode: look at what would be sent, under Deliveries, then"
            " switch it live. What was only rendered is not sent afterwards.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("topics", ((topic, label_of(topic)) for topic in self.kind.topics))
        self._offer("queue_ids", _queues(self.instance.queue_ids or ()))
        self._offer("media_types", ((medium, medium.capitalize()) for medium in MEDIA))
        if self.instance.pk:
            self._fill_in()
        else:
            self.initial.setdefault("topics", list(self.kind.default_topics))

    def _offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined]

    def _fill_in(self) -> None:
        """Show the settings that are stored, and of secrets only that they are."""
        self.initial.update(self.instance.config)
        stored = secrets.names_of(self.instance)
        for name in stored & set(self.kind.form.secret_names):
            field = self.fields[name]
            field.required = False
            told = self.kind.form.stored_help.get(name, field.help_text)
            field.help_text = f"{told} One is stored: leave it empty to keep it."

    def clean(self) -> dict[str, Any]:
        """Have the kind's own form judge its own fields."""
        given = super().clean() or self.cleaned_data
        own = self.kind.form(self.data, prefix=self.prefix, stored=secrets.names_of(self.instance))
        own.is_valid()
        for name, errors in own.errors.as_data().items():
            if name not in self.errors:  # else it has told so itself
                self.add_error(None if name == NON_FIELD_ERRORS else name, errors)
        given.update(own.cleaned_data)
        return given

    def fill(self) -> None:
        """Put what was filled in into the destination; the caller saves COLUMNS."""
        own = {name: self.cleaned_data.get(name) for name in self.kind.form.base_fields}
        hidden = self.kind.form.secret_names
        self.instance.kind = self.kind.name
        self.instance.config = {name: own[name] for name in own if name not in hidden}
        secrets.put(self.instance, {name: own[name] or "" for name in hidden})


def form_for(kind: Kind[Any]) -> type[DestinationForm]:
    """Return the form of a kind's destinations."""
    own = deepcopy(kind.form.base_fields)
    for name in kind.form.secret_names:
        own[name].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    made = type("KindsDestinationForm", (DestinationForm,), {**own, "kind": kind})
    assert issubclass(made, DestinationForm)
    return made


def kinds_offered() -> list[Kind[Any]]:
    """Return the kinds that an administrator can choose."""
    return [kind for kind in registry.every() if kind.by_hand]


def _queues(chosen: Iterable[str]) -> list[tuple[str, str]]:
    known = Queue.objects.filter(deleted=False).order_by("name", "pk")
    found = {queue.genesys_id: str(queue) for queue in known}
    return list(({one: one for one in chosen} | found).items())
