"""What a person was answered before: the count that a law's limit, or its free answers, rest on."""

from __future__ import annotations

from datetime import datetime

from requests_app.law import limits
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.rights import ANSWERED_WITH_DATA
from requests_app.states import Outcome


def limit_count(case: Case) -> limits.LimitCount | None:
    """How often information was provided to this person in the window up to this case's receipt; None without a limit.

    Civ. Code 1798.130(b): rolling, by receipt date, submissions with information provided, confirmed links only.
    """
    if case.is_for_checking:
        return None
    history = answered_before(case.submission)
    return limits.count(case.received_on(), history, packs=case.packs(), right=case.right_asked)


def free_answers(case: Case) -> tuple[limits.LimitCount, ...]:
    """How many free answers this person had under each law that counts them; beyond, a reasonable fee may be asked."""
    if case.is_for_checking:
        return ()
    history = answered_before(case.submission)
    return limits.free_answers(case.received_on(), history, packs=case.packs(), right=case.right_asked)


def answered_before(submission: Submission, *, by: datetime | None = None) -> list[limits.Provided]:
    """The other submissions of the same person, each with the rights of which it was answered; ``by`` that moment."""
    others = Submission.objects.same_person_as(submission).prefetch_related("cases__about")
    if by is not None:
        others = others.filter(confirmed_at__lte=by)
    return [limits.Provided(str(other.pk), other.received_on, _rights_answered(other, by)) for other in others]


def _rights_answered(submission: Submission, by: datetime | None) -> frozenset[Right]:
    """Information counts once it was provided, anything else once the case closed as done in full or in part.

    What was shown within a correction, to be checked, never counts (11 CCR 7023(j)).
    """
    rights = set()
    for case in submission.cases.all():
        if case.is_for_checking:
            continue
        handed_over = case.right_answered in ANSWERED_WITH_DATA
        done_at = submission.provided_at if handed_over else case.closed_at
        done = done_at is not None and (by is None or done_at <= by)
        if done and (handed_over or case.outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)):
            rights.add(case.right_answered)
    return frozenset(rights)
