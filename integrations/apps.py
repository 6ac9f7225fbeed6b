"""The app of everything that talks to other systems."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        """Have a worker woken when something was told, and SLA told by which ways that is."""
        from conversations import telling  # noqa: PLC0415 - models are not there before
        from integrations.outbox.trying import PROVIDER  # noqa: PLC0415
        from integrations.outbox.wakeup import WAKE_UP  # noqa: PLC0415
        from sla import ways  # noqa: PLC0415

        telling.WHEN_TOLD.append(WAKE_UP.tell)
        ways.provide(PROVIDER)
