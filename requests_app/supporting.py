"""Documents that a person sends for a correction: when they are taken, and that they are considered (11 CCR 7023).

Whoever asks is never made to prove anything by them; what was sent is looked at before anybody decides on the matter.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable

from django.db.models import QuerySet
from django.utils.translation import ngettext

from requests_app.law.words import Ground, Right
from requests_app.models import Case, CorrectionAsked, CorrectionDecision, SupportingDocument
from requests_app.states import OPEN, State

WHILE = OPEN - {State.CARRYING_OUT}
MOST = 5  # documents of one correction
MOST_OF_CASE = 20
# The grounds that say something about the matter itself; the others leave it open who is right.
ON_THE_MERITS = frozenset({Ground.ACCURATE, Ground.DENIED_BEFORE})


def of_case(case: Case) -> QuerySet[SupportingDocument]:
    """All that was sent for a case, correction by correction."""
    known = SupportingDocument.objects.filter(asked__case=case)
    return known.select_related("asked__case__submission")


def are_taken(case: Case) -> bool:
    """Whether documents are taken now, by whichever way they come: for a correction, until it is carried out."""
    return case.right_asked == Right.CORRECT and case.state in WHILE


def may_be_sent(case: Case) -> bool:
    """Whether they are taken on the case page: from a mailbox that was confirmed."""
    return are_taken(case) and case.submission.confirmed_at is not None


def unseen(asked: CorrectionAsked) -> str:
    """Why nobody may decide on a correction yet, and what to do; empty once what was sent for it was looked at."""
    return _look_first(asked.documents.filter(seen_at=None).count())


def unseen_of_case(case: Case, ground: Ground | None) -> str:
    """Why a case may not be refused on this ground yet: it judges the matter, and something was looked at by nobody."""
    if case.right_asked != Right.CORRECT or ground not in ON_THE_MERITS:
        return ""
    return _look_first(of_case(case).filter(seen_at=None).count())


def came_later(decisions: Iterable[CorrectionDecision]) -> bool:
    """Whether a document was sent after the decision on its correction."""
    return any(one.asked.documents.filter(sent_at__gt=one.decided_at).exists() for one in decisions)


def brings_new(case: Case, earlier: Collection[uuid.UUID]) -> bool:
    """Whether documents were sent that were not there when the same was denied before (11 CCR 7023(g))."""
    known = SupportingDocument.objects.filter(asked__case__in=earlier).values("clear_sha256")
    return of_case(case).exclude(clear_sha256__in=known).exists()


def considered(number: int) -> str:
    """What a letter of refusal says of the documents that were looked at; empty where there were none."""
    if not number:
        return ""
    told = ngettext(
        "We looked at what you sent for it (%(number)s document), and considered it with all other circumstances.",
        "We looked at what you sent for it (%(number)s documents), and considered it with all other circumstances.",
        number,
    )
    return told % {"number": number}


def _look_first(number: int) -> str:
    if not number:
        return ""
    told = ngettext(
        "The person sent %(number)s document that nobody has looked at: it has to be considered. Look at it first, on"
        " the page Supporting documents.",
        "The person sent %(number)s documents that nobody has looked at: they have to be considered. Look at them"
        " first, on the page Supporting documents.",
        number,
    )
    return told % {"number": number}
