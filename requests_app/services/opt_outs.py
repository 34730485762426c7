"""Opt-outs: in force on receipt, without proof; lifted when they are refused; they follow what we correct."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from dsar.ledger import chains
from dsar.vault import digests
from requests_app.events import EventKind
from requests_app.identifying import FAMILY
from requests_app.law import asking_again, packs
from requests_app.law.words import Right, Route
from requests_app.models import Case, IdentifierKind, Organisation, Submission, Suppression
from requests_app.models.suppression import SuppressionQuerySet
from requests_app.ports import work
from requests_app.roles import SYSTEM
from requests_app.services import letters, people
from requests_app.services.history import change_state, local_day
from requests_app.services.people import Renamed
from requests_app.services.staffing import note_setting
from requests_app.states import Outcome

# Opt-outs in the words of the laws; others say "objection" or "withdrawal" of what holds at once.
OPT_OUTS = frozenset({Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE, Right.OPT_OUT_AUTOMATED})
KINDS = (IdentifierKind.EMAIL, IdentifierKind.ACCOUNT_NUMBER)  # of identifier, by which somebody opts out


def act_at_once(case: Case, suppression_key: uuid.UUID, *, at: datetime) -> None:
    """In force now, confirmed now, and carried out by the workers; no proof may be asked for (11 CCR 7060(b))."""
    change_state(case, EventKind.ACT_AT_ONCE, case.act_at_once, by=SYSTEM, at=at)
    suppress(case, case.right_asked, suppression_key, at=at)
    confirm(case, at=at)
    work().carry_out(case, at=at)


def confirm(case: Case, *, at: datetime) -> None:
    """Write that what was asked for is in force: the letter with which the case can close."""
    letters.queue(case.submission, _letter(case), at=at, case=case)


def _letter(case: Case) -> letters.Letter:
    """The letter that says that what was asked for is in force."""
    return letters.Letter.OPT_OUT_CONFIRMED if case.right_asked in OPT_OUTS else letters.Letter.IN_FORCE


def lift(case: Case, *, at: datetime) -> None:
    """The opt-out of this case holds no longer; another one of the same person stays in force."""
    Suppression.objects.in_force().filter(case_id=case.pk).update(lifted_at=at)


def must_offer(case: Case) -> bool:
    """A refused deletion offers the opt-out where data is sold or shared and the person has not opted out (G12)."""
    submission = case.submission
    return case.right_asked == Right.DELETE and submission.organisation.sells_or_shares and not holds(submission)


def put_in_force_again(case: Case) -> None:
    """What this case had put in force holds again: taking it off was a mistake, or merging it into an older one."""
    if not Suppression.objects.filter(case_id=case.pk).update(lifted_at=None):
        _have_again_what_was_merged(case)


def _have_again_what_was_merged(case: Case) -> None:
    """What went over to the older case stays with that one, which may end by itself; this one has its own again."""
    older = list[uuid.UUID]()
    into = case.about
    while into is not None and into.pk not in older:
        older.append(into.pk)
        into = into.about
    moved = Suppression.objects.filter(case_id__in=older, right__in=(case.right_asked, Right.RESTRICT))
    for kind, value in came_with(case.submission):
        known = moved.filter(kind=kind, digest__in=digests_of(kind, value))
        entry = known.order_by("-in_force_since", "pk").first()  # of the two, what came with the younger request
        if entry is None:
            continue
        entry.case_id, entry.by_correction = case.pk, False
        _keep_as_new(entry, value)


def _keep_as_new(entry: Suppression, value: str) -> None:
    """As another row, in force, and naming this."""
    born_on = entry.born_on
    entry.pk, entry.lifted_at = uuid.uuid4(), None
    entry._state.adding = True
    entry.value, entry.born_on = value, born_on
    entry.save()


def is_in_force(case: Case) -> bool:
    """Whether something that this case has put in force still holds."""
    return Suppression.objects.in_force().filter(case_id=case.pk).exists()


def ended_at(case: Case) -> datetime | None:
    """When a later word, an opt-in's, ended what this case had put in force; None while it holds, or was refused."""
    if case.route != Route.DIRECT or case.outcome == Outcome.REFUSED or is_in_force(case):
        return None
    lifted = Suppression.objects.filter(case_id=case.pk).order_by("-lifted_at")
    return lifted.values_list("lifted_at", flat=True).first()


def holds(submission: Submission) -> bool:
    """Whether whoever uses this e-mail address has opted out of sale and sharing."""
    in_force = Suppression.objects.in_force().filter(
        organisation=submission.organisation,
        right=Right.OPT_OUT_SALE_SHARE,
        kind=IdentifierKind.EMAIL,
        digest__in=digests_of(IdentifierKind.EMAIL, submission.email),
    )
    return in_force.exists()


def suppress(case: Case, right: Right, value_key: uuid.UUID, *, at: datetime) -> None:
    """Put an opt-out or a restriction in force, for every identifier that came with it."""
    again = asking_again.last_of((*case.packs(), packs.house()), right, local_day(at))
    submission = case.submission
    for kind, value in came_with(submission):
        entry = Suppression(
            id=uuid.uuid4(),
            organisation=submission.organisation,
            case_id=case.pk,
            right=right,
            kind=kind,
            digest=digest_of(kind, value),
            in_force_since=at,
            ask_again_from=again.since if again else None,
            ask_again_citation=again.figure.citation if again else "",
            asked_by=submission.asked_by.value,
            requester_digest=submission.email_digest if submission.for_another else "",
            value_key=value_key,
        )
        entry.value, entry.born_on = value, submission.born_on
        entry.save()


def follow(organisation: Organisation, renamed: Sequence[Renamed], *, request: str, at: datetime) -> None:
    """Let what holds for a value that we corrected hold for what stands there now, too. In the caller's transaction.

    The old value stays, for it may come back. Twice is once, and what an opt-in has ended is not put in force again.
    `request`: by which reference it was corrected.
    """
    rights = list[str]()
    for kind, old, new in renamed:
        named = Suppression.objects.in_force().filter(named_by([(kind, old)]), organisation=organisation)
        for entry in list(named.order_by("pk")):
            same = Suppression.objects.filter(case_id=entry.case_id, right=entry.right, asked_by=entry.asked_by)
            if same.filter(named_by([(kind, new)])).exists():
                continue
            value = people.as_compared(kind, new)
            entry.digest, entry.by_correction = digest_of(kind, value), True
            _keep_as_new(entry, value)
            rights.append(entry.right)
    if rights:
        note_setting("opt_outs_followed", by=SYSTEM, at=at, request=request, rights=sorted(rights))


def came_with(submission: Submission) -> Iterator[tuple[IdentifierKind, str]]:
    """The identifiers that stand in a request, as their digests are made: nobody proves who asks for an opt-out."""
    given = {IdentifierKind.EMAIL: submission.email, IdentifierKind.ACCOUNT_NUMBER: submission.account_number}
    for kind, typed in given.items():
        if value := people.as_compared(kind, typed):
            yield kind, value


def named_by_opt_in(submission: Submission) -> list[tuple[IdentifierKind, str]]:
    """By what an opt-in holds: the mailbox that confirmed it. An account number that was only typed is nobody's word.

    For a child it is all that came: staff who accept what shows the parent or guardian look at whose child that is.
    """
    came = list(came_with(submission))
    if submission.asked_by in FAMILY:
        return came
    return [(kind, value) for kind, value in came if kind == IdentifierKind.EMAIL]


def still_opted_out(submission: Submission) -> SuppressionQuerySet:
    """The opt-outs of sale that hold for whatever an opt-in names, whoever asked for them."""
    named = named_by(named_by_opt_in(submission))
    of_sale = Suppression.objects.in_force().filter(
        organisation=submission.organisation, right=Right.OPT_OUT_SALE_SHARE
    )
    return of_sale.filter(named)


def holds_for_any(submission: Submission, identifiers: Mapping[str, Iterable[str]]) -> bool:
    """Whether an opt-out of sale is in force for any of these identifiers, by kind, whoever asked for it."""
    named = named_by((kind, value) for kind, values in identifiers.items() for value in values)
    of_sale = Suppression.objects.in_force().filter(
        organisation=submission.organisation, right=Right.OPT_OUT_SALE_SHARE
    )
    return of_sale.filter(named).exists()


def has_ended_one(case: Case) -> bool:
    """Whether this choice to opt in took an opt-out back; of a child nobody need have opted out before."""
    return any(event.facts["lifted"] for event in chains.history(case.chain).filter(kind=EventKind.CONFIRM))


def named_by(identifiers: Iterable[tuple[IdentifierKind | str, str]]) -> Q:
    """What protects whoever any of these identifiers names, however it was typed; by none of them, nothing."""
    return _known_by(identifiers, digests_of)


def opted_in_by(identifiers: Iterable[tuple[IdentifierKind | str, str]]) -> Q:
    """The opt-ins by any of these very identifiers: a word that loosens counts for nobody who is spelt otherwise."""
    return _known_by(identifiers, opt_in_digests_of)


def _known_by(
    identifiers: Iterable[tuple[IdentifierKind | str, str]], known_as: Callable[[IdentifierKind | str, str], list[str]]
) -> Q:
    named = Q(pk__in=())
    for kind, typed in identifiers:
        named |= Q(kind=kind, digest__in=known_as(kind, typed))
    return named


def digest_of(kind: IdentifierKind | str, value: str) -> str:
    """The keyed digest by which the store knows what protects: an opt-out, or that somebody did not opt in."""
    return digests.digest(f"suppression:{kind}", people.as_listed(kind, value))


def digests_of(kind: IdentifierKind | str, typed: str) -> list[str]:
    """The digests under which the store may know it, under whichever of its keys, and from whichever time."""
    return [
        digest
        for form in people.forms_listed(kind, typed)
        for digest in digests.candidates(f"suppression:{kind}", form)
    ]


def opt_in_digest_of(kind: IdentifierKind | str, value: str) -> str:
    """The keyed digest by which the store knows an opt-in."""
    return digests.digest(f"suppression:{kind}", people.as_compared(kind, value))


def opt_in_digests_of(kind: IdentifierKind | str, typed: str) -> list[str]:
    """The digests under which the store may know an opt-in, under whichever of its keys."""
    return digests.candidates(f"suppression:{kind}", people.as_compared(kind, typed))
