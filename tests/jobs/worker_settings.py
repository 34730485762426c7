"""Settings of the worker processes that the tests start and kill: the jobs, the test handlers, nothing else."""

from dsar.settings import *  # noqa: F403
from dsar.settings import DATABASES

INSTALLED_APPS = ["dsar.jobs", "tests.jobs.testapp"]
ROOT_URLCONF = ""
MIDDLEWARE = []
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
DATABASES = {"default": DATABASES["default"]}
DATABASE_ROUTERS = []
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "dsar.jobs.tasks.sweep_jobs", "schedule": 1}}
