"""A recipient that somebody of ours tells: a task with a date and a reminder, and "done" with the proof."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from exports.fulfil.recipients import by_people
from exports.fulfil.tasks import answering, page
from exports.fulfil.tasks.opening import AnswerRefused
from exports.models import Task, TaskKind, TaskState, Telling, TellingState
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports.fulfil.recipient import LISTED, gives_the_address, told_by
from tests.exports.house import ANALYST, House, facts_of, fresh, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

NAME = "Summit Lists LLC"
VENDORS = "vendors@example.com"


def asked(house: House, to: str = VENDORS, right: Right = Right.OPT_OUT_SALE_SHARE) -> tuple[Case, Task]:
    """A case whose recipient somebody is asked to tell."""
    told_by(NAME, {"task": {"to": to}})
    case = house.file(right).cases.get()
    house.work()
    return fresh(case), Task.objects.get(case=case, kind=TaskKind.TELL)


def telling_of(case: Case) -> Telling:
    return Telling.objects.get(case=case, recipient=NAME)


def test_somebody_is_asked_by_a_mail_that_names_nobody_and_a_page_that_says_what_to_tell(house: House) -> None:
    case, task = asked(house)
    assert (case.state, task.is_insider, task.due_on) == (State.CARRYING_OUT, True, date(2026, 11, 30))
    (sent,) = [message for message in mail.outbox if message.to == [VENDORS]]
    assert NAME in sent.body
    assert str(person().email) not in sent.subject + sent.body
    shown = page.shown(task, on=date(2026, 11, 23))
    assert shown.source == NAME
    assert [value for _kind, value in shown.identifiers] == [str(person().email)]
    assert case.submission.reference in str(shown.collections[0].lines)


def test_who_tells_is_shown_every_address_by_which_the_recipient_may_know_the_person(house: House) -> None:
    told_by(NAME, {"task": {"to": VENDORS}})
    gives_the_address()
    house.closed(Right.DELETE, person(LISTED), email="elsewhere@post.example")
    shown = page.shown(Task.objects.get(kind=TaskKind.TELL), on=date(2026, 11, 23))
    assert [value for _kind, value in shown.identifiers] == [str(person(LISTED).email), "elsewhere@post.example"]


def test_done_with_the_proof_is_being_told_and_closes_the_case(house: House) -> None:
    case, task = asked(house)
    words = {"name": "Ann Ito", "confirmed": True, "by": ANALYST, "at": timezone.now()}
    with pytest.raises(AnswerRefused, match="what was done"):
        answering.finish(task.pk, TaskState.DONE, note="", **words)  # type: ignore[arg-type]
    with pytest.raises(AnswerRefused, match="choose one"):
        answering.finish(task.pk, TaskState.NOTHING, note="x", **words)  # type: ignore[arg-type]
    answering.finish(task.pk, TaskState.DONE, note="Called, ticket 4711.", **words)  # type: ignore[arg-type]
    house.work()
    told = telling_of(case)
    assert (told.state, told.note, told.noted_by) == (TellingState.TOLD, "Called, ticket 4711.", ANALYST.slug)
    assert fresh(case).state == State.CLOSED
    assert {"way": "task"}.items() <= facts_of(case, EventKind.RECIPIENT_TOLD)[-1].items()


def test_who_forgets_is_reminded_and_the_desk_sees_that_it_is_late(house: House) -> None:
    _case, task = asked(house)
    mail.outbox.clear()
    house.later(timedelta(days=5))
    assert [message.subject for message in mail.outbox if message.to == [VENDORS]] == [
        f"Reminder: task {task.reference} is due on Nov. 30, 2026"
    ]
    assert not Task.objects.late(date(2026, 11, 30)).exists()
    assert Task.objects.late(date(2026, 12, 1)).get() == task


def test_who_refuses_leaves_it_to_the_desk_and_the_desk_may_settle_it_before(house: House) -> None:
    case, task = asked(house)
    answering.finish(
        task.pk, TaskState.REFUSED, name="Ann", note="Not mine.", confirmed=False, by=ANALYST, at=timezone.now()
    )
    assert (telling_of(case).state, telling_of(case).error) == (TellingState.FAILED, "TellerRefused")
    by_people.told_otherwise(case.pk, str(telling_of(case).pk), "Wrote a letter.", by=ANALYST, at=timezone.now())
    house.work()
    assert fresh(case).state == State.CLOSED

    other = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    by_people.explain(other.pk, str(telling_of(other).pk), "It is gone.", by=ANALYST, at=timezone.now())
    house.work()
    assert other.tasks.get().state == TaskState.CANCELLED
    assert fresh(other).state == State.CLOSED


def test_a_name_without_an_address_is_a_task_of_the_desk_and_mails_nobody(house: House) -> None:
    _case, task = asked(house, to="Purchasing")
    assert task.owner_email == ""
    assert not task.mails.exists()
