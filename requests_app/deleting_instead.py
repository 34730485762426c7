"""Whether what a person asks to have corrected may be deleted instead, and whether the person may consent to it here.

11 CCR 7023(e). The consent is the person's own: who asks for another tells it to the desk, with what shows it.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from requests_app.guards import MoveShut
from requests_app.law.instead import deletion_instead
from requests_app.law.values import Provision
from requests_app.law.words import Right
from requests_app.models import Case, CorrectionAsked, CorrectionDecision, DeletionCondition, Verdict
from requests_app.states import OPEN, State

WHILE = OPEN - {State.CARRYING_OUT}


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


def check_consent(case: Case) -> Provision:
    """What lets the person consent, or take the consent back, now: until it is carried out; raises MoveShut."""
    provision = provision_of(case)
    if provision is None or case.submission.for_another or case.state not in WHILE:
        raise MoveShut(_("This can't be said here, or not any more. Please write to us."))
    return provision


def may_consent(case: Case) -> bool:
    """Whether the person may say it now."""
    try:
        check_consent(case)
    except MoveShut:
        return False
    return True


def rests_on_page(asked: CorrectionAsked, condition: str) -> bool:
    """Whether the condition is shown by what the person said on the case page, so that staff need not write it."""
    return condition == DeletionCondition.CONSENT and asked.delete_instead_at is not None


def is_taken_back(decision: CorrectionDecision) -> bool:
    """Whether a decision rests on a consent of the case page that the person has taken back since.

    Whatever staff wrote beside it: the person's last word counts.
    """
    return decision.consented_at is not None and decision.asked.delete_instead_at is None
