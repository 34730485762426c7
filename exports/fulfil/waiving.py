"""Waiving a source that cannot be searched: the case goes on, and its answer tells of the gap."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from exports.fulfil import gather
from exports.models import UNFINISHED, SourceRun
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services import review
from requests_app.services.history import record


@performs("waive_source")
def waive_source(case: Case, *, actor: Actor, at: datetime, source: str, reason: str) -> None:
    """Go on without a source of the present round, for a reason that is kept sealed; then see what is still open."""
    of_round = SourceRun.objects.select_related("case__submission").filter(case=case, round=case.gathering_round)
    open_runs = of_round.filter(source__slug=source, state__in=UNFINISHED)
    run = open_runs.select_for_update(of=("self",)).first()  # a worker that is writing to it comes first, or not at all
    if run is None:
        raise InputRefused({"source": _("No source of this name is waiting, running or failed.")})
    gather.waive(run, by=actor.slug, reason=reason, at=at)
    record(case, EventKind.WAIVE_SOURCE, by=actor, at=at, source=source)
    review.settle(case, at=at)
