"""What a person has to put right before a case goes on: sources and acts that failed, and approvals handed back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.ledger import chains
from dsar.ledger.models import Event
from exports.findings import current_runs
from exports.fulfil import hand_over, held, keeping, medium, staying_corrected
from exports.fulfil.recipients import telling
from exports.fulfil.tasks import answering
from exports.fulfil.trouble import WhichOfThese, what_to_do
from exports.models import (
    Act,
    ActKind,
    Medium,
    RunState,
    Task,
    Telling,
    TellingState,
    TellingWay,
    Transfer,
    TransferState,
)
from requests_app.admin import sections
from requests_app.admin.timeline import in_words
from requests_app.events import EventKind
from requests_app.law.words import Route
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services.history import local_day
from requests_app.states import Outcome, State


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong: what, where, and what a person can do about it."""

    what: str
    code: str
    to_do: str
    is_job: bool  # a job waits to be tried again
    url: str = ""  # where it is put right
    at: str | Promise = ""  # the name of that page


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
    late = Task.objects.late(local_day(timezone.now())).filter(case=case)
    for task in late.select_related("source", "telling"):
        if task.telling is not None:
            what, code = _("The task to tell %(name)s is late.") % {"name": task.telling.recipient}, "TellerLate"
        else:
            what, code = (
                _("The owner of %(source)s has not answered in time.") % {"source": task.source.title},
                "OwnerLate",
            )
        yield Trouble(what, task.reference, what_to_do(code), is_job=False)
    yield from _not_told(case)
    if case.state == State.GATHERING:
        for run in current_runs(case):
            if run.state == RunState.FAILED:
                what = _("%(source)s could not be searched.") % {"source": run.source.title}
                yield _not_searched(case, what, run.error)
    if case.state == State.DECIDING:
        yield from _past_keeping(case)
    failed = _last(case, EventKind.ACT_FAILED)
    if case.state == State.CARRYING_OUT and case.carried_out_at is None and failed and not telling.has_acted(case):
        error = str(failed.facts["error"])
        nowhere = _("any system") if case.route == Route.DIRECT else _("the export bundle")
        where = in_words("sources", failed.facts["sources"]) or nowhere
        what = _("Could not be carried out in: %(sources)s.") % {"sources": where}
        yield Trouble(what, error, what_to_do(error), is_job=True)
    yield from _set_and_refused(case)
    if hand_over.available(case, timezone.now()) and hand_over.is_damaged(case):
        code = "BundleDamaged"
        yield Trouble(_("The person could not fetch the export bundle."), code, what_to_do(code), is_job=False)
    handed_back = _last(case, EventKind.HAND_BACK)
    if case.state == State.DECIDING and handed_back:
        code = str(handed_back.facts["because"])
        to_do = " ".join(filter(None, (what_to_do(code), _hint(handed_back.facts.get("columns")))))
        yield Trouble(_("The approval was handed back."), code, to_do, is_job=False)
    yield from _came_back(case)
    yield from _hold_over(case)
    yield from _keeping_over(case)
    yield from _closed_download(case)
    yield from _not_transferred(case)
    yield from _not_posted(case)


def _hint(columns: object) -> str:
    """What may be said in the map of columns for which a deletion comes back each time that it is approved."""
    if not columns:
        return ""
    return _(
        "Changed since: %(columns)s. If your programs write that all the time by themselves, say volatile: true of it"
        " in the map."
    ) % {"columns": in_words("columns", columns)}


def _came_back(case: Case) -> Iterator[Trouble]:
    """A wrong value that somebody had corrected stands in its place again: told in both cases."""
    for alarm in staying_corrected.alarms(case):
        corrected = alarm.corrected
        what = _("%(source)s, %(field)s: the wrong value that request %(reference)s had corrected is there again.") % {
            "source": corrected.source.title,
            "field": corrected,
            "reference": corrected.case.submission.reference,
        }
        yield Trouble(what, "came_back", what_to_do("came_back"), is_job=False)


def _not_told(case: Case) -> Iterator[Trouble]:
    """A recipient that can't be reached, or was not within an hour, keeps its case from closing, and nothing else."""
    url = reverse("admin:requests_app_case_recipients", args=[case.pk])
    late = Telling.objects.told().filter(case=case, confirmed_at=None, expected_at__lt=timezone.now())
    for one in late:
        what, error = (
            _("%(name)s has not confirmed in time what it took on.") % {"name": one.recipient},
            "NotConfirmedInTime",
        )
        yield Trouble(what, error, what_to_do(error), is_job=False, url=url, at=gettext_lazy("Recipients"))
    if case.state != State.CARRYING_OUT:
        return
    for one in Telling.objects.open().filter(case=case).exclude(way=TellingWay.TASK, state=TellingState.WAITING):
        name = {"name": one.recipient}
        if one.state == TellingState.FAILED:
            what, error = _("%(name)s could not be told.") % name, one.error
            yield Trouble(what, error, what_to_do(error), is_job=False, url=url, at=gettext_lazy("Recipients"))
        elif one.begun_at and timezone.now() - one.begun_at > telling.PATIENCE:
            what, error = _("%(name)s is not told yet; workers go on trying.") % name, "RecipientUnavailable"
            yield Trouble(what, error, what_to_do(error), is_job=False, url=url, at=gettext_lazy("Recipients"))


def _not_searched(case: Case, what: str, error: str) -> Trouble:
    """A source that asks whose data is meant needs an answer, and no other try."""
    if error != WhichOfThese.__name__:
        return Trouble(what, error, what_to_do(error), is_job=error != answering.REFUSED)
    return Trouble(
        what,
        error,
        what_to_do(error),
        is_job=False,
        url=sections.STARTS["choose_records"](case),
        at=gettext_lazy("Which of these?"),
    )


def _hold_over(case: Case) -> Iterator[Trouble]:
    """What a hold kept of this deletion and none keeps now: somebody decides whether it goes."""
    for run in held.over().filter(case=case, round=case.gathering_round).select_related("source"):
        if not held.holds_in(case, run.source.slug, at=timezone.now()):
            rows = sum(run.counts.get(name, 0) for name in run.on_hold)
            what = _("%(source)s: the hold that kept %(rows)s records from deletion is over.")
            told = what % {"source": run.source.title, "rows": rows}
            yield Trouble(told, "hold_over", what_to_do("hold_over"), is_job=False)


def _keeping_over(case: Case) -> Iterator[Trouble]:
    """What this deletion kept on a ground whose time is over: somebody sees to it that it goes."""
    for kept in keeping.over(local_day(timezone.now())).filter(act__case=case):
        what = _("%(source)s, %(collection)s: %(rows)s records were to be kept until %(day)s, and are to go now.") % {
            "source": kept.act.source.title,
            "collection": kept.title,
            "rows": kept.rows,
            "day": kept.until,
        }
        url = reverse("admin:requests_app_case_kept", args=[case.pk])
        to_do = what_to_do("keeping_over")
        yield Trouble(what, "keeping_over", to_do, is_job=False, url=url, at=gettext_lazy("Kept until a day"))


def _closed_download(case: Case) -> Iterator[Trouble]:
    if case.submission.codes.download_is_closed() and hand_over.available(case, timezone.now()):
        what = _("The download is closed: too many wrong answers came with right codes.")
        to_do = _("Make sure who it is that asks for it, then open the download again.")
        yield Trouble(what, EventKind.DOWNLOAD_CLOSED.value, to_do, is_job=False)


def _not_transferred(case: Case) -> Iterator[Trouble]:
    """What the person had sent to a receiver and is not there: it failed, or waits for somebody to pass it on."""
    waiting = Transfer.objects.filter(case=case, state__in=(TransferState.FAILED, TransferState.READY))
    for transfer in waiting.select_related("receiver"):
        name = {"name": transfer.receiver.name}
        if transfer.state == TransferState.FAILED:
            what = _("The file could not be sent to %(name)s.") % name
            yield Trouble(what, transfer.error, what_to_do(transfer.error), is_job=True)
        else:
            what = _("An encrypted file waits to be passed on to %(name)s.") % name
            to_do = _("Take it on the page Handing over, give it to the receiver, and note there that it has it.")
            yield Trouble(what, EventKind.TRANSFER_READY.value, to_do, is_job=False)


def _not_posted(case: Case) -> Iterator[Trouble]:
    """A medium by post that could not be made, and the one that somebody without a mailbox waits for."""
    open_ones = Medium.objects.filter(case=case, state__in=Medium.OPEN)
    for one in open_ones.exclude(error=""):
        yield Trouble(_("The medium by post failed."), one.error, what_to_do(one.error), is_job=True)
    if case.state == State.CARRYING_OUT and not open_ones.exists() and medium.is_owed(case):
        what = _("This person has no mailbox and waits for the data.")
        to_do = _("Prepare a medium by post on the page Handing over; the case closes once its letter was posted.")
        yield Trouble(what, "medium_by_post", to_do, is_job=False)


def _set_and_refused(case: Case) -> Iterator[Trouble]:
    """What was done for an opt-out stays done when it is refused: no machine knows what stood there before."""
    if case.route != Route.DIRECT or case.outcome != Outcome.REFUSED:
        return
    done = Act.objects.filter(case=case, kind=ActKind.SUPPRESS).select_related("source")
    places = [act.source.title for act in done if any(entry["rows"] for entry in act.proof.values())]
    places += Telling.objects.told().filter(case=case).values_list("recipient", flat=True)
    places = list(dict.fromkeys(places))  # in several rounds, perhaps
    if places:
        code = "refused_after_it_was_set"
        what = _("Refused after it had gone to: %(places)s.") % {"places": ", ".join(places)}
        yield Trouble(what, code, what_to_do(code), is_job=False)


def _past_keeping(case: Case) -> Iterator[Trouble]:
    """Rows that the map keeps although the time of their ground is over: approved as they are, they would stay."""
    for run in current_runs(case):
        for name, rows in run.past_keeping.items():
            what = _("%(source)s, %(collection)s: records past the time for which they may be kept: %(rows)s.") % {
                "source": run.source.title,
                "collection": run.map_version.as_map().collection(name).title,
                "rows": rows,
            }
            to_do = _("A deletion leaves them. Have them deleted in the source by its own schedule, then gather again.")
            yield Trouble(what, "past_keeping", to_do, is_job=False)


def _last(case: Case, kind: EventKind) -> Event | None:
    """The newest event of a kind since the case was last approved or opened again, or handed back after it."""
    ending = (EventKind.APPROVE, EventKind.GATHER_AGAIN, EventKind.REOPEN)
    events = chains.history(case.chain).filter(kind__in=(kind, *ending))
    newest = events.order_by("-sequence").first()
    return newest if newest and newest.kind == kind else None
