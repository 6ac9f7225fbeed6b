"""What gunicorn is told: `gunicorn --config python:dcm.server dcm.wsgi`.

Threads, since a request waits for the database more than it computes. WEB_CONCURRENCY, which
gunicorn reads itself, gives the number of processes; one is the default.
"""

import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dcm.settings")
django.setup()

bind = (
    f"[{settings.BIND}]:{settings.PORT}"
    if ":" in settings.BIND
    else f"{settings.BIND}:{settings.PORT}"
)
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 5
# While a process is replaced, nobody answers for a second where there is one: seldom, then.
max_requests = 500_000
max_requests_jitter = 50_000
control_socket_disable = True
