"""A case that is opened again: its flags are set anew, and its recipients are told anew, each once a round."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.jobs.running import execute
from exports.admin.attention import attention
from exports.fulfil.recipients import by_people
from exports.fulfil.recipients.by_people import StepRefused
from exports.models import Act, TaskKind, TaskState, Telling, TellingState
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports.fulfil.recipient import told_by
from tests.exports.fulfil.test_by_hand import OTHER_APPROVER, answered
from tests.exports.fulfil.test_several_corrections import ACCURATE, NAME, PHONE, asked, customer, decide
from tests.exports.house import ANALYST, APPROVER, House, facts_of, fresh

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

SOLD_TO, SHARED_WITH = "Summit Lists LLC", "Brightpath Media LLC"
NEVER_TOLD, TOLD = TellingState.DROPPED, TellingState.TOLD
DROPPED_THEN_TOLD = [(SHARED_WITH, 0, NEVER_TOLD), (SHARED_WITH, 1, TOLD), (SOLD_TO, 0, NEVER_TOLD), (SOLD_TO, 1, TOLD)]


def refuse(house: House, case: Case, code: str = "ca_7026e_fraud") -> None:
    """The opt-out is taken for a fraud."""
    house.move(case, "refuse_opt_out", APPROVER, code=code, explanation="Not you.", reason="Not hers.")


def reopen(house: House, case: Case) -> None:
    """That was a mistake, as two people find."""
    house.move(case, "ask_reopening", ANALYST, reason="It was her after all.")
    house.move(case, "reopen", OTHER_APPROVER)


def act(case: Case) -> None:
    """A worker does the act, and nobody tells any recipient yet."""
    execute(Job.objects.get(key__startswith=f"carry_out:{case.pk}").pk, clock=timezone.now)


def is_flagged(house: House) -> bool:
    """Whether the shop's record of the person says that nothing is sold."""
    return house.sql("shop", "SELECT sale_opt_out FROM customers WHERE id = 7") == [(1,)]


def tellings(case: Case) -> list[tuple[str, int, str]]:
    """Who was told in which round, and how that stands."""
    return list(Telling.objects.filter(case=case).values_list("recipient", "round", "state"))


def lines_for(house: House, recipient: str) -> list[dict[str, str]]:
    """The instructions in a recipient's file of the day."""
    (path,) = house.data.glob(f"recipients/{recipient}-*/*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


@pytest.fixture
def refused(house: House) -> Case:
    """An opt-out whose flags were set, refused before anybody was told; staff have taken the flags back by hand."""
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    act(case)
    assert is_flagged(house)
    refuse(house, case)
    house.work()
    house.sql("shop", "UPDATE customers SET sale_opt_out = 0 WHERE id = 7")
    return fresh(case)


def test_whom_a_refused_opt_out_was_to_be_told_is_told_once_it_is_opened_again(house: House, refused: Case) -> None:
    assert {state for _name, _round, state in tellings(refused)} == {NEVER_TOLD}
    reopen(house, refused)
    assert fresh(refused).duties.unmet().of_kind(DutyKind.RECIPIENTS_TOLD).exists()
    house.work()
    assert tellings(refused) == DROPPED_THEN_TOLD
    assert (fresh(refused).state, fresh(refused).outcome) == (State.CLOSED, "fulfilled")
    assert facts_of(refused, EventKind.CARRIED_OUT)[-1]["recipients"] == 2


def test_flags_that_were_taken_back_by_hand_are_set_again(house: House, refused: Case) -> None:
    reopen(house, refused)
    house.work()
    assert is_flagged(house)
    acts = Act.objects.filter(case=refused, source__slug="shop").order_by("round")
    assert list(acts.values_list("round", "proof")) == [
        (0, {"customers": {"rows": 1}}),
        (1, {"customers": {"rows": 1}}),
    ]


def test_who_was_told_before_the_refusal_is_told_again_under_another_id(house: House) -> None:
    house.switch_off("shop")
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    refuse(house, case)
    house.switch_on("shop")
    reopen(house, case)
    house.work()
    first, second = lines_for(house, "summit-lists-llc")
    assert first.pop("id") != second.pop("id")
    assert first == second
    assert (fresh(case).state, is_flagged(house)) == (State.CLOSED, True)
    assert [told.recipient for told in Telling.objects.told().filter(case=case, round=1)] == [SHARED_WITH, SOLD_TO]


def test_a_recipient_that_could_not_be_told_before_holds_nothing_up_and_its_task_ends(house: House) -> None:
    told_by(SOLD_TO, {"task": {"to": "vendors@example.com"}})
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    refuse(house, case)
    reopen(house, case)
    old = Telling.objects.get(case=case, recipient=SOLD_TO)
    with pytest.raises(StepRefused, match="settled already"):
        by_people.explain(case.pk, str(old.pk), "It is gone.", by=ANALYST, at=timezone.now())
    told_by(SOLD_TO, {"batch": {}})
    house.work()
    assert fresh(case).state == State.CLOSED
    assert (SOLD_TO, 0, NEVER_TOLD) in tellings(case)
    assert case.tasks.get(kind=TaskKind.TELL).state == TaskState.CANCELLED


def test_a_failure_before_the_refusal_is_no_trouble_any_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert attention(fresh(case), ANALYST) is not None
    refuse(house, case)
    reopen(house, case)
    assert attention(fresh(case), ANALYST) is None


def test_an_act_of_before_does_not_count_as_that_of_the_case_that_was_opened_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    suppress, jobs = SqlConnector.suppress, list[str]()

    def suppress_while_it_is_refused_and_opened_again(connector: SqlConnector, *arguments: object) -> object:
        if not jobs:
            refuse(house, case)
            reopen(house, case)
            jobs.append("refused")
        return suppress(connector, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlConnector, "suppress", suppress_while_it_is_refused_and_opened_again)
    act(case)
    assert fresh(case).carried_out_at is None
    assert not Telling.objects.filter(case=case, acted_at__isnull=False).exists()
    house.work()
    assert fresh(case).state == State.CLOSED
    assert set(Act.objects.filter(case=case, round=1).values_list("source__slug", flat=True)) == {"shop", "web_log"}


def test_what_was_noted_as_done_by_hand_before_a_refusal_has_to_be_done_again(house: House) -> None:
    told_by(SOLD_TO, {"task": {"to": "vendors@example.com"}})
    assert house.clock is not None
    house.clock.move_to(datetime(2027, 2, 1, 18, 0, tzinfo=UTC))
    case = house.file(Right.OPT_OUT_AUTOMATED).cases.get()
    house.work()
    house.move(case, "note_done", ANALYST, proof="Taken out of the scoring.")
    house.work()
    assert fresh(case).state == State.CARRYING_OUT, "a recipient is still to be told"
    refuse(house, case, "ca_7221g_fraud")
    reopen(house, case)
    told_by(SOLD_TO, {"batch": {}})
    house.work()
    assert not Telling.objects.open().filter(case=case).exists()
    assert fresh(case).state == State.CARRYING_OUT
    house.move(case, "note_done", ANALYST, proof="Taken out of the scoring once more.")
    house.work()
    assert fresh(case).outcome == "fulfilled"


def test_recipients_hear_of_a_field_that_is_corrected_after_the_case_was_opened_again(house: House) -> None:
    case = asked(house, PHONE, NAME)
    decide(house, case, 1, "granted", found="1")
    decide(house, case, 2, **ACCURATE)
    house.approve(case)
    assert fresh(case).outcome == "partly_fulfilled"
    reopen(house, case)
    house.move(case, "start_gathering")
    house.work()
    decide(house, case, 1, **ACCURATE)
    decide(house, case, 2, "granted", found="1")
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert customer(house, "phone", "name") == (PHONE.value, NAME.value)
    first, second = lines_for(house, "cardinal-pay-inc")
    assert first["id"] != second["id"]
    assert (first["field"], "Name" in second["field"].split("; ")) == ("Telephone number", True)


def test_recipients_hear_again_of_a_deletion_that_is_made_again_and_the_letter_names_each_once(house: House) -> None:
    case = house.closed(Right.DELETE)
    reopen(house, case)
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    first, second = lines_for(house, "summit-lists-llc")
    assert first["id"] != second["id"]
    letter = case.messages.get(letter=Letter.DELETED, set_aside=False)
    assert letter.text.count(SOLD_TO) == 1


def test_recipients_hear_again_of_a_restriction_that_is_decided_again(house: House) -> None:
    case = answered(house, Right.RESTRICT)
    reopen(house, case)
    house.move(case, "write_answer", ANALYST, text="Done, all of it.", proof="Looked into it.")
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert {(number, state) for _name, number, state in tellings(case)} == {(0, TOLD), (1, TOLD)}
