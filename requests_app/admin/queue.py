"""The queue: what its filters, columns and search mean. Nothing of what a person wrote is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypedDict

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.admin.desk import due_in_words, today
from requests_app.law.words import Right
from requests_app.models import Case, Duty, Message, Submission
from requests_app.services.entering import find
from requests_app.services.intake import FILABLE
from requests_app.services.people import mailbox_candidates
from requests_app.states import OPEN, WAITING_FOR_PERSON, WAITING_FOR_US, WAITING_FOR_WORKERS, State

if TYPE_CHECKING:
    from django.contrib.admin.filters import _ListFilterChoices
    from django.utils.functional import _StrOrPromise as Text
    from django_stubs_ext import WithAnnotations

    class Dates(TypedDict):
        """What ``in_work_order`` adds to a case."""

        next_target: date | None
        next_due: date | None

    QueuedCase = WithAnnotations[Case, Dates]

GROUPS: dict[str, tuple[Text, frozenset[State], str]] = {
    "us": (gettext_lazy("Waiting for us"), WAITING_FOR_US, "strong"),
    "person": (gettext_lazy("Waiting for the person"), WAITING_FOR_PERSON, "wait"),
    "workers": (gettext_lazy("Waiting for workers"), WAITING_FOR_WORKERS, "busy"),
    "closed": (gettext_lazy("Closed"), frozenset({State.CLOSED}), "quiet"),
}
FOR_APPROVAL = "approval"  # of those that wait for us the ones of which everything was found
SOON = timedelta(days=7)
MOST_FOUND = 20
BETWEEN_REFERENCES = re.compile(r"[\s,]+")


class InGroup(SimpleListFilter):
    """For whom a case waits; without a choice, every open case."""

    title = gettext_lazy("waiting for")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Text]]:
        """The groups of states, and everything."""
        groups = [(slug, label) for slug, (label, _states, _tone) in GROUPS.items()]
        return [*groups, (FOR_APPROVAL, _("Waiting for approval")), ("all", _("Open and closed"))]

    def choices(self, changelist: ChangeList) -> Iterator[_ListFilterChoices]:
        """As in the stock filter, but it says what no choice means."""
        for place, choice in enumerate(super().choices(changelist)):
            if place == 0:
                choice["display"] = _("All open")
            yield choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """The cases of that group; who looks for a reference finds closed cases too."""
        chosen = self.value() or ""
        if chosen in GROUPS:
            return queryset.filter(state__in=GROUPS[chosen][1])
        if chosen == FOR_APPROVAL:
            return queryset.filter(state=State.DECIDING)
        if chosen == "all" or request.GET.get("q"):
            return queryset
        return queryset.filter(state__in=OPEN)


class OfRight(SimpleListFilter):
    """The right asked for."""

    title = gettext_lazy("right")
    parameter_name = "right"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """The rights that can be filed, and appeals."""
        return [(right.value, right.label) for right in (*FILABLE, Right.APPEAL)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """The cases of that right."""
        return queryset.filter(right=self.value()) if self.value() else queryset


class OfKind(SimpleListFilter):
    """Requests, or messages that are none: these are answered too, and counted apart."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Without a choice, requests."""
        return [("inquiry", _("Inquiries"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Inquiries, if they are asked for; who looks for a reference finds both."""
        if self.value() == "inquiry":
            return queryset.filter(right=Right.INQUIRY)
        if request.GET.get("q") or request.GET.get("right"):
            return queryset
        return queryset.exclude(right=Right.INQUIRY)


class ByDate(SimpleListFilter):
    """How near the legal date is."""

    title = gettext_lazy("legal date")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Past, or near."""
        return [("late", _("Late")), ("week", _("Due within 7 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """The late ones, or those that soon will be."""
        if self.value() == "late":
            return queryset.filter(pk__in=Case.objects.late(today()).values("pk"))
        if self.value() == "week":
            return queryset.filter(pk__in=due_soon(today()).values("pk"))
        return queryset


class Undelivered(SimpleListFilter):
    """Whether a letter reached nobody: it came back, or has to be posted."""

    title = gettext_lazy("letters")
    parameter_name = "letters"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """One that needs another channel."""
        return [("failed", _("To be told another way"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """The cases whose person has not been reached."""
        return queryset.filter(pk__in=with_undelivered_letters().values("pk")) if self.value() else queryset


class AssignedTo(SimpleListFilter):
    """Whose case it is."""

    title = gettext_lazy("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Me, or nobody yet."""
        return [("me", _("Me")), ("nobody", _("Nobody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """The cases of whoever asks, or those that nobody has."""
        if self.value() == "me":
            return queryset.filter(assigned_to=request.user.pk)
        return queryset.filter(assigned_to=None) if self.value() == "nobody" else queryset


@dataclass(frozen=True)
class Tab:
    """A way into the queue with one click."""

    label: Text
    query: str
    is_current: bool


def tabs(given: QueryDict) -> list[Tab]:
    """The groups, and the late ones, above the list; a right that was chosen stays chosen."""
    groups = [("group", slug, label) for slug, (label, _states, _tone) in GROUPS.items()]
    ways = [("group", "", _("All open")), ("assigned", "me", _("Mine")), *groups, ("due", "late", _("Late"))]
    ways += [("group", FOR_APPROVAL, _("Waiting for approval")), ("kind", "inquiry", _("Inquiries"))]
    chosen = next(
        ((name, given[name]) for name in ("due", "assigned", "kind") if name in given),
        ("group", given.get("group", "")),
    )
    found = []
    for name, value, label in ways:
        query = QueryDict(mutable=True)
        if right := given.get("right"):
            query["right"] = str(right)
        if value:
            query[name] = value
        found.append(Tab(label, f"?{query.urlencode()}", is_current=(name, value) == chosen and "q" not in given))
    return found


def due_soon(on: date) -> QuerySet[Case]:
    """Open cases that owe something by a legal date from today to a week from now."""
    near = Duty.objects.unmet().filter(due_on__gte=on, due_on__lte=on + SOON)
    return Case.objects.requests().open().filter(pk__in=near.values("case"))


def with_undelivered_letters() -> QuerySet[Case]:
    """Cases with a letter of their own, or of their whole request, that needs another channel."""
    failed = Message.objects.reached_nobody()
    of_request = failed.filter(case__isnull=True)
    return Case.objects.filter(Q(pk__in=failed.values("case")) | Q(submission__in=of_request.values("submission")))


def right_in_words(case: Case) -> str:
    """The right as asked, and as answered where that is another."""
    if case.answered_as == case.right:
        return case.right_asked.label
    return f"{case.right_asked.label} → {case.right_answered.label}"


def badge(text: Text, tone: str) -> SafeString:
    """A word in a box; the tone adds a colour to what the word says already."""
    return format_html('<span class="desk-badge desk-{}">{}</span>', tone, text)


def state_badge(case: Case) -> SafeString:
    """The state; of a closed case, how it closed."""
    text = case.get_state_display() if case.is_open else case.get_outcome_display()
    return badge(text, next(tone for _label, states, tone in GROUPS.values() if case.state in states))


def due_badge(due: date | None, on: date) -> SafeString | str:
    """A legal date with how near it is, in words."""
    if due is None:
        return "-"
    return format_html(
        '<span class="desk-due desk-due-{}"><b>{}</b> <span>{}</span></span>',
        _nearness(due, on),
        due_in_words(due, on),
        due,
    )


def near_badge(due: date, on: date) -> SafeString:
    """How near a legal date is, where the date itself stands beside it."""
    return format_html('<span class="desk-due desk-due-{}"><b>{}</b></span>', _nearness(due, on), due_in_words(due, on))


def _nearness(due: date, on: date) -> str:
    return "late" if due < on else "near" if due - on <= SOON else "far"


def by_references(queryset: QuerySet[Case], text: str) -> QuerySet[Case]:
    """The cases of the references in a text, typed with or without dashes; a text that is none finds nothing."""
    return queryset.filter(submission__in=[found.pk for found in _found_in(text)])


def references_in(text: str) -> list[str]:
    """The references in a text of which there is a request, as we write them."""
    return [found.reference for found in _found_in(text)]


def _found_in(text: str) -> list[Submission]:
    words = BETWEEN_REFERENCES.split(text.strip())[:MOST_FOUND]
    return [found for word in words if (found := find(word))]


def references_from(email: str) -> list[str]:
    """The references of what came from a mailbox, newest first; found by digest, however its address is written.

    At most one more than is shown, by which it is known that there are more.
    """
    wanted = mailbox_candidates(email)
    of_mailbox = Q(email_digest__in=wanted) | Q(person_digest__in=wanted)
    found = Submission.objects.filter(of_mailbox).order_by("-received_at")
    return list(found.values_list("reference", flat=True)[: MOST_FOUND + 1])
