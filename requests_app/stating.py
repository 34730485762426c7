"""Whether a person may file a statement on what was not corrected, and whether it may be passed on now."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dsar.vault.errors import VaultError
from requests_app.endings import is_identity_accepted
from requests_app.guards import MoveShut
from requests_app.law import statements
from requests_app.law.values import Figure
from requests_app.law.wording import spell_date
from requests_app.models import Case, CorrectionAsked, Statement
from requests_app.ports import systems
from requests_app.refused_items import WITH_ITEMS, refused_items
from requests_app.roles import Actor


def words_allowed(case: Case) -> Figure | None:
    """How many words a statement on an item of this case may have; None where no law of the case offers one."""
    grounds = {ground.ground for _asked, ground in refused_items(case) if ground.ground}
    return statements.words_allowed(case.packs(), case.right_asked, on=case.received_on(), grounds=grounds)


def items_of(case: Case) -> list[CorrectionAsked]:
    """What a statement may be filed on: the items that were refused on a ground after which a letter offers it."""
    return [asked for asked, ground in refused_items(case) if ground.ground and statements.is_offered_on(ground.ground)]


def names_of(asked: Iterable[CorrectionAsked], language: str) -> dict[int, str]:
    """What each correction is called, by its number: the title of its field, or in quotation marks the person's words.

    A field that no data map has any more goes by its own name.
    """
    known = {field.slug: field.title for field in systems().correctable_fields(language)}
    return {one.number: known.get(one.field, one.field) or _in_words(one) for one in asked}


def _in_words(asked: CorrectionAsked) -> str:
    try:
        return f"“{asked.words}”"
    except VaultError:
        return _("in your own words")


def check_statement(case: Case, number: int, on: date) -> tuple[CorrectionAsked, Figure]:
    """The correction of that number, and the words that a statement on it may have.

    Raises MoveShut where none may be filed, or an earlier one stands.
    """
    allowed = words_allowed(case)
    asked = next((one for one in items_of(case) if one.number == number), None)
    if allowed is None or asked is None:
        raise MoveShut(_("A statement can be filed only on what you asked to have corrected, and we did not correct."))
    earlier = statement_on(asked)
    if earlier is not None and on > earlier.changeable_until:
        day = spell_date(earlier.changeable_until, get_language() or "en")
        raise MoveShut(
            _("Your statement could be changed until %(day)s. Please write to us if it has to be another one.")
            % {"day": day}
        )
    return asked, allowed


def statement_on(asked: CorrectionAsked) -> Statement | None:
    """What the person stated on one correction."""
    return Statement.objects.select_related("asked", "case__submission").filter(asked=asked).first()


def waiting(case: Case) -> list[Statement]:
    """The statements of a case that are to be passed on: as long as what they are about stands refused."""
    stands = _refused_in(case)
    found = case.statements.select_related("asked", "case__submission").to_pass_on()
    return [one for one in found if one.asked_id in stands]


def due_everywhere(on: date) -> list[Statement]:
    """All that are to be passed on by now, since they can't be changed any more; those first that wait longest."""
    due = Statement.objects.to_pass_on().filter(changeable_until__lt=on).order_by("changeable_until")
    items = [f"case__{name}" for name in WITH_ITEMS]
    found = due.select_related("case").prefetch_related(*items)
    return [one for one in found if one.asked_id in _refused_in(one.case)]


def _refused_in(case: Case) -> set[uuid.UUID]:
    """What stands refused: a case that was opened again may have been corrected since."""
    return {asked.pk for asked, _ground in refused_items(case)}


def statements_to_pass_on(case: Case) -> list[tuple[str, str]]:
    """What a person may note as passed on."""
    found = waiting(case)
    names = names_of([one.asked for one in found], "en")
    return [(str(one.pk), names[one.asked.number]) for one in found]


def check_pass_on(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only what the person wants passed on, once it can't be changed any more."""
    found = waiting(case)
    if not found:
        raise MoveShut(_("There is no statement that the person asks us to pass on."))
    if not is_identity_accepted(case):
        raise MoveShut(_("Nobody knows for certain who wrote it: the identity was not accepted in this case."))
    if all(one.changeable_until >= on for one in found):
        raise MoveShut(may_still_change(min(one.changeable_until for one in found)))


def may_still_change(until: date) -> str:
    """Why a statement is not passed on yet."""
    day = spell_date(until, get_language() or "en")
    return _("The person may change the statement until %(day)s: pass it on after that.") % {"day": day}
