"""Whether a person may file a statement on what was not corrected, and whether it may be passed on now."""

from __future__ import annotations

from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dsar.ledger import chains
from requests_app.denied_before import ground_used
from requests_app.endings import IDENTITY_ACCEPTED
from requests_app.guards import MoveShut
from requests_app.law import statements
from requests_app.law.values import Figure
from requests_app.law.wording import spell_date
from requests_app.law.words import Ground, Right
from requests_app.models import Case, CorrectionAsked, Statement
from requests_app.ports import systems
from requests_app.roles import Actor
from requests_app.states import Outcome


def words_allowed(case: Case) -> Figure | None:
    """How many words a statement on an item of this case may have; None where no law of the case offers one.

    Of a correction that was done in part, its letter says which items were refused.
    """
    if case.right_asked != Right.CORRECT:
        return None
    return statements.words_allowed(case.packs(), case.right_asked, on=case.received_on(), grounds=_grounds(case))


def _grounds(case: Case) -> set[Ground]:
    if case.outcome == Outcome.PARTLY_FULFILLED:
        return {Ground.ACCURATE}
    used = ground_used(case) if case.outcome == Outcome.REFUSED else None
    return {used.ground} if used and used.ground else set()


def items_of(case: Case) -> list[str]:
    """The fields on which a statement may be filed: those that the person asked to have corrected."""
    return list(CorrectionAsked.objects.filter(case=case).order_by("field").values_list("field", flat=True))


def titles_of(fields: list[str], language: str) -> dict[str, str]:
    """What the fields are called; one that no data map has any more goes by its own name."""
    known = {field.slug: field.title for field in systems().correctable_fields(language)}
    return {field: known.get(field, field) for field in fields}


def check_statement(case: Case, field: str, on: date) -> Figure:
    """The words that the statement may have; MoveShut where none may be filed, or an earlier one stands."""
    allowed = words_allowed(case)
    if allowed is None or field not in items_of(case):
        raise MoveShut(_("A statement can be filed only on what you asked to have corrected, and we did not correct."))
    earlier = Statement.objects.filter(case=case, field=field).first()
    if earlier is not None and on > earlier.changeable_until:
        day = spell_date(earlier.changeable_until, get_language() or "en")
        raise MoveShut(
            _("Your statement could be changed until %(day)s. Please write to us if it has to be another one.")
            % {"day": day}
        )
    return allowed


def statements_to_pass_on(case: Case) -> list[tuple[str, str]]:
    """What a person may note as passed on."""
    waiting = list(case.statements.to_pass_on())
    titles = titles_of([one.field for one in waiting], "en")
    return [(str(one.pk), titles[one.field]) for one in waiting]


def check_pass_on(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only what the person wants passed on, once it can't be changed any more."""
    waiting = case.statements.to_pass_on()
    if not waiting.exists():
        raise MoveShut(_("There is no statement that the person asks us to pass on."))
    if not chains.history(case.chain).filter(kind__in=IDENTITY_ACCEPTED).exists():
        raise MoveShut(_("Nobody knows for certain who wrote it: the identity was not accepted in this case."))
    if not waiting.filter(changeable_until__lt=on).exists():
        raise MoveShut(may_still_change(min(one.changeable_until for one in waiting)))


def may_still_change(until: date) -> str:
    """Why a statement is not passed on yet."""
    day = spell_date(until, get_language() or "en")
    return _("The person may change the statement until %(day)s: pass it on after that.") % {"day": day}
