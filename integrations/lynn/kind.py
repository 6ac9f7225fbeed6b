"""Lynn hears that an agent is really connected, as her guide's workflow would tell her."""

from typing import Final

import msgspec

from conversations.domain.events import Name
from integrations.openmessaging import Bot, only_open
from integrations.outbox.kinds import KindForm, Message, Rendered
from integrations.outbox.posting import AddressField

PATH: Final = "/PureCloud/OpenMessaging_OnEvent"
TYPE: Final = "eventAgentConnect"


class Settings(msgspec.Struct, frozen=True):
    """Of one Lynn."""

    base_url: str
    open_only: bool = True


class Form(KindForm):
    """What an administrator fills in."""

    base_url = AddressField(
        label="Base URL",
        help_text="As Lynn shows it in her module for transfers; it depends on the region of"
        f" Genesys. {PATH} is added to it.",
    )
    open_only = only_open()


class Lynn(Bot[Settings]):
    name = "lynn"
    label = "Lynn"
    about = (
        "Tells Lynn that an agent is connected to her customer: at once where the queue answers"
        " automatically, else when the agent has answered, and never for a mere ring."
    )
    form = Form
    settings = Settings
    topics = (Name.AGENT_CONNECTED.value,)
    default_topics = topics

    def render(self, settings: Settings, message: Message) -> Rendered:
        body = {
            "conversationId": message.conversation_id,
            "userId": message.user_id,
            "userName": message.user_name,
            "type": TYPE,
            "provider": message.provider,
            "externalId": message.address_to,
        }
        return Rendered(msgspec.json.encode(body).decode())

    def address(self, settings: Settings) -> str:
        base = settings.base_url.rstrip("/")
        return base if base.endswith(PATH) else base + PATH
