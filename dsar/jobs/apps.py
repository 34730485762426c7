from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule


class JobsConfig(AppConfig):
    name = "dsar.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Let every app register its handlers. Our own ``tasks`` are Celery's, loaded by its worker only."""
        for app in apps.get_app_configs():
            if app is not self and app.module is not None and module_has_submodule(app.module, "tasks"):
                import_module(f"{app.name}.tasks")
