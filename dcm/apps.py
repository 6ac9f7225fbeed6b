"""The project as an app: its commands, its checks, and the extension code that it starts."""

from django.apps import AppConfig
from django.conf import settings

from dcm import checks


class DcmConfig(AppConfig):
    """Importing it registers the checks."""

    name = "dcm"
    checks = checks

    def ready(self) -> None:
        """Import extension code, now that all models are there."""
        if not settings.ON_SQLITE:
            from dcm import postgres  # noqa: PLC0415 - it needs psycopg

            postgres.read_instants_fast()
        from dcm import extensions  # noqa: PLC0415 - it is not to be imported before

        extensions.load(settings.EXTENSIONS)
