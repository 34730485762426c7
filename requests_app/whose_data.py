"""Whether somebody may decide whose data it is: which records are meant, which identifier is somebody else's."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from requests_app import guards
from requests_app.guards import MoveShut
from requests_app.models import Case, Derivation, IdentifierStatus
from requests_app.ports import work
from requests_app.roles import Actor
from requests_app.states import State


def check_choose_records(case: Case, actor: Actor, on: date) -> None:
    """A source must have led to more than one record; what was gathered already is gathered anew."""
    if not work().asks_which(case):
        raise MoveShut(_("No source leads to more than one record: there is nothing to choose."))
    if case.state == State.DECIDING:
        guards.check_start_gathering(case, actor, on)


def check_remove_identifier(case: Case, actor: Actor, on: date) -> None:
    """Only what a source gave on the way can be removed; what was gathered by it is gathered anew without it."""
    if not found_on_the_way(case):
        raise MoveShut(_("No source gave an identifier in this round: there is none to remove."))
    if case.state == State.DECIDING:
        guards.check_start_gathering(case, actor, on)


def found_on_the_way(case: Case) -> list[Derivation]:
    """The identifiers that the sources gave in this round, each as often as it was given."""
    given = case.derivations.filter(round=case.gathering_round).exclude(identifier__status=IdentifierStatus.REMOVED)
    elsewhere = given.exclude(identifier__evidence__cases=case)  # what was proved is not removed
    return list(elsewhere.select_related("identifier__subject").order_by("provenance", "pk"))
