"""What a person has to put right before a case goes on: sources and acts that failed, and approvals handed back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.ledger import chains
from dsar.ledger.models import Event
from exports.findings import current_runs
from exports.fulfil.trouble import what_to_do
from exports.models import RunState
from requests_app.admin import sections
from requests_app.admin.timeline import in_words
from requests_app.events import EventKind
from requests_app.law.words import Route
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.states import State


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong: what, where, and what a person can do about it."""

    what: str
    code: str
    to_do: str
    is_job: bool  # a job waits to be tried again


@sections.panel
def attention(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """Nothing for a case that goes its way."""
    found = list(_troubles(case))
    if not found:
        return None
    context = {"troubles": found, "jobs_url": reverse("admin:jobs_job_changelist") + "?state__exact=failed"}
    return sections.Panel(
        "attention", gettext_lazy("Needs attention"), "admin/exports/attention.html", context, decides=True
    )


def _troubles(case: Case) -> Iterator[Trouble]:
    if case.state == State.GATHERING:
        for run in current_runs(case):
            if run.state == RunState.FAILED:
                what = _("%(source)s could not be searched.") % {"source": run.source.title}
                yield Trouble(what, run.error, what_to_do(run.error), is_job=True)
    failed = _last(case, EventKind.ACT_FAILED)
    if case.state == State.CARRYING_OUT and case.carried_out_at is None and failed:
        error = str(failed.facts["error"])
        nowhere = _("any system") if case.route == Route.DIRECT else _("the export bundle")
        where = in_words("sources", failed.facts["sources"]) or nowhere
        what = _("Could not be carried out in: %(sources)s.") % {"sources": where}
        yield Trouble(what, error, what_to_do(error), is_job=True)
    handed_back = _last(case, EventKind.HAND_BACK)
    if case.state == State.DECIDING and handed_back:
        code = str(handed_back.facts["because"])
        yield Trouble(_("The approval was handed back."), code, what_to_do(code), is_job=False)


def _last(case: Case, kind: EventKind) -> Event | None:
    """The newest event of a kind since the case was last approved, or handed back after it."""
    events = chains.history(case.chain).filter(kind__in=(kind, EventKind.APPROVE, EventKind.GATHER_AGAIN))
    newest = events.order_by("-sequence").first()
    return newest if newest and newest.kind == kind else None
