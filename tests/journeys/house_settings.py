"""Settings of the houses that the journeys run in: the deployed ones, with a sweep that nobody has to wait for."""

from dsar.settings import *  # noqa: F403

CELERY_BEAT_SCHEDULE = {"sweep": {"task": "dsar.jobs.tasks.sweep_jobs", "schedule": 1}}
