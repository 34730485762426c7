"""Carried out, told, closed; and withdrawn by the person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app import endings, guards
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law import refusals
from requests_app.law.words import DutyKind, Ground, Right, Route
from requests_app.models import Case, Message, Submission
from requests_app.ports import Told, work
from requests_app.refused_items import refused_one_by_one
from requests_app.roles import PERSON, SYSTEM, Actor
from requests_app.services import duties, letters, linking, opt_outs, restricting
from requests_app.services.history import Fact, change_state, locked, record
from requests_app.states import Outcome, State


def check_release(case: Case) -> None:
    """The binding question about the limit: asked in the transaction that releases, under a lock on the person.

    Two submissions of one person can't be released at once: the second waits here, and then counts the first.
    Raises MoveShut when information was provided meanwhile through another submission and nobody decided (G8).
    """
    _hold_person(case)
    guards.check_limit(case)


def _hold_person(case: Case) -> None:
    """Let every other release for this person, and every link of records, wait until this transaction ends."""
    subject = case.submission.subject
    if subject is not None:
        linking.lock_root(subject.pk)


def provided(case: Case, *, at: datetime) -> None:
    """Note that this submission was given information: from now on the yearly limit counts it.

    What is shown within a correction, to be checked, is not counted (11 CCR 7023(j)).
    """
    if case.is_for_checking:
        return
    Submission.objects.filter(pk=case.submission_id, provided_at__isnull=True).update(provided_at=at)


def acted(case: Case, *, at: datetime) -> None:
    """What holds at once is applied in our own systems, whoever else is still to be told; its row is locked."""
    duties.meet(case, DutyKind.OPT_OUT_DONE, at=at)


def carried_out(case_id: UUID, *, at: datetime, **facts: str | int) -> None:
    """The act is done: meet what it meets, write the closing letter, close if the letter was accepted already.

    Told twice, the second time changes nothing; told before the recipients are, it waits for them.
    """
    case = locked(case_id)
    if case.state != State.CARRYING_OUT or case.carried_out_at is not None:
        return
    if work().recipients_owed(case, at=at):
        acted(case, at=at)
        return
    case.carried_out_at = at
    case.save(update_fields=["carried_out_at"])
    record(case, EventKind.CARRIED_OUT, by=SYSTEM, at=at, **facts)
    if work().is_refused(case) or work().is_not_held(case):  # nobody is owed to be told of what is not done
        duties.drop_unmet(case, but=(DutyKind.ACKNOWLEDGE, DutyKind.ANSWER))
    duties.meet(case, DutyKind.OPT_OUT_DONE, at=at)
    duties.meet(case, DutyKind.RECIPIENTS_TOLD, at=at)
    _tell(case, at=at)
    settle(case, at=at)


def _tell(case: Case, *, at: datetime) -> None:
    """The letter with which the case closes: what a person wrote, or an account of what was done.

    What is in force at once was told when it came.
    """
    if case.route == Route.DECIDE_ONLY:
        answer = case.answers.current()
        if answer is not None:
            letters.queue(
                case.submission,
                letters.Letter.ANSWER,
                at=at,
                case=case,
                answer=answer.text,
                reopened=case.about.submission.reference if case.about and case.right_asked == Right.APPEAL else "",
                restricted=opt_outs.is_in_force(case),
            )
            case.answers.filter(sent_at=None).update(sent_at=at)
        return
    letter = letters.CLOSING_BY_RIGHT.get(case.right_answered)
    if letter is not None:
        if work().is_refused(case):
            letter = letters.Letter.REFUSAL
        told, withheld = _told(case), work().withheld(case)
        offer_opt_out = bool(withheld) and opt_outs.must_offer(case)
        if offer_opt_out:
            duties.owe_after_refusal(case)
        letters.queue(
            case.submission,
            letter,
            at=at,
            case=case,
            account=told.account,
            besides=told.besides,
            keeps=told.keeps,
            found=work().anything_found(case),
            not_held=work().is_not_held(case),
            withheld=withheld,
            ways_on=_ways_on(case, offer_opt_out=offer_opt_out) if withheld else (),
            stays=case.right_asked == Right.OPT_IN and opt_outs.still_opted_out(case.submission).exists(),
            restriction_ends=case.is_restricted,
            ended=case.right_asked == Right.OPT_IN and opt_outs.has_ended_one(case),
        )


def _told(case: Case) -> Told:
    language = case.submission.language
    return work().refusal_of(case, language) if work().is_refused(case) else Told(work().account_of(case, language))


def _ways_on(case: Case, *, offer_opt_out: bool) -> list[str]:
    """What the laws make us say to whom got less than was asked for: reasons stand beside each gap."""
    said = refusals.required(
        case.packs(),
        case.right_asked,
        on=case.received_on(),
        partial=work().rest_is_done(case) and not work().is_refused(case),
        ground=_ground_of_corrections(case),
        offer_opt_out=offer_opt_out,
        residence=case.submission.residence,
    )
    return letters.ways_on(said, case.submission)


def _ground_of_corrections(case: Case) -> Ground | None:
    """The ground on which a correction was refused after which a law wants most said: that the data is accurate."""
    grounds = {ground.ground for _asked, ground in refused_one_by_one(case)}
    return Ground.ACCURATE if Ground.ACCURATE in grounds else None


def hand_back(case_id: UUID, because: str, *, at: datetime, **facts: Fact) -> None:
    """What approval rested on no longer holds, and nothing was done; a person decides again. ``because`` is a code."""
    case = locked(case_id)
    if case.state == State.CARRYING_OUT and case.carried_out_at is None:
        change_state(case, EventKind.HAND_BACK, case.hand_back, by=SYSTEM, at=at, sets=(), because=because, **facts)


def letter_accepted(case: Case, message: Message, *, at: datetime, counts_from: datetime | None = None) -> None:
    """A letter of this case was accepted for delivery: a refusal answers it, and what is carried out can close.

    ``counts_from`` is given for one that was told another way, from when on it counts as an answer.
    """
    restricting.notice_accepted(case, message, at=at)
    if not letters.closing_letter_accepted(case):
        return
    if case.state == State.CLOSED:
        duties.meet(case, DutyKind.ANSWER, at=at, met_at=counts_from)
        duties.meet(case, DutyKind.OPT_OUT_OFFERED, at=at, met_at=counts_from)
    settle(case, at=at, answered_at=counts_from)


def settle(case: Case, *, at: datetime, answered_at: datetime | None = None) -> None:
    """Close once the act is reported done, nothing of it is left, and its letter was accepted for delivery."""
    if case.state != State.CARRYING_OUT or case.carried_out_at is None:
        return
    if not letters.closing_letter_accepted(case) or not work().is_carried_out(case):
        return
    outcome = _outcome(case)
    duties.meet(case, DutyKind.ANSWER, at=at, met_at=answered_at)
    duties.meet(case, DutyKind.OPT_OUT_OFFERED, at=at, met_at=answered_at)
    change_state(
        case, EventKind.FINISH, lambda: case.finish(outcome=outcome, at=at), by=SYSTEM, at=at, outcome=outcome.value
    )


def withdraw(case_id: UUID, *, at: datetime, by: Actor = PERSON) -> None:
    """The person, or who asks for them, takes the request back; only before an act has begun. Raises MoveShut."""
    with transaction.atomic():
        case = locked(case_id)
        if not endings.may_be_withdrawn(case):
            raise MoveShut(
                _("This request is being carried out already, or is closed: it can't be withdrawn any more.")
            )
        change_state(case, EventKind.WITHDRAW, lambda: case.withdraw(at=at), by=by, at=at)
        duties.drop_unmet(case)
        _confirm_withdrawal(case, by=by, at=at)


def _confirm_withdrawal(case: Case, *, by: Actor, at: datetime) -> None:
    """Tell who asked; and the person, in the own mailbox, who took back what somebody else had asked for them."""
    submission = case.submission
    by_person = submission.for_another and by == PERSON
    for to_person in (True, False) if by_person and submission.email else (False,):
        letters.queue(
            submission,
            letters.Letter.WITHDRAWN,
            at=at,
            case=case,
            for_person=to_person,
            by_person=by_person,
            restriction_ends=case.is_restricted,
        )


def _outcome(case: Case) -> Outcome:
    if work().is_refused(case):
        return Outcome.REFUSED
    partly = work().withheld(case) > 0 or case.answered_as != case.right
    return Outcome.PARTLY_FULFILLED if partly else Outcome.FULFILLED
