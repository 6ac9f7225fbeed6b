"""What Celery knows of reading Genesys, and what its workers load."""

import subprocess
import sys
from pathlib import Path

from django.conf import settings

from dcm.celery import app
from integrations.errors import IntegrationError

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from dcm.celery import app
from celery.signals import worker_init
app.loader.import_default_modules()
loaded = []
for queues in (["default", "derive"], ["genesys"]):
    app.amqp.queues.select(queues)
    worker_init.send(sender=None)
    loaded.append("PureCloudPlatformClientV2" in sys.modules)
print(loaded)
"""


def test_everything_that_beat_sends_is_a_task_on_its_queue() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    genesys = {name for name in scheduled if name.startswith("integrations.genesys.")}

    assert len(genesys) == 15
    for name in genesys:
        assert app.amqp.router.route({}, name)["queue"].name == "genesys"
        assert app.tasks[name].throws == (IntegrationError,)
    assert scheduled <= set(app.tasks)


def test_only_a_worker_that_reads_genesys_loads_the_sdk() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[False, True]"
