"""The project's settings for processes that need nothing but the vault, so that they start quickly."""

from dsar.settings import *  # noqa: F403

INSTALLED_APPS = ["dsar.vault"]
