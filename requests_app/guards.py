"""Why a move is shut, and what opens it. Guards come in pairs: ``check_…`` raises a sentence, ``can_…`` answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dsar.ledger import chains
from requests_app.events import EventKind
from requests_app.law import exemptions, extension, identity, limits
from requests_app.law.words import Degree, DutyKind, EvidenceKind, Right
from requests_app.models import Case, LimitChoice, Submission
from requests_app.ports import systems, work
from requests_app.roles import Actor

# Rights whose answer hands data over.
ANSWERED_WITH_DATA = frozenset({Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY})
# Rights whose carrying out changes data, and can't be taken back.
HARMFUL = frozenset({Right.DELETE, Right.CORRECT})

PREPARING = (
    EventKind.START_GATHERING,
    EventKind.GATHER_AGAIN,
    EventKind.WITHHOLD,
    EventKind.WAIVE_SOURCE,
    EventKind.DECIDE_LIMIT,
)


@dataclass(frozen=True)
class Proof:
    """What a submission's evidence adds up to."""

    matched_points: int
    declaration: bool


class MoveShut(Exception):
    """A move that may not be made now: says why, what opens it, and the citation where a law says so."""

    def __init__(self, sentence: str, citation: str = "") -> None:
        self.sentence = sentence
        self.citation = citation
        super().__init__(f"{sentence} ({citation})" if citation else sentence)


def limit_count(case: Case) -> limits.LimitCount | None:
    """How often information was provided to this person in the window up to this case's receipt; None without a limit.

    Civ. Code 1798.130(b): rolling, by receipt date, submissions with information provided, confirmed links only.
    """
    submission = case.submission
    others = Submission.objects.same_person_as(submission)
    history = [
        limits.Provided(str(other.pk), other.received_on, other.provided_at is not None)
        for other in others.only("pk", "received_on", "provided_at")
    ]
    return limits.count(submission.received_on, history, packs=case.packs(), right=case.right_asked)


def check_limit(case: Case) -> None:
    """Refuse to go on while the limit is reached and no person has decided (G8)."""
    count = limit_count(case)
    decision = getattr(case, "limit_decision", None)
    if count and count.reached and (decision is None or decision.choice != LimitChoice.ANSWER_ANYWAY):
        raise MoveShut(
            _(
                "Information was already provided %(counted)s times in the twelve months up to %(day)s. Decide on the"
                " limit first: answer anyway, or refuse with the ground ca_130b_twice."
            )
            % {"counted": count.counted, "day": count.window_end},
            count.citation,
        )


def check_decide_limit(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """The limit is decided only where a law knows one and it is reached."""
    count = limit_count(case)
    if count is None:
        raise MoveShut(_("Not every law of this case limits how often this right may be used."))
    if not count.reached:
        raise MoveShut(
            _("The limit is not reached: information was provided %(counted)s of %(allowed)s times.")
            % {"counted": count.counted, "allowed": count.allowed},
            count.citation,
        )
    if hasattr(case, "limit_decision"):
        raise MoveShut(_("The limit was decided already."))


def proof_of(submission: Submission) -> Proof:
    """What the evidence of a submission adds up to: the most points that met in one record, and a declaration."""
    evidence = list(submission.evidence.all())
    return Proof(
        matched_points=max((item.matched_points for item in evidence), default=0),
        declaration=any(item.kind == EvidenceKind.DECLARATION for item in evidence),
    )


def requirement(case: Case, right: Right | None = None) -> identity.Requirement:
    """The degree that this case's right, for this data, needs; ``right`` asks for another right's."""
    asked = right or case.right_answered
    return identity.required(case.packs(), asked, on=case.received_on(), data_degree=systems().data_degree(asked))


def degree_reached(case: Case, right: Right | None = None) -> Degree:
    """The degree that the evidence reaches; none as long as the mailbox is not confirmed."""
    if case.submission.confirmed_at is None:
        return Degree.NONE
    proof = proof_of(case.submission)
    return identity.reached(
        case.packs(),
        right or case.right_answered,
        on=case.received_on(),
        matched_points=proof.matched_points,
        declaration=proof.declaration,
    )


def check_accept_proof(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """The evidence must reach the degree (G5, G6)."""
    needed = requirement(case)
    if degree_reached(case) < needed.degree:
        proof = proof_of(case.submission)
        codes = identity.missing(needed, matched_points=proof.matched_points, declaration=proof.declaration)
        raise MoveShut(
            identity.sentence(codes, get_language() or "en") or _("The mailbox is not confirmed yet."),
            "; ".join(needed.citations),
        )


def check_fall_back(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Categories need a degree of their own (11 CCR 7024(a))."""
    needed = requirement(case, Right.KNOW_CATEGORIES)
    if degree_reached(case, Right.KNOW_CATEGORIES) < needed.degree:
        raise MoveShut(_("The evidence does not reach the degree for categories either."), "; ".join(needed.citations))


def check_start_gathering(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Gathering needs an accepted identity, which the state proves, a known person, and a decided limit."""
    if case.submission.subject_id is None:
        raise MoveShut(_("The person's record is still being looked for. Try again in a moment."))
    check_limit(case)


def check_findings_ready(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Every source is done, or waived by a person."""
    waiting = work().open_sources(case)
    if waiting:
        raise MoveShut(_("Still to be searched or waived: %(sources)s.") % {"sources": ", ".join(waiting)})


def needs_second_person(case: Case) -> bool:
    """The four-eyes policy: always where data is changed, and where something is withheld from an answer."""
    return case.right_asked in HARMFUL or work().withheld(case) > 0


def check_approve(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """The decision needs a decided limit, and a second person where the four-eyes policy says so."""
    check_limit(case)
    if needs_second_person(case) and actor.slug in _who_worked_on(case):
        raise MoveShut(
            _(
                "Four eyes: this case changes data or withholds something, and you worked on it yourself."
                " Another analyst or an approver has to approve it."
            )
        )


def check_extend(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """One extension, while the first period runs, where the law has one (G7)."""
    duty = case.duties.filter(kind=DutyKind.ANSWER).first()
    if duty is None:
        raise MoveShut(_("No law of this case has a period that may be extended."))
    try:
        extension.may_extend(
            duty.pack_version.as_pack(),
            case.right_asked,
            received_on=case.received_on(),
            on=on,
            already_extended=duty.extended_on is not None,
        )
    except extension.ExtensionNotAllowed as shut:
        raise MoveShut(shut.sentence, shut.citation) from None


def check_refusal_code(case: Case, code: str) -> exemptions.Exemption:
    """The ground must fit the right, the law and the date (G10); MoveShut says why it doesn't."""
    try:
        return exemptions.usable(case.packs(), code, case.right_asked, on=case.received_on())
    except exemptions.ExemptionDoesNotFit as misfit:
        raise MoveShut(misfit.sentence, misfit.citation) from None


def check_withhold(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only an answer that hands over data can hold some of it back."""
    if case.right_answered not in ANSWERED_WITH_DATA:
        raise MoveShut(_("Only an answer that hands over data can withhold some of it."))


def _who_worked_on(case: Case) -> set[str]:
    """The staff who prepared this decision: who gathered, withheld or decided on the limit."""
    prepared = chains.history(case.chain).filter(kind__in=PREPARING, actor__startswith="staff:")
    return set(prepared.values_list("actor", flat=True))
