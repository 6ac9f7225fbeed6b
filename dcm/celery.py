"""The Celery app. A message is a wake-up: what must happen stands in rows."""

import os

from celery import Celery

from dcm.broker import take_over_filesystem

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dcm.settings")

take_over_filesystem()

app = Celery("dcm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["conversations", "integrations", "integrations.genesys", "handling", "sla"])
