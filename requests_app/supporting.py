"""Documents that a person sends for a correction: when they are taken, and that they are considered (11 CCR 7023).

Whoever asks is never made to prove anything by them; what was sent is looked at before anybody decides on the matter.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from requests_app.law.words import Ground, Right
from requests_app.models import Case, CorrectionAsked, CorrectionDecision, SupportingDocument
from requests_app.models.supporting import SupportingQuerySet
from requests_app.states import OPEN, State

WHILE = OPEN - {State.CARRYING_OUT}
MOST = 5  # documents of one correction
MOST_OF_CASE = 20
# The grounds that say something about the matter itself; the others leave it open who is right.
ON_THE_MERITS = frozenset({Ground.ACCURATE, Ground.DENIED_BEFORE})


def of_case(case: Case) -> SupportingQuerySet:
    """All that was sent for a case, correction by correction, with what was taken back."""
    known = SupportingDocument.objects.filter(asked__case=case)
    return known.select_related("asked__case__submission")


def are_taken(case: Case) -> bool:
    """Whether documents are taken now, by whichever way they come: for a correction, until it is carried out."""
    return case.right_asked == Right.CORRECT and case.state in WHILE


def may_be_sent(case: Case) -> bool:
    """Whether they are taken on the case page: from a mailbox that was confirmed."""
    return are_taken(case) and case.submission.confirmed_at is not None


def may_be_taken_back(document: SupportingDocument) -> bool:
    """Whether it can be taken back on the case page: until it was decided on."""
    is_decided_on = document.asked.decisions.filter(decided_at__gte=document.sent_at).exists()
    return document.taken_back_at is None and may_be_sent(document.asked.case) and not is_decided_on


def unseen(asked: CorrectionAsked) -> str:
    """Why nobody may decide on a correction yet, and what to do; empty once each page sent for it was looked at."""
    return _look_first(asked.documents.select_related("asked"))


def unseen_of_case(case: Case, ground: Ground | None) -> str:
    """Why a case may not be refused on this ground yet: it judges the matter, and a page was looked at by nobody."""
    if case.right_asked != Right.CORRECT or ground not in ON_THE_MERITS:
        return ""
    return _look_first(of_case(case))


def numbered(documents: Iterable[SupportingDocument]) -> Iterator[tuple[int, SupportingDocument]]:
    """Each document with its number among those on the same correction, as they came; all of a correction are given."""
    counts: Counter[uuid.UUID] = Counter()
    for document in documents:
        counts[document.asked_id] += 1
        yield counts[document.asked_id], document


def came_later(decisions: Iterable[CorrectionDecision]) -> bool:
    """Whether a document was sent after the decision on its correction."""
    return any(one.asked.documents.standing().filter(sent_at__gt=one.decided_at).exists() for one in decisions)


def brings_new(case: Case, earlier: Collection[uuid.UUID]) -> bool:
    """Whether documents were sent that were not there when the same was denied before (11 CCR 7023(g))."""
    known = SupportingDocument.objects.standing().filter(asked__case__in=earlier).values("clear_sha256")
    return of_case(case).standing().exclude(clear_sha256__in=known).exists()


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


def _look_first(documents: Iterable[SupportingDocument]) -> str:
    """Documents are told by their numbers: what a file is called is for nobody who only hears that a move is shut."""
    left = [_left_of(number, document) for number, document in numbered(documents) if document.is_to_look_at]
    if not left:
        return ""
    told = _(
        "Somebody has to look at every page that the person sent, for it has to be considered. Not looked at: %(left)s."
        " Open the pages first, under Supporting documents."
    )
    return told % {"left": "; ".join(left)}


def _left_of(number: int, document: SupportingDocument) -> str:
    left = len(document.pages_left)
    told = ngettext(
        "%(left)s of %(pages)s page of document %(number)s on correction %(correction)s",
        "%(left)s of %(pages)s pages of document %(number)s on correction %(correction)s",
        document.pages,
    )
    return told % {"left": left, "pages": document.pages, "number": number, "correction": document.asked.number}
