"""The switch that pauses all work: whatever the workers do begins only when it is off again."""

from __future__ import annotations

from datetime import datetime

from dsar.jobs.models import Pause


def pause(*, by: str, at: datetime) -> bool:
    """Let no job be begun from now on; what runs ends at its next page. False if work was paused already."""
    _pause, is_new = Pause.objects.get_or_create(only=True, defaults={"since": at, "by": by})
    return is_new


def resume() -> bool:
    """Let jobs be begun again, those that are overdue first; False if work was not paused."""
    deleted, _by_model = Pause.objects.all().delete()
    return bool(deleted)


def current() -> Pause | None:
    """Since when work is paused, and by whom; None while it goes on."""
    return Pause.objects.first()
