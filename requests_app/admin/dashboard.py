"""The first page of the desk: what waits, in numbers that lead to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from dsar.jobs import pausing
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from requests_app.admin.desk import sees_calendars, sees_cases, sees_jobs, today
from requests_app.admin.queue import due_badge, due_soon, right_in_words, state_badge, with_undelivered_letters
from requests_app.models import Case, Organisation
from requests_app.services import calendars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.utils.safestring import SafeString

    from requests_app.admin.queue import QueuedCase

MOST_URGENT = 8


@dataclass(frozen=True)
class Count:
    """One number, and the list behind it."""

    label: str
    number: int
    url: str
    is_bad: bool = False  # something that should be none


@dataclass(frozen=True)
class Urgent:
    """A case that waits for us, as a line."""

    url: str
    reference: str
    right: str
    state: SafeString
    due: SafeString | str


CountMaker = Callable[[HttpRequest], Iterable[Count]]
COUNTS: list[CountMaker] = []


def counts(maker: CountMaker) -> CountMaker:
    """Register what another floor counts for who looks at the first page; the page never imports it."""
    COUNTS.append(maker)
    return maker


def fill(request: HttpRequest, context: dict[str, object]) -> dict[str, object]:
    """Add the counts that this user may see to the context of the first page."""
    made = [count for maker in COUNTS for count in maker(request)]
    of_jobs = _of_jobs() if sees_jobs(request) else ()
    shown_counts = [*(_of_cases(request) if sees_cases(request) else ()), *of_jobs, *made]
    urgent = _most_urgent() if sees_cases(request) else []
    attention = list(_of_calendars()) if sees_calendars(request) else []
    shown = {"counts": shown_counts, "urgent": urgent, "attention": attention, "pause": pausing.current()}
    return {**context, **shown, "title": _("Today")}


def _of_calendars() -> Iterator[calendars.Attention]:
    for organisation in Organisation.objects.order_by("pk"):
        yield from calendars.attention(organisation, today())


def _most_urgent() -> list[Urgent]:
    on = today()
    waiting = Case.objects.requests().waiting_for_us().select_related("submission").in_work_order()[:MOST_URGENT]
    return [
        Urgent(
            url=reverse("admin:requests_app_case_change", args=[case.pk]),
            reference=case.submission.reference,
            right=right_in_words(case),
            state=state_badge(case),
            due=due_badge(case.next_due, on),
        )
        for case in cast("list[QueuedCase]", list(waiting))
    ]


def _of_cases(request: HttpRequest) -> Iterator[Count]:
    queue, on = reverse("admin:requests_app_case_changelist"), today()
    mine = Case.objects.requests().open().filter(assigned_to=request.user.pk).count()
    if mine:
        yield Count(_("Mine"), mine, f"{queue}?assigned=me")
    yield Count(_("Waiting for us"), Case.objects.requests().waiting_for_us().count(), f"{queue}?group=us")
    yield Count(_("Late"), Case.objects.requests().late(on).count(), f"{queue}?due=late", is_bad=True)
    yield Count(_("Due within 7 days"), due_soon(on).count(), f"{queue}?due=week")
    inquiries = Case.objects.inquiries().open().count()
    if inquiries:
        yield Count(_("Inquiries"), inquiries, f"{queue}?kind=inquiry")
    yield Count(
        _("With a letter that could not be delivered"),
        with_undelivered_letters().count(),
        f"{queue}?group=all&letters=failed",
        is_bad=True,
    )


def _of_jobs() -> Iterator[Count]:
    failed = Job.objects.filter(state=JobState.FAILED).count()
    url = reverse("admin:jobs_job_changelist")
    yield Count(_("Jobs that gave up"), failed, f"{url}?state__exact={JobState.FAILED}", is_bad=True)
