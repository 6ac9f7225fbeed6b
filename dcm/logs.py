"""What a line of the log looks like."""

import logging

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = frozenset(
    {"chrono", "conversations", "dashboards", "dcm", "handling", "integrations", "simulator", "sla"}
)


class EventFormatter(logging.Formatter):
    """Write what a record was given as `extra` after its message: event reason='no such thing'."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        said = super().formatMessage(record)
        if record.name.split(".")[0] not in _OURS:
            return said
        told = (f"{name}={value!r}" for name, value in vars(record).items() if name not in _OWN)
        return " ".join((said, *told))


class DiscreetFilter(logging.Filter):
    """Lets DEBUG through from us alone.

    Libraries tell there what they carry: bodies, frames, the URLs of channels, values of SQL.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record may be written."""
        return record.levelno > logging.DEBUG or record.name.split(".")[0] in _OURS
