"""Celery's broker in files, for where no server is configured."""

import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """kombu's channel, whose files appear whole.

    kombu opens a file under its last name and fills it afterwards. A worker that lists the folder
    in between takes an empty message, and what it makes of that ends it.
    """

    # The stubs of its two bases name the argument differently.
    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        aside = folder / f".{uuid4()}"
        aside.write_text(dumps(payload), encoding="utf-8")
        milliseconds = round(time.monotonic() * 1000)
        aside.rename(folder / f"{milliseconds}_{uuid4()}.{queue}.msg")

    def _queue_bind(self, exchange: str, *binding: Any) -> None:
        self._make_table(exchange)
        super()._queue_bind(exchange, *binding)

    def _make_table(self, exchange: str) -> None:
        """Make an empty table of an exchange that has none, whoever else does so too."""
        table = Path(self.control_folder) / f"{exchange}.exchange"
        if table.exists():
            return
        table.parent.mkdir(exist_ok=True)
        aside = table.parent / f".{uuid4()}"
        aside.write_text("[]", encoding="utf-8")
        try:
            os.link(aside, table)
        except FileExistsError:
            pass
        finally:
            aside.unlink()


class Transport(filesystem.Transport):
    Channel = Channel


def take_over_filesystem() -> None:
    """Have filesystem:// mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = "dcm.broker:Transport"
