"""Whether what a person asks to have corrected may be deleted instead (11 CCR 7023(e))."""

from __future__ import annotations

from django.utils.translation import gettext as _

from requests_app.law.instead import deletion_instead
from requests_app.law.values import Provision
from requests_app.law.words import Right
from requests_app.models import Case, Verdict


def provision_of(case: Case) -> Provision | None:
    """What lets it be deleted; None where not every law of the case says so."""
    return deletion_instead(case.packs(), on=case.received_on()) if case.right_asked == Right.CORRECT else None


def why_not(case: Case, verdict: str) -> str:
    """Why a verdict is not offered; empty for every other one."""
    if verdict != Verdict.DELETED or provision_of(case) is not None:
        return ""
    return _(
        "Not every law of this case lets a disputed value be deleted in place of its correction: correct it, or refuse"
        " on a ground. The person may ask for a deletion, too."
    )
