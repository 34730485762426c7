"""One move of the desk: what it asks for, who may make it, and when it is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from requests_app.guards import MoveShut
from requests_app.law.words import Right, Route
from requests_app.models import Case
from requests_app.plain_text import is_usable
from requests_app.roles import Actor, Role
from requests_app.states import (
    FULL,
    STATE_MOVES,
    State,
)

Text = str | Promise
Choices = Callable[[Case], list[tuple[str, str]]]

DESK = frozenset({Role.ANALYST, Role.APPROVER})
APPROVER = frozenset({Role.APPROVER})
NOBODY = "nobody"
SIGNED = "signed"


class Service(Protocol):
    """What does a move: one transaction, with the row already locked and the guards passed.

    Besides its inputs, the service of a move that names keys takes them as ``keys``: they were made beforehand.
    """

    def __call__(self, case: Case, *, actor: Actor, at: datetime, **inputs: Any) -> None: ...


@dataclass(frozen=True)
class Input:
    """One thing that a move asks for; ``choices`` makes it a selection, ``rights`` narrows whom it is asked of."""

    name: str
    label: Text
    help: Text = ""
    choices: Choices | None = None
    why_not: Callable[[Case, str], str] | None = None  # why a value is not among them
    long: bool = False
    required: bool = True
    most: int = 2000
    is_day: bool = False
    is_given: bool = False  # by the page on which the move begins: nobody types it
    draft: Callable[[Case], str] | None = None  # what its form begins with
    rights: frozenset[Right] = field(default_factory=lambda: frozenset(Right))


class InputRefused(Exception):
    """Inputs that a move can't take: what is wrong, by input."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"{name}: {error}" for name, error in errors.items()))


def _open_to_all(case: Case, actor: Actor, on: date) -> None:
    """A move that its state and roles alone decide on."""


@dataclass(frozen=True)
class Move:
    """One move of the desk. ``roles`` may make it; ``sources`` are the states in which it is open."""

    slug: str
    label: Text
    consequence: Text  # what happens then, in one sentence, shown before it is made
    roles: frozenset[Role]
    guard: Callable[[Case, Actor, date], None] = _open_to_all
    inputs: tuple[Input, ...] = ()
    only_in: frozenset[State] = frozenset()  # this and the next: for moves that change no state
    only_on: frozenset[Route] = FULL
    rights: frozenset[Right] = field(default_factory=lambda: frozenset(Right))
    keys: Callable[[Case], tuple[str, ...]] | None = None  # purposes of the keys that its service takes

    @property
    def sources(self) -> frozenset[State]:
        """The states in which the move is open."""
        return STATE_MOVES[self.slug].sources if self.slug in STATE_MOVES else self.only_in

    @property
    def routes(self) -> frozenset[Route]:
        """The routes on which it exists."""
        return STATE_MOVES[self.slug].routes if self.slug in STATE_MOVES else self.only_on

    def open_in(self, route: Route) -> frozenset[State]:
        """The states in which the move is open on this route."""
        return STATE_MOVES[self.slug].from_states(route) if self.slug in STATE_MOVES else self.only_in

    def asked_of(self, case: Case) -> tuple[Input, ...]:
        """What the move asks for on such a case; a choice that nobody has to make is left out if there is none."""
        asked = (wanted for wanted in self.inputs if case.right_asked in wanted.rights)
        return tuple(wanted for wanted in asked if wanted.required or not wanted.choices or wanted.choices(case))

    def concerns(self, case: Case) -> bool:
        """Whether the move can ever be made on such a case: its right and route."""
        return Route(case.route) in self.routes and not self.rights.isdisjoint({case.right_answered, case.right_asked})

    def check(self, case: Case, actor: Actor, on: date) -> None:
        """Raise MoveShut with a sentence that says why not, and what opens the move."""
        if not self.concerns(case):
            raise MoveShut(_("This move does not exist for such a request."))
        if not self.roles & actor.roles:
            roles = _(" or ").join(sorted(self.roles))
            raise MoveShut(_("This needs the role %(roles)s.") % {"roles": roles})
        sources = self.open_in(Route(case.route))
        if case.state not in sources:
            states = _(" or ").join(str(state.label) for state in State if state in sources)
            raise MoveShut(
                _("Open only while the case is %(states)s; it is %(state)s.")
                % {"states": states, "state": State(case.state).label}
            )
        self.guard(case, actor, on)

    def clean(self, case: Case, given: Mapping[str, str]) -> dict[str, str]:
        """The inputs, checked; raises InputRefused that names every fault. What is not asked of this case is empty."""
        errors: dict[str, str] = {}
        cleaned: dict[str, str] = {wanted.name: "" for wanted in self.inputs}
        for wanted in self.asked_of(case):
            value = given.get(wanted.name, "").strip()
            cleaned[wanted.name] = value
            if not value and wanted.required:
                errors[wanted.name] = _("Please fill this in.")
            elif len(value) > wanted.most:
                errors[wanted.name] = _("Please use at most %(most)s characters.") % {"most": wanted.most}
            elif not is_usable(value):
                errors[wanted.name] = _("This contains characters that can't be used. Please type it again.")
            elif value and wanted.is_day and not _is_day(value):
                errors[wanted.name] = _("Please give a day such as 2026-11-23.")
            elif value and wanted.choices and value not in dict(wanted.choices(case)):
                reason = wanted.why_not(case, value) if wanted.why_not else ""
                errors[wanted.name] = reason or _("Please choose one of the offered values.")
        if errors:
            raise InputRefused(errors)
        return cleaned


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
