"""One process of this machine at a time, for what gains nothing from two."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Hold a lock of this machine while the block lasts; yield whether it was had.

    It is gone with the process that holds it, however that ends.
    """
    with (settings.VAR_DIR / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
