"""A source says that it is ready: what waits to ask it again asks it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice

from django.db.models import Q

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import NotFailed, hurry, retry
from dsar.jobs.running import class_path
from exports.fulfil.trouble import SourceAsksToWait
from exports.models import UNFINISHED, DataSource, SourceRun
from exports.sources.errors import SourceUnavailableError
from requests_app.models import Case, ValueAsked
from requests_app.states import State

AT_ONCE = 500  # jobs named in one statement
GAVE_UP = tuple(class_path(error) for error in (SourceUnavailableError, SourceAsksToWait))


def wake(source: DataSource, *, at: datetime) -> int:
    """Try at once what failed and waits for this source; how many.

    Looks into it, acts on cases with findings in it, probes, and comparisons with a value that it holds. What is
    running is tried again at once if it ends up waiting: an answer may be ready before the question has ended. What
    was given up because the source did not answer begins anew, for an answer may take days.
    """
    woken = hurry(Job.objects.filter(_probes(source)), at=at)
    for of_cases in chain(_looks(source), _acts(source), _comparisons(source)):
        given_up = Job.objects.filter(of_cases, state=JobState.FAILED, error__in=GAVE_UP)
        woken += hurry(Job.objects.filter(of_cases), at=at) + sum(_retried(job, at) for job in given_up)
    return woken


def _retried(job: Job, at: datetime) -> bool:
    try:
        retry(job, at=at)
    except NotFailed:  # somebody else was faster
        return False
    return True


def _looks(source: DataSource) -> Iterator[Q]:
    runs = SourceRun.objects.filter(source=source, state__in=UNFINISHED, case__state=State.GATHERING)
    return (Q(key__in=[f"gather:{run}" for run in page]) for page in _pages(runs.values_list("pk", flat=True)))


def _acts(source: DataSource) -> Iterator[Q]:
    cases = Case.objects.filter(state=State.CARRYING_OUT, source_runs__source=source).distinct()
    pages = _pages(cases.values_list("pk", flat=True))
    return (Q(kind="carry_out", arguments__case__in=[str(case) for case in page]) for page in pages)


def _comparisons(source: DataSource) -> Iterator[Q]:
    asked = ValueAsked.objects.filter(compared_at=None, field__startswith=f"{source.slug}.")
    pages = _pages(asked.values_list("pk", flat=True))
    return (Q(kind="compare_value", arguments__asked__in=[str(value) for value in page]) for page in pages)


def _pages(ids: Iterable[object]) -> Iterator[list[object]]:
    """As many as one statement names: thousands of cases may wait for a source that is down."""
    remaining = iter(ids)
    while page := list(islice(remaining, AT_ONCE)):
        yield page


def _probes(source: DataSource) -> Q:
    """All of them: a probe asks every source that can compare something."""
    return Q(kind="probe") if source.map_version.as_map().probe_fields() else Q(pk__in=[])
