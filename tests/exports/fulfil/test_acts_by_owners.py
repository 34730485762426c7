"""Acts in a source in which a person looks: asked of its owner, done once the owner says so; and the mails about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.jobs.queue import retry
from exports.fulfil.account import account_of
from exports.fulfil.tasks import answering
from exports.models import Act, Task, TaskState
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports import tasks
from tests.exports.house import ANALYST, APPROVER, House, facts_of, fresh, person
from tests.exports.tasks import HEADER, MAP, Owner

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

FLAGGED = MAP.replace(
    "    received_at: written_on\n", "    received_at: written_on\n    suppress: {opt_out_sale_share: {text: none}}\n"
)
NEW_TEXT = {"correct_field": "archive.letters.text", "correct_value": "I never wrote this"}


def entered(house: House) -> Owner:
    owner = Owner()
    owner.asks_for_code(tasks.link())
    house.work()
    owner.types(tasks.code())
    return owner


def corrected_so_far(house: House) -> Case:
    """A correction that is approved, and waits for the owner."""
    case = house.reviewing(Right.CORRECT, **NEW_TEXT)
    house.move(case, "start_gathering")
    house.work()
    owner = entered(house)
    assert "Letters" in owner.page
    assert "Notes" not in owner.page, "only what leads to the field is asked about"
    owner.sends(f"{HEADER}{person().email},2026-01-01,I wrote this,x\n")
    owner.answers("done")
    house.work()
    house.move(case, "approve", APPROVER)
    house.work()
    return fresh(case)


def test_an_opt_out_is_told_to_the_owner_and_closes_with_the_answer(house: House) -> None:
    tasks.set_up(FLAGGED)
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert fresh(case).state == State.CARRYING_OUT
    assert house.sql("shop", "SELECT sale_opt_out FROM customers WHERE id = 7") == [(1,)], "the others did not wait"
    owner = entered(house)
    assert person().email in owner.page
    assert "Set “text” to none." in owner.page
    owner.answers("done", note="Flag set on the card.")
    house.work()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert Act.objects.get(case=case, source__slug="archive").proof == {"letters": {"rows": 0}}


def test_an_opt_out_that_leads_nowhere_asks_nobody(house: House) -> None:
    tasks.set_up(FLAGGED.replace("by: email, column: email, compare: email", "by: account_number"))
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert fresh(case).state == State.CLOSED
    assert not Task.objects.exists()


def test_a_correction_shows_the_new_value_and_is_done_with_the_answer(house: House) -> None:
    tasks.set_up()
    case = corrected_so_far(house)
    owner = entered(house)
    assert "I never wrote this" in owner.page
    owner.answers("done", note="Corrected on the card.")
    house.work()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert account_of(fresh(case), "en")[0] == "Text: corrected in Letters archive, as whoever keeps it has confirmed."
    assert Act.objects.get(case=case, source__slug="archive").word_taken == "confirmed by its owner, not read back"
    assert "never wrote" not in str(facts_of(case, EventKind.ACT_DONE)) + str(facts_of(case, EventKind.TASK_ASKED))


def test_an_owner_who_refuses_an_act_is_asked_again_when_the_job_is_tried_again(house: House) -> None:
    tasks.set_up()
    case = corrected_so_far(house)
    entered(house).answers("refuse", note="The card is lost.")
    house.work()
    assert fresh(case).state == State.CARRYING_OUT
    first = tasks.task_of(case)
    assert (first.state, first.note) == (TaskState.REFUSED, "The card is lost.")
    retry(Job.objects.get(kind="carry_out"), at=timezone.now())
    house.work()
    second = tasks.task_of(case)
    assert second.pk != first.pk
    answering.finish(
        second.pk, TaskState.DONE, name="Ann", note="Found it.", confirmed=True, by=ANALYST, at=timezone.now()
    )
    house.work()
    assert fresh(case).state == State.CLOSED


def test_mails_and_page_are_in_the_owner_s_language(house: House) -> None:
    tasks.set_up(MAP.replace("days: 10}", "days: 10, language: es}"))
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    house.work()
    (text,) = tasks.mails("Una solicitud de privacidad le necesita")
    assert "Archivo de cartas" in text
    task = tasks.task_of(case)
    house.later(timedelta(days=8))
    assert task.reference in tasks.mails("Recordatorio")[0]
    owner = Owner()
    owner.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    owner.asks_for_code(tasks.link())
    house.work()
    (mail,) = tasks.mails("Su código para la tarea")
    found = tasks.CODE.search(mail)
    assert found
    owner.types(found.group(1))
    assert "A quién hay que buscar" in owner.page
    assert "Dirección de correo electrónico" in owner.page
    owner.sends(HEADER + "a,b\n")
    assert "La línea 2 tiene 2 campos" in owner.page
    house.move(case, "waive_source", source="archive", reason="Nobody answers.")
    house.work()
    assert [sent for sent in tasks.mails("La tarea ") if "ya no" in sent]
