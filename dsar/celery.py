"""Celery, for production: `celery -A dsar worker` and `celery -A dsar beat`.

A worker serves the queues of all registered handlers unless `-Q` names some.
"""

from __future__ import annotations

import os

import django
from celery.signals import setup_logging
from kombu.entity import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsar.settings")
django.setup()

from dsar.jobs import broker, registry, tasks  # noqa: E402, F401 - they need Django set up

app = broker.app
names = sorted({app.conf.task_default_queue, *registry.queues()})
app.conf.task_queues = [Queue(name) for name in names]  # type: ignore[no-untyped-call]


@setup_logging.connect  # type: ignore[untyped-decorator]
def leave_logging_to_django(**_: object) -> None:
    """Celery sets up no logging of its own as long as someone listens to this signal."""
