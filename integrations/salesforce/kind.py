"""Salesforce as a destination: holds on the case's timeline, and the case's owner."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from conversations.domain.events import Name
from integrations.domain.delivery import Order, Outcome, Pace, Parcel, Result, Told
from integrations.models import Destination, SalesforceConflict, SalesforceLink
from integrations.outbox.kinds import Kind, Letter, Message, Rendered
from integrations.salesforce import jobs, links, lookup, ordering, sending, users
from integrations.salesforce.client import MOST_RECORDS
from integrations.salesforce.domain.linking import Found
from integrations.salesforce.form import Form, Settings
from integrations.salesforce.moving import conflict_of


class Salesforce(Kind[Settings]):
    name = "salesforce"
    label = "Salesforce"
    about = (
        "Holds of e-mails and other work on the timeline of their cases, with what interrupted"
        " them; and the case's owner follows the agent. Salesforce is set up first:"
        " docs/salesforce-setup.md."
    )
    form = Form
    settings = Settings
    pace = Pace(at_once=1, per_s=200.0, batch=MOST_RECORDS)
    topics = (Name.HOLD_STARTED, Name.HOLD_ENDED, Name.AGENT_CONNECTED)
    default_topics = (Name.HOLD_STARTED, Name.HOLD_ENDED)
    reads_back = True

    def orders(
        self, destination: Destination, told: Sequence[Told], *, now: datetime
    ) -> Iterable[Order]:
        """Yield what is to be done; an event that was put right brings its hold up to date."""
        return ordering.of_events(destination, told, now=now)

    def messages(
        self, destination: Destination, parcels: Sequence[Parcel]
    ) -> Mapping[int, Message]:
        return lookup.messages(destination, parcels)

    def render(self, settings: Settings, message: Message) -> Rendered:
        """Return what is to be done as JSON; a test asks for the limits alone."""
        job = jobs.of(message)
        return Rendered(jobs.shown(job) if job else '{"test": "log in, and ask for the limits"}')

    def send(self, settings: Settings, letters: Sequence[Letter]) -> Sequence[Outcome]:
        return sending.send(settings, letters)

    def settle(
        self, destination: Destination, parcel: Parcel, outcome: Outcome, *, now: datetime
    ) -> None:
        """Keep whose user is whose, which case was found, and conflicts about an owner."""
        kept: Mapping[str, Any] = outcome.kept or {}
        users.keep(destination, kept.get("users", {}), now=now)
        if conflict := conflict_of(kept):
            SalesforceConflict.objects.update_or_create(
                destination=destination,
                event=conflict["event"],
                defaults={**conflict, "conversation_id": parcel.conversation_id, "noted_at": now},
            )
        found = kept.get("case", Found("", reason="not looked for in shadow mode"))
        if parcel.topic == jobs.LINK and (outcome.got_through or outcome.result is Result.SHOWN):
            rows = SalesforceLink.objects.filter(destination=destination)
            link = rows.select_related("destination").get(
                conversation__genesys_id=parcel.conversation_id
            )
            if links.keep(link, found, now=now):
                ordering.of_case(link, now=now)
