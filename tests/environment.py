"""The environment of the tests: loaded by pytest's -p before Django reads its settings."""

import os

DEFAULTS = {
    "DSAR_SECRET_KEY": "only-for-tests-" + "x" * 40,
    "DSAR_TIME_ZONE": "America/Los_Angeles",
    "DJANGO_SETTINGS_MODULE": "dsar.settings",
}

for name, value in DEFAULTS.items():
    os.environ.setdefault(name, value)
