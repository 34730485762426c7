"""Who does not prove who asks: reminded three times, and refused in time, with notice; by the clock, each step once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from dsar.ledger import chains
from requests_app import guards, identifying
from requests_app.events import EventKind
from requests_app.law import identity as law_identity
from requests_app.law.agents import Asked
from requests_app.law.words import Degree, DutyKind, Ground
from requests_app.models import Case, Reminder, ReminderStep, Submission
from requests_app.move import InputRefused
from requests_app.roles import SYSTEM
from requests_app.services import deciding, identity, letters
from requests_app.services.history import local_day, locked_cases, record
from requests_app.states import State

AFTER_BEGIN = {ReminderStep.DAY_3: timedelta(days=3), ReminderStep.DAY_10: timedelta(days=10)}
NOTICE = timedelta(days=7)
ONE_DAY = timedelta(days=1)
PAPERS = frozenset({Asked.SIGNED_PERMISSION, Asked.COURT_PAPER})


def silent_submissions() -> list[UUID]:
    """Those with a case that waits for proof; a case with a question of ours waits for something else."""
    waiting = Submission.objects.filter(cases__state=State.VERIFYING).distinct().order_by("received_at")
    return list(waiting.values_list("pk", flat=True))


def follow_up(submission_id: UUID, *, at: datetime) -> None:
    """Do what the clock asks for one submission: remind, or refuse what nobody has proved. In the job's transaction.

    Nothing is done while it is our turn: an answer is being compared, a paper waits to be looked at, or nothing is left
    that we could ask.
    """
    submission = Submission.objects.select_related("organisation").get(pk=submission_id)
    cases = [case for case in locked_cases(submission) if _may_be_verified(case)]
    if not cases or _is_our_turn(submission, cases):
        return
    on = local_day(at)
    ended = [case for case in cases if _ends_on(case) <= on and _end(case, at=at)]
    waiting = [case for case in cases if case not in ended]
    if waiting:
        _remind(submission, waiting, on, at=at)


def refusal_on(case: Case) -> date | None:
    """The day on which a case is refused that nobody has proved: the one before the earliest date of an answer owed.

    Each law counts by its own clock; a date that only a pause would move counts unmoved. Where proof was asked for
    so late, on reopening or on a doubt, that the last reminder could not come in time, every reminder comes first.
    """
    due = case.duties.unmet().of_kind(DutyKind.ANSWER).order_by("due_on").values_list("due_on", flat=True).first()
    if due is None:
        return None
    begun_on = _begun_on(case.submission, [case])
    if begun_on + NOTICE <= due - ONE_DAY:
        return due - ONE_DAY
    return begun_on + max(AFTER_BEGIN.values()) + NOTICE


def ends_on(case: Case) -> date | None:
    """When the clock ends a case that waits for proof; None for one that does not, or never ends by itself."""
    return refusal_on(case) if _may_be_verified(case) else None


def _ends_on(case: Case) -> date:
    return refusal_on(case) or date.max


def _may_be_verified(case: Case) -> bool:
    if case.state != State.VERIFYING:
        return False
    return identifying.requirement(case).degree is not Degree.NONE


def _is_our_turn(submission: Submission, cases: Iterable[Case]) -> bool:
    if submission.proofs_offered.filter(probed_at=None).exists():
        return True
    missing = {asked for case in cases for asked in identifying.authority(case).missing}
    if missing & PAPERS and submission.permission_files.exists():
        return True
    return submission.confirmed_at is not None and not missing and not identity.has_questions(submission)


def _begun_on(submission: Submission, cases: Iterable[Case]) -> date:
    """When proof was asked for: on receipt, or anew when a doubt was raised or a case was opened again."""
    doubted = [doubt.decided_at for case in cases for doubt in case.identity_doubts.all()]
    reopened = [event.at for case in cases for event in chains.history(case.chain).filter(kind=EventKind.REOPEN)]
    return local_day(max([submission.received_at, *doubted, *reopened]))


def _remind(submission: Submission, cases: Sequence[Case], on: date, *, at: datetime) -> None:
    """One letter for the last of the steps that have come and were not made; the others are made with it."""
    begun_on, last_on = _begun_on(submission, cases), min(_ends_on(case) for case in cases)
    steps = [step for step, after in AFTER_BEGIN.items() if begun_on + after <= on]
    steps += [ReminderStep.BEFORE_REFUSAL] if last_on <= on + NOTICE else []
    made = set(submission.reminders.filter(begun_on=begun_on).values_list("step", flat=True))
    new = [step for step in steps if step not in made]
    if not new:
        return
    for step in new:
        Reminder.objects.create(submission=submission, step=step, begun_on=begun_on, written_at=at)
    for case in cases:
        record(case, EventKind.REMINDED, by=SYSTEM, at=at, step=new[-1])
    language = submission.language
    letters.queue(
        submission,
        letters.Letter.REMINDER,
        at=at,
        titles=[letters.right_title(case, language) for case in cases],
        is_last=new[-1] == ReminderStep.BEFORE_REFUSAL,
        refusal_on=letters.spelt(last_on, language) if last_on < date.max else "",
    )


def _end(case: Case, *, at: datetime) -> bool:
    """Answer as categories what is proved enough for that; else refuse. False where no ground fits: staff decide."""
    fallen = law_identity.falls_back_to(case.packs(), case.right_answered, on=case.received_on())
    if fallen and identifying.degree_reached(case, fallen) >= identifying.requirement(case, fallen).degree:
        identity.fall_back(case, actor=SYSTEM, at=at)
        return True
    wanted = _ground(case)
    code = next((item.code for item in guards.grounds_to_refuse(case) if item.ground is wanted), None)
    if code is None:
        return False
    with suppress(InputRefused):
        deciding.refuse(case, actor=SYSTEM, at=at, code=code, explanation=_explanation(case), reason="", balancing="")
        return True
    return False


def _ground(case: Case) -> Ground:
    """Who may not ask for the person is refused for that; everybody else because nobody knows who asks."""
    authority = identifying.authority(case)
    return Ground.NO_PERMISSION if authority.missing and authority.may_refuse else Ground.NOT_VERIFIED


def _explanation(case: Case) -> str:
    submission = case.submission
    asked = letters.spelt(_begun_on(submission, [case]), submission.language)
    with translation.override(submission.language):
        return _(
            "We asked you on %(day)s to show who asks, wrote to you again, and have not received what we need."
        ) % {"day": asked}
