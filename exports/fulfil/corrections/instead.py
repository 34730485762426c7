"""Deleting a disputed value in place of correcting it: on which condition, and which values can go (11 CCR 7023(e)).

Called where a correction is decided on. The condition is for people to find; what can't be empty is known by what the
gathering saw of the source, and by its map. What a deletion would keep is not emptied either. The act looks at both
once more before it touches anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from exports.fulfil import held, kept_since, trouble
from exports.fulfil.corrections.standing import Standing
from exports.sources.datamap import Root
from requests_app import deleting_instead
from requests_app.law.values import Provision
from requests_app.models import Case, CorrectionAsked, Verdict
from requests_app.move import InputRefused


def check_condition(case: Case, asked: CorrectionAsked, condition: str, shown: str) -> Provision:
    """What lets the value be deleted on this condition; raises InputRefused.

    Staff write how it is known, but for a consent that the person gave on the case page.
    """
    provision = deleting_instead.provision_of(case)
    if provision is None:
        raise InputRefused({"verdict": deleting_instead.why_not(case, Verdict.DELETED)})
    if not condition:
        raise InputRefused(
            {"condition": _("Choose what lets it be deleted: that it harms the person in nothing, or the consent.")}
        )
    if not shown and not deleting_instead.rests_on_page(asked, condition):
        raise InputRefused(
            {"shown": _("Write why the deletion harms the person in nothing, or when and how the person consented.")}
        )
    return provision


def check_can_go(case: Case, wrong: Sequence[Standing], *, at: datetime) -> None:
    """Raise InputRefused for the first value that can't be emptied, or is kept."""
    check_can_be_empty(wrong)
    try:
        check_not_kept(case, wrong, at=at)
    except trouble.NotToCorrect as kept:
        raise InputRefused({"found": trouble.what_to_do(kept.code)}) from None


def check_can_be_empty(wrong: Sequence[Standing]) -> None:
    """Raise InputRefused for the first value that is none, is not disputed, or whose field can't be empty."""
    for one in wrong:
        if because := _why_it_stays(one):
            raise InputRefused({"found": because})


def check_not_kept(case: Case, emptied: Sequence[Standing], *, at: datetime) -> None:
    """Raise NotToCorrect for the first value that a hold, a data map or a retention schedule keeps from deletion: it is
    not deleted by this way either.
    """
    for one in emptied:
        if held.holds_in(case, one.place.source, at=at):
            raise trouble.NotToCorrect("instead_of_held", one.place.slug)
        if kept_since.would_keep(one.source_run, one.collection, at=at):
            raise trouble.NotToCorrect("instead_of_kept", one.place.slug)


def _why_it_stays(one: Standing) -> str:
    said = {"number": one.number, "field": str(one.field.title), "source": one.source_run.source.title}
    if one.value in (None, ""):
        return _("Value %(number)s is nothing: there is nothing to delete.") % said
    if one.is_right:
        return _("Value %(number)s is what the person says is right: nobody disputes it.") % said
    if one.place.column in one.source_run.never_empty.get(one.collection.name, ()):
        return (
            _(
                "Value %(number)s: %(source)s always wants something in the field %(field)s: it can't be emptied."
                " Correct it; or have the source changed, and gather again."
            )
            % said
        )
    if _leads_there(one):
        return (
            _(
                "Value %(number)s: records of %(source)s are found by the field %(field)s, and nobody would find them"
                " once it is empty. Correct it; or delete the records on a request for deletion."
            )
            % said
        )
    return ""


def _leads_there(one: Standing) -> bool:
    """Whether the map finds these records by the field alone, or joins records by it."""
    column, own = one.place.column, one.collection
    other_ways = [way for way in own.reached if not isinstance(way, Root) or (way.column != column and not way.shared)]
    joined = {mine for join in own.every_join for mine, _parents in join.columns}
    for other in one.source_run.map_version.as_map().collections:
        joined |= {parents for join in other.every_join if join.parent == own.name for _mine, parents in join.columns}
    return not other_ways or column in joined
