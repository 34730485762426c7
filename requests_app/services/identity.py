"""Who asks: the mailbox confirmed, data points probed, a declaration signed, and what that adds up to."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from dsar.vault import digests
from requests_app import identifying
from requests_app.events import EventKind
from requests_app.law import identity as law_identity
from requests_app.law.agents import Requester
from requests_app.law.wording import spell_date
from requests_app.law.words import EvidenceKind, Right
from requests_app.models import (
    Case,
    CodePurpose,
    CorrectionAsked,
    Evidence,
    IdentifierKind,
    IdentityDoubt,
    Organisation,
    ProbeTry,
    ProofOffered,
    Submission,
)
from requests_app.moves import performs
from requests_app.ports import Matched, systems
from requests_app.roles import PERSON, REQUESTER, SYSTEM, Actor
from requests_app.services import codes, duties, people, restricting, standing
from requests_app.services.history import change_state, locked_cases, record
from requests_app.states import State

DECLARATION = {
    "en": (
        "I declare under penalty of perjury under the laws of the State of California that I am the person whose"
        " personal information is the subject of this request. Signed electronically: {name}"
    ),
    "es": (
        "Declaro bajo pena de perjurio conforme a las leyes del Estado de California que soy la persona a cuyos datos"
        " personales se refiere esta solicitud. Firmado electrónicamente: {name}"
    ),
}
OF_PARENT = {
    "en": (
        "I declare under penalty of perjury under the laws of the State of California that I am a parent of the child,"
        " born on {born_on}, whose personal information is the subject of this request. Signed electronically: {name}"
    ),
    "es": (
        "Declaro bajo pena de perjurio conforme a las leyes del Estado de California que soy madre o padre del menor,"
        " nacido el {born_on}, a cuyos datos personales se refiere esta solicitud. Firmado electrónicamente: {name}"
    ),
}
OF_GUARDIAN = {
    "en": (
        "I declare under penalty of perjury under the laws of the State of California that I am the guardian of the"
        " person whose personal information is the subject of this request. Signed electronically: {name}"
    ),
    "es": (
        "Declaro bajo pena de perjurio conforme a las leyes del Estado de California que ejerzo la tutela de la persona"
        " a cuyos datos personales se refiere esta solicitud. Firmado electrónicamente: {name}"
    ),
}
LONGER_WORD = re.compile(r"\w{4,}")  # of a title: what tells it from others
TRIES_A_DAY = 5
POINT_LENGTH = 200


class ProofRefused(Exception):
    """Data points that can't be taken; the sentence says what to do."""


def confirm_mailbox(submission: Submission, code: str, *, at: datetime) -> bool:
    """Take a code from the receipt as proof of control of the mailbox; False if it opens nothing."""
    with transaction.atomic():
        confirms = codes.use(submission, CodePurpose.CONFIRM, code, at=at)
        if confirms:
            note_mailbox(submission, at=at)
    return confirms


def note_mailbox(submission: Submission, *, at: datetime) -> None:
    """Write down that the mailbox is the person's; a second time changes nothing."""
    with transaction.atomic():
        if not Submission.objects.filter(pk=submission.pk, confirmed_at__isnull=True).update(confirmed_at=at):
            return
        submission.confirmed_at = at
        Evidence.objects.create(
            id=uuid.uuid4(), submission=submission, kind=EvidenceKind.MAILBOX, proved_at=at, actor=_who(submission).slug
        )
        one_at_a_time(submission)
        cases = list(locked_cases(submission))
        for case in cases:
            record(case, EventKind.MAILBOX_CONFIRMED, by=_who(submission), at=at)
        restricting.tell_systems(cases)
        enqueue("find_person", {"submission": str(submission.pk)}, key=f"find_person:{submission.pk}:confirmed")
        settle(submission, at=at)
        compare_what_came(submission, at=at)


def offer_proof(submission: Submission, *, points: Mapping[str, str], declared_name: str, at: datetime) -> ProofOffered:
    """Take data points to probe, and a declaration signed by typing the name; the probe itself is a job.

    The mailbox counts as a point of its own. Only who controls it is asked anything: before, there is no person's
    record that could keep what finds the data. Raises ProofRefused with a sentence.
    """
    if submission.confirmed_at is None:
        raise ProofRefused(_("Please confirm your mailbox first, with the code that we mailed to you."))
    typed = {kind: value.strip() for kind, value in points.items() if value.strip()}
    declared_name = declared_name.strip()
    _check_points(submission, typed, declared_name)
    with transaction.atomic():
        one_at_a_time(submission)
        unproved = _unproved(submission)
        if not unproved:
            raise ProofRefused(_("Nothing has to be proved any more. Thank you."))
        count_tries(submission, typed, at=at)
        if declared_name:
            declare(submission, declared_name, at=at)
        offered = ProofOffered(id=uuid.uuid4(), submission=submission, offered_at=at)
        offered.digests = {kind: digests.digest("proof", told(submission, value)) for kind, value in typed.items()}
        offered.points = json.dumps(typed)
        offered.save()
        for case in unproved:
            record(
                case,
                EventKind.PROOF_OFFERED,
                by=_who(submission),
                at=at,
                points=len(typed),
                declared=bool(declared_name),
            )
        enqueue("probe", {"proof": str(offered.pk)}, key=f"probe:{offered.pk}")
    return offered


def compare_what_came(submission: Submission, *, at: datetime) -> None:
    """Probe what came with the request, where that alone can be enough: no more is asked than needed (11 CCR 7060).

    Whose law lets identity be asked for only on doubt is asked for nothing if the mailbox stands in the record. It is
    a try like any other; where none is left today, the person is asked.
    """
    given = set(with_submitted(submission, {})) & set(systems().question_titles(submission.language))
    needed = [identifying.requirement(case) for case in _unproved(submission)]
    if not any(_may_be_enough(need, len(given), submission) for need in needed):
        return
    try:
        with transaction.atomic():
            count_tries(submission, {}, at=at)
    except ProofRefused:
        return
    offered = ProofOffered(id=uuid.uuid4(), submission=submission, offered_at=at, by_itself=True)
    offered.points = json.dumps({})
    offered.save()
    enqueue("probe", {"proof": str(offered.pk)}, key=f"probe:{offered.pk}")


def _may_be_enough(need: law_identity.Requirement, given: int, submission: Submission) -> bool:
    """Whether points that came with the request can reach what is needed; who asks for another signs no declaration."""
    if need.mailbox_suffices:
        return True
    return need.data_points <= given and (submission.for_another or not need.declaration)


def points_to_probe(offered: ProofOffered) -> dict[str, str]:
    """The typed points, and those that came with the submission, by kind."""
    return with_submitted(offered.submission, json.loads(offered.points))


def with_submitted(submission: Submission, typed: Mapping[str, str]) -> dict[str, str]:
    """Typed data points with those that came with the submission, which nobody is asked for again."""
    submitted = {"email": submission.email, "account_number": submission.account_number}
    points = {**typed, **{kind: value for kind, value in submitted.items() if value}}
    corrections = _corrections_of(submission)
    contested = _contested_kinds(submission, corrections)
    contested |= _may_not_prove(corrections, lambda asked: _told_in_words(asked, points))
    return {kind: value for kind, value in points.items() if kind not in contested}


def contested_kinds(submission: Submission) -> frozenset[str]:
    """Kinds of data points with which identity may not be proved, for their accuracy is in dispute (11 CCR 7060).

    Where somebody's own words tell what is wrong, each kind is in dispute whose title has a longer word in common.
    """
    return _contested_kinds(submission, _corrections_of(submission))


def _corrections_of(submission: Submission) -> list[Case]:
    """The cases in which an accuracy is in dispute, with what is asked there."""
    return list(submission.cases.filter(right=Right.CORRECT).prefetch_related("corrections"))


def _contested_kinds(submission: Submission, corrections: Sequence[Case]) -> frozenset[str]:
    if not corrections:  # as mostly: what the systems hold need not be asked for
        return frozenset()
    fields = systems().correctable_fields(submission.language)
    titles = [pair for language in {submission.language, "en"} for pair in systems().question_titles(language).items()]
    titles += [(field.kind, field.title) for field in fields if field.kind]

    def in_dispute(asked: Sequence[CorrectionAsked]) -> set[str]:
        slugs, said = {one.field for one in asked}, " ".join(one.words for one in asked if not one.field).casefold()
        named = {kind for kind, title in titles if _have_a_word_in_common(title.casefold(), said)}
        return named | {field.kind for field in fields if field.slug in slugs and field.kind}

    return _may_not_prove(corrections, in_dispute)


def _may_not_prove(
    corrections: Sequence[Case], in_dispute: Callable[[Sequence[CorrectionAsked]], set[str]]
) -> frozenset[str]:
    contested: frozenset[str] = frozenset()
    for case in corrections:
        kinds, on = in_dispute(list(case.corrections.all())), case.received_on()
        contested |= law_identity.may_not_prove(case.packs(), Right.CORRECT, on=on, contested=kinds)
    return contested


def _have_a_word_in_common(one: str, other: str) -> bool:
    """Or a part of one, as in telephone and phone; too many kinds in dispute ask for more proof, and take none away."""
    parts = ((word, other) for word in LONGER_WORD.findall(one)), ((word, one) for word in LONGER_WORD.findall(other))
    return any(word in text for pairs in parts for word, text in pairs)


def _told_in_words(asked: Sequence[CorrectionAsked], points: Mapping[str, str]) -> set[str]:
    """The kinds of points that are themselves the wrong or the right value of a correction in somebody's own words."""
    told = {_bare(text) for one in asked if not one.field for text in (one.value_now, one.value)} - {""}
    return {kind for kind, value in points.items() if _bare(value) in told}


def _bare(text: str) -> str:
    """Letters and digits alone: however a number is grouped."""
    return "".join(filter(str.isalnum, text.casefold()))


def record_probe(offered: ProofOffered, points: Mapping[str, str], matched: Matched, *, at: datetime) -> None:
    """Write the result down, erase what was typed (11 CCR 7060), and see whether the degree is reached.

    The identifiers among the points that met stand in that record: they are confirmed, and find the data. A point that
    did not match makes no identifier.
    """
    if offered.probed_at is not None:
        return
    submission = offered.submission
    _erase(offered, len(matched.kinds), at=at)
    if matched.kinds:
        evidence = Evidence(
            id=uuid.uuid4(),
            submission=submission,
            kind=EvidenceKind.DATA_POINTS,
            proved_at=at,
            actor=SYSTEM.slug,
            offered=offered,
        )
        evidence.matched_kinds = matched.kinds
        evidence.save()
        found_by = {kind: value for kind, value in points.items() if kind in matched.finding}
        people.confirm_identifiers(evidence, found_by, at=at)
    for case in _unproved(submission):
        record(case, EventKind.PROBED, by=SYSTEM, at=at, matched_points=len(matched.kinds))
    settle(submission, at=at)


def probe_failed(offered: ProofOffered, *, error: str, at: datetime) -> None:
    """A source stayed down: erase what was typed all the same; the person may offer it again.

    ``error`` is a class, never a text. In the job's transaction.
    """
    _erase(offered, None, at=at)
    for case in _unproved(offered.submission):
        record(case, EventKind.PROBE_FAILED, by=SYSTEM, at=at, error=error)


def settle(submission: Submission, *, at: datetime) -> None:
    """Accept the identity for every case whose degree the evidence now reaches."""
    for case in _unproved(submission):
        settle_case(case, at=at)


def settle_case(case: Case, *, at: datetime) -> None:
    """The same for one case that the caller has locked; whoever holds one may not go on to lock its siblings."""
    if case.state == State.VERIFYING and identifying.degree_reached(case) >= identifying.requirement(case).degree:
        _accept(case, by=SYSTEM, at=at)


@performs("accept_proof")
def accept_proof(case: Case, *, actor: Actor, at: datetime) -> None:
    """An analyst accepts what the degree engine found enough."""
    _accept(case, by=actor, at=at)


@performs("doubt_identity")
def doubt_identity(case: Case, *, actor: Actor, at: datetime, reason: str) -> None:
    """Staff doubt that it is the person: what rested on a mailbox or a sign-in alone has to be proved by more.

    Suspected fraud calls for further verification (11 CCR 7061(b)), reasonable doubts permit it (GDPR Art. 12(6)).
    """
    doubt = IdentityDoubt(id=uuid.uuid4(), case=case, decided_by=actor.slug, decided_at=at)
    doubt.reason = reason
    doubt.save()
    change_state(case, EventKind.DOUBT_IDENTITY, case.doubt_identity, by=actor, at=at)
    case.proved_by.clear()
    settle_case(case, at=at)


@performs("fall_back")
def fall_back(case: Case, *, actor: Actor, at: datetime) -> None:
    """Answer as categories what can't be verified as specific pieces (11 CCR 7024(a))."""
    change_state(case, EventKind.FALL_BACK, case.fall_back, by=actor, at=at, answered_as=Right.KNOW_CATEGORIES)
    _bind(case)
    standing.gather(case, at=at)


def questions(submission: Submission, language: str = "") -> dict[str, str]:
    """The fixed questions whose answers could still prove something, by kind; without a language, in the request's."""
    known = {*with_submitted(submission, {}), *contested_kinds(submission)}
    titles = systems().question_titles(language or submission.language)
    return {kind: title for kind, title in titles.items() if kind not in known}


def wants_declaration(submission: Submission) -> bool:
    """Whether a case still waits for a declaration; signed once is enough.

    A parent signs to be one; nobody else signs one for another.
    """
    if submission.evidence.filter(kind=EvidenceKind.DECLARATION).exists():
        return False
    unproved = submission.cases.unproved()
    if submission.asked_by is Requester.PARENT:
        return unproved.exists()
    return not submission.for_another and any(identifying.requirement(case).declaration for case in unproved)


def declaration(submission: Submission, name: str = "") -> str:
    """The text that is signed by typing one's name below it."""
    language = submission.language
    texts = {Requester.PARENT: OF_PARENT, Requester.GUARDIAN: OF_GUARDIAN}.get(submission.asked_by, DECLARATION)
    text = texts[language]
    born_on = spell_date(date.fromisoformat(submission.born_on), language) if submission.born_on else ""
    return text.format(name=name, born_on=born_on).strip()


def has_questions(submission: Submission) -> bool:
    """Whether there is anything left that the person could answer or sign."""
    return bool(questions(submission)) or wants_declaration(submission)


def told(submission: Submission, value: str) -> str:
    """A data point as its digest is made: letters and digits only, bound to the submission."""
    return f"{submission.pk}:{''.join(letter for letter in value.casefold() if letter.isalnum())}"


def answers_asked(case: Case) -> frozenset[str]:
    """Kinds of the points on which this case was accepted and that can be asked again: not the mailbox.

    Only those that stood in that record count: whoever reads the mailbox, and nothing else, can offer any value.
    """
    given = set(_digests_of(case))
    given |= {IdentifierKind.ACCOUNT_NUMBER} if case.submission.account_number else set()
    proof = case.proved_by.first()
    return proof.matched_kinds & given if proof else frozenset()


def was_proved_with(case: Case, value: str) -> bool:
    """Whether a typed value is the answer to one of ``answers_asked``, also one that came with the request."""
    submission, asked = case.submission, answers_asked(case)
    typed = told(submission, value)
    if typed == told(submission, ""):
        return False
    if IdentifierKind.ACCOUNT_NUMBER in asked and typed == told(submission, submission.account_number):
        return True
    kept = {digest for kind, digest in _digests_of(case).items() if kind in asked}
    return not kept.isdisjoint(digests.candidates("proof", typed))


def was_typed_as_proof(case: Case, kind: str, value: str) -> bool | None:
    """Whether a value is what was typed as a kind of data point when the case was accepted; None if none was."""
    kept = _digests_of(case).get(kind)
    if kept is None:
        return None
    return kept in digests.candidates("proof", told(case.submission, value))


def _digests_of(case: Case) -> Mapping[str, str]:
    """Digests of what was typed in the offer on which the case was accepted, by kind."""
    proof = case.proved_by.select_related("offered").first()
    return proof.offered.digests if proof and proof.offered else {}


def _accept(case: Case, *, by: Actor, at: datetime) -> None:
    proof = identifying.proof_of(case.submission)
    change_state(
        case,
        EventKind.ACCEPT_PROOF,
        case.accept_proof,
        by=by,
        at=at,
        degree=identifying.degree_reached(case).name.lower(),
        matched_points=proof.matched_points,
        declaration=proof.declaration,
        requester=case.submission.requester,
        citations=list(
            dict.fromkeys((*identifying.authority(case).citations, *identifying.requirement(case).citations))
        ),
    )
    _bind(case)
    restricting.tell_systems([case])
    duties.recount(case, at=at)
    standing.gather(case, at=at)


def _bind(case: Case) -> None:
    """The record on which a case is accepted is whose data it is about: what is proved later moves it no more."""
    best = case.submission.evidence.best_match(with_account=not identifying.is_doubted(case))
    if best is not None:
        best.cases.add(case)


def _unproved(submission: Submission) -> list[Case]:
    """The cases that wait for proof of identity, locked."""
    return list(locked_cases(submission).unproved())


def _erase(offered: ProofOffered, matched: int | None, *, at: datetime) -> None:
    """Write down how the probe ended and erase what was typed (11 CCR 7060); the digests of what was compared stay."""
    offered.probed_at, offered.matched_points, offered.points_sealed = at, matched, None
    offered.digests = {} if matched is None else offered.digests
    offered.save(update_fields=["probed_at", "matched_points", "points_sealed", "digests"])


def _check_points(submission: Submission, typed: Mapping[str, str], declared_name: str) -> None:
    unknown = set(typed) - set(questions(submission))
    if unknown:
        raise ProofRefused(_("Please answer only the questions on this page."))
    if any(len(value) > POINT_LENGTH for value in typed.values()) or len(declared_name) > POINT_LENGTH:
        raise ProofRefused(_("Please use at most %(most)s characters.") % {"most": POINT_LENGTH})
    if not typed and not declared_name:
        raise ProofRefused(_("Please answer at least one question, or sign the declaration."))


def _who(submission: Submission) -> Actor:
    """Who acts on the page of a request, and reads its mailbox."""
    return REQUESTER if submission.for_another else PERSON


def one_at_a_time(submission: Submission) -> None:
    """Offers within an organisation wait for each other, or many sent at once would pass the limit on tries."""
    Organisation.objects.select_for_update(no_key=True).get(pk=submission.organisation_id)


def count_tries(submission: Submission, typed: Mapping[str, str], *, at: datetime) -> None:
    """Few tries a day for one identifier, whoever asks and in whichever submission.

    The mailbox counts also where the address is in dispute and not compared. What many people share, such as a postal
    code or a birthday, is no identifier: others' tries don't use it up.
    """
    recent = ProbeTry.objects.filter(tried_at__gt=at - timedelta(days=1))
    points = {**with_submitted(submission, typed), IdentifierKind.EMAIL: submission.email}
    for kind in IdentifierKind.values:
        tried = people.as_tried(kind, points.get(kind, ""))
        if not tried:  # nothing that a source could hold
            continue
        told_as = f"{kind}:{tried}"
        if recent.filter(digest__in=digests.candidates("tries", told_as)).count() >= TRIES_A_DAY:
            raise ProofRefused(_("That was tried too often today. Please come back tomorrow, or write to us."))
        ProbeTry.objects.create(digest=digests.digest("tries", told_as), tried_at=at)


def declare(submission: Submission, name: str, *, at: datetime) -> None:
    """Keep the declaration as it was signed (11 CCR 7062)."""
    signed = Evidence(
        id=uuid.uuid4(),
        submission=submission,
        kind=EvidenceKind.DECLARATION,
        proved_at=at,
        actor=_who(submission).slug,
    )
    signed.statement = declaration(submission, name)
    signed.save()
