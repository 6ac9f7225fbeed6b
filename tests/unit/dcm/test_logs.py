import logging

from django.conf import settings
from django.utils.module_loading import import_string

from dcm.logs import DiscreetFilter, EventFormatter

FORMATTER = EventFormatter("{levelname} {name} {message}", style="{")


def record(name: str, **extra: object) -> logging.LogRecord:
    return logging.getLogger(name).makeRecord(
        name, logging.WARNING, "here.py", 1, "genesys.refused", (), None, extra=extra
    )


def test_an_event_is_written_with_what_it_is_about() -> None:
    told = FORMATTER.format(record("integrations.genesys.poll", reason="not found", tries=2))
    assert told == ("WARNING integrations.genesys.poll genesys.refused reason='not found' tries=2")


def test_what_others_attach_to_their_records_is_left_out() -> None:
    assert FORMATTER.format(record("django.request", request=object())) == (
        "WARNING django.request genesys.refused"
    )


def test_the_settings_use_it() -> None:
    assert import_string(settings.LOGGING["formatters"]["plain"]["()"]) is EventFormatter


def test_libraries_do_not_tell_what_they_carry_even_at_debug() -> None:
    def passes(name: str, level: int) -> bool:
        made = logging.getLogger(name).makeRecord(name, level, "here.py", 1, "body", (), None)
        return DiscreetFilter().filter(made)

    assert passes("integrations.genesys.poll", logging.DEBUG)
    assert passes("websockets.client", logging.INFO)
    for name in ("websockets.client", "botocore.parsers", "urllib3.connectionpool"):
        assert not passes(name, logging.DEBUG)
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["discreet"]
