"""On which ground something stays, and how a letter words it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from exports import findings
from exports.sources.datamap import Keep
from requests_app import guards
from requests_app.law import refusals
from requests_app.law.exemptions import Exemption, ExemptionDoesNotFit
from requests_app.law.packs import house
from requests_app.law.words import Right
from requests_app.models import Case


def grounds_of(case: Case) -> list[str]:
    """The codes of the grounds on which the maps keep what was found from a deletion."""
    if case.right_answered != Right.DELETE:
        return []
    kept = [
        collection.on_delete.ground
        for source_run in findings.searched_runs(case)
        for collection in source_run.data_map().collections
        if isinstance(collection.on_delete, Keep) and source_run.counts.get(collection.name)
    ]
    return list(dict.fromkeys(kept))


def ground_of(case: Case, code: str) -> Exemption | None:
    """The ground on which something stays, as the laws of the case word it; None if they know none like it."""
    for pack in (*case.packs(), house()):
        for item in pack.exemptions:
            if item.code == code:
                return item
    try:
        return guards.ground_to_keep(case, code)
    except ExemptionDoesNotFit:
        return None


def ground_in_words(case: Case, code: str, language: str) -> str:
    """A ground as a letter gives it, with its citation; in the active language where no law of the case knows it."""
    found = ground_of(case, code)
    if found is None:
        return _("The ground is the one that we call %(code)s; write to us, and we explain it.") % {"code": code}
    return f"{found.person_text.in_language(language)} ({refusals.cited(case.packs(), found, language)})"
