"""The project as an app: its commands and its checks."""

from django.apps import AppConfig

from dcm import checks


class DcmConfig(AppConfig):
    """Importing it registers the checks."""

    name = "dcm"
    checks = checks
