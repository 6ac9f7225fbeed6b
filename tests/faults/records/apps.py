"""The app that registers the kinds."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "tests.faults.records"

    def ready(self) -> None:
        from integrations.outbox import registry  # noqa: PLC0415 - models are not there before

        registry.KINDS["records"] = "tests.faults.records.kind.Records"
        registry.KINDS["quick_slack"] = "tests.faults.records.kind.QuickSlack"
