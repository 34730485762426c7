"""The one page of all moves: what the move does, what it asks for, and the version that its maker has seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.admin import sections
from requests_app.admin.case_page import content_of, context_of, note_look
from requests_app.admin.desk import actor_of
from requests_app.admin.timeline import timeline
from requests_app.guards import MoveShut
from requests_app.law.words import Route
from requests_app.models import Case
from requests_app.move import Input, InputRefused, Move
from requests_app.moves import Offer
from requests_app.services import moving
from requests_app.services.history import local_day
from requests_app.states import STATE_MOVES

DECIDING = frozenset(
    {"approve", "refuse", "refuse_opt_out", "refuse_opt_in", "write_answer", "reopen", "redirect", "merge"}
)
# How a move's button looks: what leads on, and what can't be taken back. The others are plain.
TONES = {
    "accept_proof": "primary",
    "clarified": "primary",
    "decide_limit": "primary",
    "start_gathering": "primary",
    "write_answer": "primary",
    "note_done": "primary",
    "approve": "primary",
    "refuse": "danger",
    "refuse_opt_out": "danger",
    "refuse_opt_in": "danger",
    "redirect": "danger",
    "merge": "danger",
    "end_restriction": "danger",
}
ORDER = ("primary", "plain", "danger")
GROUPS = {
    "next": gettext_lazy("Next step"),
    "matter": gettext_lazy("This request"),
    "chosen": gettext_lazy("Findings"),
    "beside": gettext_lazy("Case and person"),
    "ends": gettext_lazy("Ends the case otherwise"),
}
# What is seldom the next step, and about the case rather than about what was asked for.
BESIDE = frozenset(
    {"link_people", "unlink_people", "hold", "release_hold", "extend", "assign", "letter_bounced", "told_otherwise"}
)


@dataclass(frozen=True)
class Way:
    """An offered move as a button: where it leads and how it looks."""

    offer: Offer
    url: str
    tone: str


class Ways(NamedTuple):
    """Buttons of one kind, under what they are about."""

    title: str
    ways: list[Way]


def ways_of(case: Case, offers: Iterable[Offer]) -> list[Way]:
    """The buttons of moves, those that lead on first."""
    return sorted((_way(case, offer) for offer in offers), key=lambda way: ORDER.index(way.tone))


def grouped(ways: Iterable[Way]) -> list[Ways]:
    """What leads on first, what is about the matter, what is chosen in what was found, what is beside it, what ends."""
    of_kind: dict[str, list[Way]] = {title: [] for title in GROUPS}
    for way in ways:
        of_kind[_group(way)].append(way)
    return [Ways(str(GROUPS[kind]), found) for kind, found in of_kind.items() if found]


def held_up(case: Case, ways: Iterable[Way]) -> Offer | None:
    """The move that would bring the case on from its state, if it is shut: what stands in its way, for its reader."""
    leading = [way.offer for way in ways if way.tone == "primary" and _leads_on(case, way.offer.move)]
    return None if any(offer.is_open for offer in leading) else next(iter(leading), None)


def _leads_on(case: Case, move: Move) -> bool:
    return move.slug in STATE_MOVES and case.state in move.open_in(Route(case.route))


def _group(way: Way) -> str:
    if way.tone != "plain":
        return {"primary": "next", "danger": "ends"}[way.tone]
    slug = way.offer.move.slug
    return "beside" if slug in BESIDE else "chosen" if slug in sections.STARTS else "matter"


def _way(case: Case, offer: Offer) -> Way:
    """The button of a move; one that needs something chosen first leads to where that is chosen."""
    slug = offer.move.slug
    start = sections.STARTS.get(slug)
    url = start(case) if start else reverse("admin:requests_app_case_move", args=[case.pk, slug])
    return Way(offer, url, TONES.get(slug, "plain"))


class MovePage:
    """One request for the page of one move on one case."""

    def __init__(self, request: HttpRequest, case: Case, move: Move) -> None:
        self.request = request
        self.case = case
        self.move = move
        self.actor = actor_of(request)
        self.at = timezone.now()
        self.case_url = reverse("admin:requests_app_case_change", args=[case.pk])

    def respond(self) -> HttpResponse:
        """Show the page, or make the move."""
        if self.request.method == "POST":
            return self._make()
        shut = self._shut()
        if shut is not None:
            return self._back_with(shut)
        return self._page(form_of(self.move, self.case, self.request.GET), self.case.version)

    def _make(self) -> HttpResponse:
        seen = self.request.POST.get("version", "")
        version = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
        form = form_of(self.move, self.case, self.request.POST)
        inputs = {wanted.name: self.request.POST.get(wanted.name, "") for wanted in self.move.asked_of(self.case)}
        try:
            if preview := self._preview(inputs):
                return self._page(form, version, preview=preview, sure=_digest(inputs))
            case = moving.perform(
                self.move.slug, case_id=self.case.pk, version=version, actor=self.actor, at=self.at, inputs=inputs
            )
        except InputRefused as refused:
            return self._page(form, version, errors=refused.errors)
        except MoveShut as shut:
            return self._page(form, version, shut=shut) if self._is_stale(version) else self._back_with(shut)
        has_moved = case.state != self.case.state
        done = _("%(move)s: done. The case is now %(state)s.") if has_moved else _("%(move)s: done.")
        messages.success(self.request, done % {"move": self._label(), "state": case.get_state_display()})
        return HttpResponseRedirect(self._way_back())

    def _preview(self, inputs: Mapping[str, str]) -> sections.Preview | None:
        """What the move would do, if its maker has not seen that yet with these very inputs; InputRefused as it."""
        previewer = sections.PREVIEWS.get(self.move.slug)
        if previewer is None or self.request.POST.get("sure") == _digest(inputs) or self._shut():
            return None
        return previewer(self.case, self.actor, self.move.clean(self.case, inputs), at=self.at)

    def _is_stale(self, version: int) -> bool:
        """Whether the case went on since its maker looked at it; what he typed must not be lost then."""
        self.case = Case.objects.select_related("submission__organisation").get(pk=self.case.pk)
        return self.case.version != version

    def _shut(self) -> MoveShut | None:
        try:
            self.move.check(self.case, self.actor, local_day(self.at))
        except MoveShut as shut:
            return shut
        return None

    def _back_with(self, shut: MoveShut) -> HttpResponse:
        messages.error(self.request, str(shut))
        return HttpResponseRedirect(self.case_url)

    def _page(
        self,
        form: forms.Form,
        seen: int,
        *,
        errors: Mapping[str, str] | None = None,
        shut: MoveShut | None = None,
        preview: sections.Preview | None = None,
        sure: str = "",
    ) -> HttpResponse:
        """The page; after a stale version with what happened since, and the token of what is shown now."""
        decides = self.move.slug in DECIDING
        context = {
            **context_of(self.request, self.case),
            "move": self.move,
            "about": self._about(form),
            "label": self._label(),
            "tone": TONES.get(self.move.slug, "primary"),
            "fields": [
                (form[wanted.name], (errors or {}).get(wanted.name)) for wanted in self.move.asked_of(self.case)
            ],
            "version": self.case.version,
            "stale": shut,
            "preview": preview,
            "sure": sure,
            "shut": self._shut(),
            "since": [line for line in timeline(self.case) if line.sequence > seen] if shut else [],
            "back": self._way_back(),
            "case_url": self.case_url,
            "decides": decides,
            "panels": [made for made in sections.panels_of(self.case, self.actor) if made.decides] if decides else [],
        }
        if decides:
            note_look(self.actor, self.case, at=self.at)
            context |= content_of(self.case, local_day(self.at))
        status = 409 if shut else 422 if errors else 200
        return TemplateResponse(self.request, "admin/requests_app/case/move.html", context, status=status)

    def _about(self, form: forms.Form) -> str:
        told = sections.ABOUT.get(self.move.slug)
        return told(self.case, form.initial) if told else ""

    def _label(self) -> str:
        return str(self.move.label).rstrip("…")

    def _way_back(self) -> str:
        """Where the maker came from, if that is a page of the desk; else the case."""
        given = self.request.POST.get("back") or self.request.GET.get("back") or ""
        is_ours = url_has_allowed_host_and_scheme(given, allowed_hosts=None) and given.startswith(self._desk())
        return given if is_ours else self.case_url

    @staticmethod
    def _desk() -> str:
        return reverse("admin:index")


def _digest(inputs: Mapping[str, str]) -> str:
    """Tells whether inputs are those that were previewed."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def form_of(move: Move, case: Case, values: Mapping[str, str]) -> forms.Form:
    """The inputs of a move as a form, filled in; the move itself checks them, in the transaction that makes it."""
    asked = move.asked_of(case)
    form = forms.Form(initial={wanted.name: _value(wanted, case, values) for wanted in asked})
    for wanted in asked:
        form.fields[wanted.name] = forms.CharField(
            label=str(wanted.label),
            help_text=str(wanted.help),
            required=wanted.required,
            widget=_widget(wanted, case),
        )
    return form


def _value(wanted: Input, case: Case, values: Mapping[str, str]) -> str:
    """What was typed, or what it begins with."""
    if wanted.name in values or wanted.draft is None:
        return values.get(wanted.name, "")
    return wanted.draft(case)


def _widget(wanted: Input, case: Case) -> forms.Widget:
    if wanted.choices:
        return forms.Select(choices=[("", _("Please choose")), *wanted.choices(case)])
    if wanted.is_given:
        return forms.HiddenInput()
    if wanted.is_day:
        return forms.DateInput(attrs={"type": "date"})
    if wanted.long:
        return forms.Textarea(attrs={"maxlength": wanted.most, "rows": 18 if wanted.draft else 5})
    return forms.TextInput(attrs={"maxlength": wanted.most})
