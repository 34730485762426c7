"""Sources in which a deletion is stuck: the others go on, but for those that led to one of them; told at the end.

What leads to the stuck one has to be there still if the case goes back and is gathered anew: what a source gave leads
on in its own round alone.
"""

from __future__ import annotations

from dsar.jobs.running import Run
from exports.fulfil.tasks import asking
from exports.models import ActKind, SourceRun
from exports.models.source import NotConfigured
from exports.sources.errors import (
    MapDoesNotFitError,
    NotSetUpError,
    NoWriteAccessError,
    OnlyByHandError,
    SourceUnavailableError,
)
from requests_app.models import Case
from requests_app.services import people
from requests_app.services.history import locked

# The least final first: what another try may mend by itself, then what its owner is asked for.
STUCK = (
    SourceUnavailableError,
    OnlyByHandError,
    NoWriteAccessError,
    NotSetUpError,
    NotConfigured,
    MapDoesNotFitError,
)


class Stuck:
    """The sources of one case in which this try can do nothing, and why."""

    def __init__(self, run: Run, case: Case) -> None:
        self._run = run
        self._case = case
        self._errors: dict[str, Exception] = {}
        self._kinds: set[str] = set()  # of identifiers that lead there

    def add(self, source_run: SourceRun, error: Exception) -> None:
        """Note what is wrong with a source."""
        self._errors[source_run.source.slug] = error
        self._kinds |= source_run.map_version.as_map().kinds_asked

    def has_to_wait(self, source_run: SourceRun) -> bool:
        """Whether a source alone gave what leads to one that is stuck, or that has to wait itself."""
        if not people.gave_alone(self._case, source_run.source.slug, self._kinds):
            return False
        self._kinds |= source_run.map_version.as_map().kinds_asked
        return True

    def tell(self) -> None:
        """Raise what is the least final, so that the job is tried again or given up as with one source."""
        if not self._errors:
            return
        error = min(self._errors.values(), key=_order)
        if not isinstance(error, OnlyByHandError):
            self._ask_owners()
        raise error

    def _ask_owners(self) -> None:
        """Those who delete by hand are asked while another source is tried again; once, whatever they answer."""
        by_hand = [slug for slug, error in self._errors.items() if isinstance(error, OnlyByHandError)]
        if by_hand and self._run.attempt == 1:
            with self._run.transaction():
                asking.ask_to_act(locked(self._case.pk), by_hand, kind=ActKind.DELETE, at=self._run.at)


def _order(error: Exception) -> int:
    return next(place for place, kind in enumerate(STUCK) if isinstance(error, kind))
