"""Who asks for whom: which papers are shown, when an identity may be doubted, and which records are linked."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.ledger import chains
from requests_app.events import EventKind
from requests_app.guards import MoveShut, check_nothing_is_done
from requests_app.identifying import FAMILY, authority, is_doubted, proof_of, requirement
from requests_app.law.agents import Requester
from requests_app.law.words import EvidenceKind, Right
from requests_app.models import Case, CodePurpose, PersonLink, Submission
from requests_app.roles import Actor

ON_PAPER = "on_paper"
PERSON_RECEIVES, REQUESTER_RECEIVES = "person", "requester"
PAPERS = {
    EvidenceKind.PERMISSION: gettext_lazy("a permission that the person signed"),
    EvidenceKind.POWER_OF_ATTORNEY: gettext_lazy("a power of attorney (Probate Code 4121-4130, or its like)"),
    EvidenceKind.COURT_PAPER: gettext_lazy("the paper that makes the requester guardian or executor"),
    EvidenceKind.PARENT_SHOWN: gettext_lazy(
        "what shows the parent of this child (11 CCR 7070(a)): a form signed under penalty of perjury, a payment by"
        " card, a call, a video conference, a visit, or an ID that was checked"
    ),
}
# One of these ends all questions.
ENOUGH = frozenset({EvidenceKind.POWER_OF_ATTORNEY, EvidenceKind.COURT_PAPER, EvidenceKind.PARENT_SHOWN})


def papers_for(case: Case) -> tuple[EvidenceKind, ...]:
    """The papers that can prove that whoever asks may ask for the person, in the order in which they are offered."""
    match case.submission.asked_by:
        case Requester.AGENT:
            return EvidenceKind.PERMISSION, EvidenceKind.POWER_OF_ATTORNEY
        case Requester.ATTORNEY:
            return EvidenceKind.POWER_OF_ATTORNEY, EvidenceKind.PERMISSION
        case Requester.GUARDIAN | Requester.EXECUTOR:
            return (EvidenceKind.COURT_PAPER,)
        case Requester.PARENT if case.right_asked == Right.OPT_IN:
            return (EvidenceKind.PARENT_SHOWN,)
        case _:
            return ()


def check_accept_permission(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only who asks for somebody else shows a paper, a parent only to opt a child in; one that is enough ends it."""
    if not papers_for(case):
        raise MoveShut(_("Nobody has to show a paper here: the person asks, or a parent who signs a declaration."))
    kinds = set(case.submission.evidence.values_list("kind", flat=True))
    if not ENOUGH.isdisjoint(kinds):
        raise MoveShut(_("A paper that is enough was accepted already."), "; ".join(authority(case).citations))


def is_signed(submission: Submission) -> bool:
    """Whether a parent or guardian has signed the second step of an opt-in; staff may still have to accept who asks."""
    signed = submission.codes.filter(purpose=CodePurpose.OPT_IN, used_at__isnull=False)
    return submission.asked_by in FAMILY and signed.exists()


def is_by_child(case: Case) -> bool:
    """Whether a child below 13 confirmed a choice that only a parent or guardian may make (11 CCR 7070)."""
    return chains.history(case.chain).filter(kind=EventKind.OPT_IN_BY_CHILD).exists()


def check_refuse_opt_in(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only what somebody signed as parent or guardian, and before what shows it was accepted (11 CCR 7070(a)).

    And what a child below 13 confirmed: it was not taken, and nothing else ends it.
    """
    if is_by_child(case):
        return
    if case.submission.asked_by not in FAMILY:
        raise MoveShut(
            _("Who opts in, in person or by an agent, confirms it from the own mailbox: nothing is refused.")
        )
    if not is_signed(case.submission):
        raise MoveShut(
            _("Nobody has signed this choice yet: until then nothing changes, and nothing has to be refused.")
        )
    if authority(case).is_enough:
        raise MoveShut(_("What shows the parent or guardian was accepted: the choice holds as it was signed."))


def check_identity_shown(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Who has a mailbox proves everything through it; for others staff note what was shown to them."""
    if case.submission.has_mailbox:
        raise MoveShut(_("This person has a mailbox: proof is given on the case page, with the code that was mailed."))


def check_doubt_identity(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """A doubt changes something only where a mailbox or a sign-in alone would be enough (11 CCR 7061; Art. 12(6)).

    Once a part is done it comes too late: nothing but a refusal could end what is then not proved.
    """
    check_nothing_is_done(case)
    if is_doubted(case):
        raise MoveShut(_("The identity is doubted already: the person is asked for more proof."))
    proof, needed = proof_of(case.submission), requirement(case)
    if not (proof.account or needed.mailbox_suffices):
        raise MoveShut(
            _("The law asks for proof here in any case, and nothing rests on a mailbox or a sign-in alone."),
            "; ".join(needed.citations),
        )


def check_unlink_people(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only what was linked can be unlinked."""
    subject = case.submission.subject
    linked = subject is not None and (subject.root_id is not None or subject.linked.exists())
    if not linked:
        raise MoveShut(_("The record of this person is linked with no other one."))


def links_in_force(case: Case) -> QuerySet[PersonLink]:
    """The links that join the record of this case's person with others."""
    subject = case.submission.subject
    if subject is None:
        return PersonLink.objects.none()
    group = Q(one=subject.root_or_self) | Q(one__root=subject.root_or_self)
    return PersonLink.objects.filter(group, unlinked_at=None).select_related("case__submission")


def links(case: Case) -> list[tuple[str, str]]:
    """Each link by the request from which it was made, and the requests that it joined."""
    return [(str(link.pk), _link_in_words(link)) for link in links_in_force(case).order_by("decided_at")]


def _link_in_words(link: PersonLink) -> str:
    joined = Submission.objects.filter(subject__in=(link.one_id, link.other_id)).order_by("reference")
    return f"{localdate(link.decided_at)}: {', '.join(joined.values_list('reference', flat=True))}"


def papers(case: Case) -> list[tuple[str, str]]:
    """The papers that can prove that this requester may ask."""
    return [(kind.value, str(PAPERS[kind])) for kind in papers_for(case)]


def seen(case: Case) -> list[tuple[str, str]]:
    """How staff came to see the paper: one of the files that were sent, or on paper."""
    files = case.submission.permission_files.all()
    moments = ((file.pk, f"{localtime(file.sent_at):%Y-%m-%d %H:%M}") for file in files)
    sent = [(str(pk), _("the file sent on %(day)s") % {"day": moment}) for pk, moment in moments]
    return [*sent, (ON_PAPER, _("seen on paper: say so in the note"))]


def receivers(_case: Case) -> list[tuple[str, str]]:
    return [
        (PERSON_RECEIVES, _("the person, in their own mailbox")),
        (REQUESTER_RECEIVES, _("who asks for the person")),
    ]
