"""Telling a worker that something is to go out."""

from typing import Final

from celery import current_app

from integrations.inbox.wakeup import EXPIRES_S, WakeUp


def _publish() -> None:
    current_app.send_task(
        "integrations.deliver", expires=EXPIRES_S, retry=False, ignore_result=True
    )


WAKE_UP: Final = WakeUp(_publish)
