"""A source says that it is ready: what waits to ask it again asks it now."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from dsar.jobs.models import Job
from dsar.jobs.queue import hurry
from exports.models import UNFINISHED, DataSource, SourceRun
from requests_app.models import Case
from requests_app.states import State


def wake(source: DataSource, *, at: datetime) -> int:
    """Try at once what failed and waits: looks into this source, and acts on cases with findings in it; how many."""
    runs = SourceRun.objects.filter(source=source, state__in=UNFINISHED, case__state=State.GATHERING)
    keys = {f"gather:{run}" for run in runs.values_list("pk", flat=True)}
    acting = Case.objects.filter(state=State.CARRYING_OUT, source_runs__source=source).distinct()
    cases = [str(case) for case in acting.values_list("pk", flat=True)]
    return hurry(Job.objects.filter(Q(key__in=keys) | Q(kind="carry_out", arguments__case__in=cases)), at=at)
