"""What one person proposes and another puts in force, on the desk: the page, how a row stands, and the buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Self

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from requests_app.admin.desk import actor_of
from requests_app.admin.queue import badge
from requests_app.admin.timeline import names_of
from requests_app.models.two_people import ByTwo
from requests_app.roles import Actor, Role
from requests_app.services.history import local_day
from requests_app.services.two_people import Row, RuleRefused, TwoPeople

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as Text

Step = Callable[[QueryDict, Actor], str]
NO_STEPS: Mapping[str, Step] = MappingProxyType({})
WORKERS = frozenset({Role.ANALYST, Role.APPROVER})


@dataclass(frozen=True)
class Standing:
    """How a row stands, who took which step, and which buttons this user has; an empty label is no button."""

    row: int
    badge: SafeString
    steps: tuple[str, ...]
    accept: Text
    end: Text


def standing_of(row: Row, settled: TwoPeople[Row], *, actor: Actor, accept: Text) -> Standing:
    """A row in words for this user; ``accept`` is what the button of the second person says."""
    may_accept = row.waits and settled.accepters.includes(actor) and row.proposed_by != actor.slug
    may_end = not row.is_over and settled.enders.includes(actor)
    return Standing(
        row=row.pk,
        badge=_badge(row),
        steps=_steps(row),
        accept=accept if may_accept else "",
        end=(_("Take back") if row.waits else _("End")) if may_end else "",
    )


class StepForm(forms.Form):
    """A form on such a page, sent by the button ``do``: the service takes what it says, or refuses with a sentence."""

    do = "propose"

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """The form as it was sent, or empty."""
        return cls(request.POST if request.POST.get("do") == cls.do else None)

    def take(self, actor: Actor) -> str:
        """Hand it to the service, and say what comes next. Raises RuleRefused."""
        raise NotImplementedError

    def is_taken(self, request: HttpRequest) -> bool:
        """Whether the service took it; else it says what is wrong, beside what was typed."""
        if not self.is_valid():
            return False
        try:
            messages.success(request, self.take(actor_of(request)))
        except RuleRefused as refused:
            for sentence in str(refused).splitlines():
                self.add_error(refused.about or None, sentence)
            return False
        return True


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The page of all rows of one model: the list with its buttons, and the form to propose another.

    ``words`` are given to the template: title, lead, heading of the form, and ``nothing`` for an empty list. ``line``
    has what the template shows of a row, its title among it. ``accepted`` and ``ended`` are told after a step, with
    the title as ``%(row)s``.
    """

    settled: TwoPeople[Row]
    template: str
    words: Mapping[str, Text]
    line: Callable[[Row], Mapping[str, object]]
    accept: Text
    accepted: Text
    ended: Text

    def answer(
        self,
        request: HttpRequest,
        context: Mapping[str, object],
        rows: Iterable[Row],
        *forms: StepForm,
        others: Mapping[str, Step] = NO_STEPS,
    ) -> HttpResponse:
        """The page, or one step on it and back to it. The first of ``forms`` proposes; ``others`` are more steps."""
        actor = actor_of(request)
        proposes = self.settled.proposers.includes(actor)
        sent = next((form for form in forms if form.is_bound), None)
        if sent is not None and not proposes:
            raise PermissionDenied
        if request.method == "POST":
            if sent is None:
                take_step(request, {"accept": self._accept, "end": self._end, **others})
            if sent is None or sent.is_taken(request):
                return HttpResponseRedirect(request.path)
        lines = [
            {**self.line(row), "standing": standing_of(row, self.settled, actor=actor, accept=self.accept)}
            for row in rows
        ]
        shown = {**context, **self.words, "lines": lines, "form": forms[0], "proposes": proposes}
        return TemplateResponse(request, self.template, shown, status=422 if sent else 200)

    def _accept(self, given: QueryDict, actor: Actor) -> str:
        row = self.settled.accept(number_in(given), by=actor, at=timezone.now())
        return str(self.accepted) % {"row": self.line(row)["title"]}

    def _end(self, given: QueryDict, actor: Actor) -> str:
        row = self.settled.end(number_in(given), by=actor, at=timezone.now())
        return str(self.ended) % {"row": self.line(row)["title"]}


def proposed() -> str:
    """What is told to who proposed something."""
    return _("Proposed. Somebody else has to accept it before anything comes of it.")


def works(actor: Actor) -> bool:
    """Whether this user proposes, accepts and ends."""
    return bool(actor.roles & WORKERS)


def take_step(request: HttpRequest, steps: Mapping[str, Step]) -> None:
    """Do what the pressed button says, and tell what was done, or why it was not."""
    step = steps.get(request.POST.get("do", ""), _no_such_step)
    try:
        messages.success(request, step(request.POST, actor_of(request)))
    except RuleRefused as refused:
        messages.error(request, str(refused))


def number_in(given: QueryDict) -> int:
    """The number of the row that a button is about; 0 for what is none."""
    text = given.get("row", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _badge(row: ByTwo) -> SafeString:
    if row.ended_at is not None:
        return badge(_("ended"), "quiet")
    return badge(_("in force"), "sure") if row.is_in_force else badge(_("proposed"), "wait")


def _steps(row: ByTwo) -> tuple[str, ...]:
    names = names_of(slug for slug in (row.proposed_by, row.accepted_by, row.ended_by) if slug)
    sentences = (
        (row.proposed_by, row.proposed_at, _("Proposed by %(who)s on %(day)s.")),
        (row.accepted_by, row.accepted_at, _("Put in force by %(who)s on %(day)s.")),
        (row.ended_by, row.ended_at, _("Ended by %(who)s on %(day)s.")),
    )
    return tuple(sentence % {"who": names[by], "day": local_day(at)} for by, at, sentence in sentences if at)


def _no_such_step(_given: QueryDict, _actor: Actor) -> str:
    raise RuleRefused(_("There is no such step."))
