"""Whether a request may be closed as a duplicate of an older one: what of it would not go on with the older one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from requests_app import supporting
from requests_app.identifying import proved_identifiers
from requests_app.law.wording import spell_list
from requests_app.law.words import Right, Route
from requests_app.models import Case, CorrectionAsked, IdentifierKind, LookBack, Submission
from requests_app.models.case import CaseQuerySet
from requests_app.models.people import as_compared
from requests_app.ports import work
from requests_app.rights import ANSWERED_WITH_DATA


def older_twins(case: Case) -> CaseQuerySet:
    """Open cases of the same person for the same right that came earlier; only people who confirmed their mailbox."""
    submission = case.submission
    others = Submission.objects.same_person_as(submission)
    twins = Case.objects.open().filter(submission__in=others, right=case.right, about=case.about)
    on, at = submission.received_on, submission.received_at
    earlier = Q(submission__received_on__lt=on) | Q(submission__received_on=on, submission__received_at__lt=at)
    return twins.filter(earlier).select_related("submission").order_by("submission__received_at")


def offered(case: Case) -> list[Case]:
    """The older cases that this one can be closed into, for nothing of it would be lost."""
    return [twin for twin in older_twins(case) if not why_not_into(case, twin)]


def why_not_into(case: Case, twin: Case) -> str:
    """What only the newer of two requests has, so that it can't be closed as a duplicate; empty if nothing.

    What either is about is fixed once it is accepted, so that nothing of the newer can be handed on.
    """
    lost = [what for find in LOST if (what := find(case, twin))]
    if not lost:
        return ""
    return _(
        "Closed as a duplicate of %(older)s, this request would lose what it alone has: %(lost)s. Work on both, and"
        " decide on each by itself."
    ) % {"older": twin.submission.reference, "lost": spell_list(lost, "en")}


def _who_asks(case: Case, twin: Case) -> str:
    """Letters and data go to whoever asked: the older one's would go to somebody else."""
    asking, other = case.submission, twin.submission
    if not asking.for_another and not other.for_another:
        return ""
    same = (asking.requester, asking.email_digest) == (other.requester, other.email_digest)
    return "" if same else _("who asks, for one of the two came from somebody else on the person's behalf")


def _laws(case: Case, twin: Case) -> str:
    known = set(twin.laws.values_list("law", flat=True))
    more = ", ".join(str(pack.title) for pack in case.packs() if pack.slug not in known)
    return _("the laws under which it is answered (%(laws)s)") % {"laws": more} if more else ""


def _proof(case: Case, twin: Case) -> str:
    is_lost = case.route == Route.FULL and case.proved_by.exists() and not twin.proved_by.exists()
    return _("the proof of who asks") if is_lost else ""


def _identifiers(case: Case, twin: Case) -> str:
    """Sources are searched by what stood in the record of the proof; before that nobody knows what it will be.

    Where nothing is gathered only a restriction goes by them, and that goes on with the older case.
    """
    if case.route == Route.DECIDE_ONLY:
        return ""
    proved, known = proved_identifiers(case), proved_identifiers(twin)
    if proved:
        told, more = _("the records to which only what was proved for it leads (%(kinds)s)"), proved - known
    else:
        told, more = _("the records of what it alone names (%(kinds)s)"), _typed(case) - known - _typed(twin)
    kinds = [str(IdentifierKind(kind).label) for kind in sorted({kind for kind, _value in more})]
    return told % {"kinds": ", ".join(kinds)} if kinds else ""


def _typed(case: Case) -> set[tuple[str, str]]:
    submission = case.submission
    typed = ((IdentifierKind.EMAIL, submission.email), (IdentifierKind.ACCOUNT_NUMBER, submission.account_number))
    return {(kind.value, as_compared(kind, value)) for kind, value in typed if value}


def _corrections(case: Case, twin: Case) -> str:
    known = {_claim(asked) for asked in _asked(twin)}
    more = ", ".join(str(asked.number) for asked in _asked(case) if _claim(asked) not in known)
    return _("what the older one does not ask to have corrected (%(numbers)s)") % {"numbers": more} if more else ""


def _consent(case: Case, twin: Case) -> str:
    """To a deletion in place of a correction: the person's own, and given on the page of one request."""
    consented = {_claim(asked) for asked in _asked(twin) if asked.delete_instead_at}
    is_lost = any(asked.delete_instead_at and _claim(asked) not in consented for asked in _asked(case))
    return _("the consent that something is deleted in place of its correction") if is_lost else ""


def _asked(case: Case) -> Iterable[CorrectionAsked]:
    if case.right_asked != Right.CORRECT:
        return ()
    return case.corrections.select_related("case__submission")


def _claim(asked: CorrectionAsked) -> tuple[str, ...]:
    """Letter case counts, for it may be what is to be corrected."""
    return tuple(text.strip() for text in (asked.field, asked.words, asked.value_now, asked.value))


def _documents(case: Case, twin: Case) -> str:  # noqa: ARG001
    is_lost = supporting.of_case(case).standing().exists()
    return _("the documents that the person sent with it, which have to be considered") if is_lost else ""


def _how_far(case: Case, twin: Case) -> str:
    """How far back, and how much of it."""
    if case.right_asked not in ANSWERED_WITH_DATA:
        return ""
    if case.submission.look_back == LookBack.EVERYTHING != twin.submission.look_back:
        return _("that it asks for everything, and not for the last months alone")
    is_more = case.answered_as == case.right != twin.answered_as
    return _("the specific pieces, for the older one is answered with categories") if is_more else ""


def _receiver(case: Case, twin: Case) -> str:
    chosen = work().receiver_of(case) if case.right_answered == Right.PORTABILITY else ""
    is_lost = bool(chosen) and chosen != work().receiver_of(twin)
    return _("the organisation to which the person has the file sent") if is_lost else ""


LOST: tuple[Callable[[Case, Case], str], ...] = (
    _who_asks,
    _laws,
    _proof,
    _identifiers,
    _corrections,
    _consent,
    _documents,
    _how_far,
    _receiver,
)
