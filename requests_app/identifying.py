"""What the evidence of a request adds up to: who asks, whether they may, and to which degree it is certain."""

from __future__ import annotations

from dataclasses import dataclass

from requests_app.law import agents, identity
from requests_app.law.agents import Requester
from requests_app.law.words import Degree, EvidenceKind, Right
from requests_app.models import Case, Identifier, IdentifierKind, IdentifierStatus, Submission
from requests_app.models.people import as_compared
from requests_app.ports import systems

AGENTS = frozenset({Requester.AGENT, Requester.ATTORNEY})
FAMILY = frozenset({Requester.PARENT, Requester.GUARDIAN})  # who ask for a child
# What stands in the place of the declaration that the person signs who asks in person (11 CCR 7062(c), 7063).
INSTEAD_OF_DECLARATION = {
    Requester.SELF: EvidenceKind.DECLARATION,
    Requester.PARENT: EvidenceKind.DECLARATION,
    Requester.GUARDIAN: EvidenceKind.COURT_PAPER,
    Requester.EXECUTOR: EvidenceKind.COURT_PAPER,
    Requester.AGENT: EvidenceKind.POWER_OF_ATTORNEY,
    Requester.ATTORNEY: EvidenceKind.POWER_OF_ATTORNEY,
}


@dataclass(frozen=True)
class Proof:
    """What a submission's evidence adds up to.

    ``declaration``: signed, or what stands in its place. ``account``: a fresh sign-in to the person's account.
    ``mailbox_in_record``: a mailbox that the person answered from stands in the record that matched.
    """

    matched_points: int
    declaration: bool
    account: bool = False
    mailbox_in_record: bool = False


def proof_of(submission: Submission) -> Proof:
    """The most points that met in one record, and what else was shown; whether staff doubt it is a question of a case.

    An agent's word that an address is the person's proves nothing: what the person confirms from it stands in the place
    of the declaration only if it stands in the record that matched.
    """
    evidence = list(submission.evidence.all())
    kinds = {item.kind for item in evidence}
    requester = submission.asked_by
    answered = EvidenceKind.CONFIRMATION if submission.for_another else EvidenceKind.MAILBOX
    mailbox_in_record = answered in kinds and _record_holds_mailbox(submission)
    return Proof(
        matched_points=max((item.matched_points for item in evidence), default=0),
        declaration=INSTEAD_OF_DECLARATION[requester] in kinds or (requester in AGENTS and mailbox_in_record),
        account=submission.evidence.filter(kind=EvidenceKind.ACCOUNT, identifiers__isnull=False).exists(),
        mailbox_in_record=mailbox_in_record,
    )


def _record_holds_mailbox(submission: Submission) -> bool:
    best = submission.evidence.best_match(with_account=False)
    return best is not None and best.identifiers.filter(kind=IdentifierKind.EMAIL).exists()


def shown_for(submission: Submission) -> agents.Shown:
    """What who asks for another has shown, and what the person did; a fresh sign-in is the person's own proof."""
    kinds = set(submission.evidence.values_list("kind", flat=True))
    return agents.Shown(
        signed_permission=EvidenceKind.PERMISSION in kinds,
        power_of_attorney=EvidenceKind.POWER_OF_ATTORNEY in kinds,
        court_paper=EvidenceKind.COURT_PAPER in kinds,
        parenthood=submission.asked_by is Requester.PARENT and EvidenceKind.DECLARATION in kinds,
        parent_shown=EvidenceKind.PARENT_SHOWN in kinds,
        identity=EvidenceKind.ACCOUNT in kinds,
        confirmation=EvidenceKind.CONFIRMATION in kinds,
    )


def authority(case: Case, right: Right | None = None) -> agents.ProofFor:
    """Whether who asks may ask for the person, what may be asked of them, and what is missing."""
    submission = case.submission
    return agents.proof_for(
        case.packs(), right or case.right_answered, case.received_on(), submission.asked_by, shown_for(submission)
    )


def is_doubted(case: Case) -> bool:
    """Whether staff doubt that it is the person who asks."""
    return case.identity_doubts.exists()


def requirement(case: Case, right: Right | None = None) -> identity.Requirement:
    """The degree that this case's right, for this data, needs; ``right`` asks for another right's."""
    asked = right or case.right_answered
    return identity.required(
        case.packs(),
        asked,
        on=case.received_on(),
        data_degree=systems().data_degree(asked),
        doubted=is_doubted(case),
    )


def degree_reached(case: Case, right: Right | None = None) -> Degree:
    """The degree that the evidence reaches; none before the mailbox is confirmed, and before it is shown that who asks
    for another may. While staff doubt it, a sign-in and a mailbox count for nothing (11 CCR 7061(b); GDPR Art. 12(6)).
    """
    if case.submission.confirmed_at is None or not authority(case, right).is_enough:
        return Degree.NONE
    proof, doubted = proof_of(case.submission), is_doubted(case)
    return identity.reached(
        case.packs(),
        right or case.right_answered,
        on=case.received_on(),
        matched_points=proof.matched_points,
        declaration=proof.declaration,
        account_reauthenticated=proof.account and not doubted,
        mailbox_in_record=proof.mailbox_in_record,
        doubted=doubted,
    )


def what_is_missing(case: Case, language: str) -> str:
    """What is missing, in words for the staff; empty when nothing is but perhaps the mailbox's confirmation."""
    proof = proof_of(case.submission)
    codes = identity.missing(
        requirement(case),
        matched_points=proof.matched_points,
        declaration=proof.declaration,
        account_reauthenticated=proof.account and not is_doubted(case),
        mailbox_in_record=proof.mailbox_in_record,
    )
    if case.submission.asked_by in AGENTS:
        codes = tuple(identity.RECORD_MAILBOX if code == identity.DECLARATION else code for code in codes)
    elif case.submission.for_another:  # their own paper or declaration is asked for anyway
        codes = tuple(code for code in codes if code != identity.DECLARATION)
    parts = (authority(case).sentence(language), identity.sentence(codes, language))
    return " ".join(part for part in parts if part)


def proved_identifiers(case: Case) -> set[tuple[str, str]]:
    """What finds the person's records in the sources, by kind and as it is compared: it stood in the record of the
    proof on which the case was accepted. None before that.
    """
    found = Identifier.objects.filter(evidence__cases=case).exclude(status=IdentifierStatus.REMOVED)
    return {(one.kind, as_compared(one.kind, one.value)) for one in found.select_related("subject").distinct()}
