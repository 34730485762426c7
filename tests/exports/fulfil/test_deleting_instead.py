"""What is disputed, deleted in place of its correction: the condition, the act, and what everybody is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml
from django.utils import timezone, translation

from exports.fulfil import staying_corrected
from exports.fulfil.account import account_of
from exports.fulfil.recipients.instruction import instruction_of
from exports.fulfil.schedules import Proposal
from exports.fulfil.tasks import answering
from exports.models import Act, DataSource, SourceRun, TaskState, Telling
from exports.reports.case_report import report_html
from requests_app import stating
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Submission
from requests_app.move import InputRefused
from requests_app.refused_items import refused_items
from requests_app.services import consenting, holds
from requests_app.services.correcting import Correction
from requests_app.services.holds import Asked
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports import tasks
from tests.exports.fulfil.test_schedules import in_force, the_rule
from tests.exports.fulfil.test_several_corrections import (
    ACCURATE,
    NAME,
    PHONE,
    asked,
    customer,
    decide,
    letter_of,
    owners_answer,
    the_owner,
)
from tests.exports.house import ANALYST, APPROVER, NOW, House, facts_of, fresh, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

NO_HARM = {"condition": "no_harm", "shown": "A telephone number that no order needs."}
CONSENT = {"condition": "consent", "shown": "Said so by telephone on 23 November, and signed it."}
GOES = {"verdict": "deleted", "found": "1"}


def test_the_value_is_emptied_where_it_was_chosen_and_nothing_else_changes(house: House) -> None:
    before = house.sql("shop", "SELECT * FROM customers ORDER BY id")
    case = asked(house, PHONE)
    decide(house, case, 1, **GOES, **NO_HARM)
    house.approve(case)
    case = fresh(case)
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    assert customer(house, "phone") == (None,)
    after = house.sql("shop", "SELECT * FROM customers ORDER BY id")
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert len(changed) == 1
    assert sum(one != other for one, other in zip(*changed[0], strict=True)) == 1
    assert Act.objects.get(case=case).proof == {"customers": {"fields": {"phone": 1}, "rows": 1}}


def test_the_letter_says_so_with_the_condition_and_its_citation_in_both_languages(house: House) -> None:
    case = asked(house, PHONE, NAME)
    decide(house, case, 1, **GOES, **CONSENT, explanation="You can type another one in your account.")
    decide(house, case, 2, **ACCURATE)
    house.approve(case)
    assert fresh(case).outcome == "partly_fulfilled"
    letter = letter_of(case, Letter.CORRECTED)
    assert "Telephone number: not corrected, but deleted in Shop, and read back: we hold it there no more." in letter
    assert (
        "deleted instead of corrected where you consent to it, which you did (11 CCR 7023(e)). You can type" in letter
    )
    assert "We did not correct one item, for the reason named above." in letter, "what was deleted is none of it"
    assert CONSENT["shown"] not in letter
    with translation.override("es"):
        told = account_of(case, "es")
    assert told[0].startswith("Teléfono: no se corrigió, sino que se borró en ")
    assert "si usted consiente en ello" in told[1]
    assert "(11 CCR 7023(e))" in told[1]


def test_nothing_of_it_counts_as_denied_and_the_report_shows_the_condition(house: House) -> None:
    case = asked(house, PHONE)
    decide(house, case, 1, **GOES, **NO_HARM)
    house.approve(case)
    case = fresh(case)
    assert refused_items(case) == []
    assert stating.items_of(case) == []
    assert stating.words_allowed(case) is None
    report = report_html(case)
    assert "deleted instead, as the deletion does not negatively impact the person (11 CCR 7023(e))" in report
    history = str(facts_of(case, EventKind.DECIDE_CORRECTION))
    assert "no_harm" in history
    assert not [text for text in (NO_HARM["shown"], str(person().phone)) if text in history + report]


def test_recipients_are_told_to_delete_the_value_and_not_whom_to_ask_for_another(house: House) -> None:
    case = asked(house, PHONE, NAME)
    decide(house, case, 1, **GOES, **NO_HARM)
    decide(house, case, 2, "granted", found="1")
    house.approve(case)
    told = [instruction_of(telling) for telling in Telling.objects.filter(case=case)]
    assert told
    for one in told:
        assert (one["delete_collection"], one["delete_field"]) == ("Customer account", "Telephone number")
        assert (one["collection"], one["field"]) == ("Customer account", "Name")
        assert one["value_from"]


def test_recipients_of_what_was_only_deleted_are_named_no_value(house: House) -> None:
    case = asked(house, PHONE)
    decide(house, case, 1, **GOES, **NO_HARM)
    house.approve(case)
    told = instruction_of(Telling.objects.filter(case=case)[0])
    assert told["delete_field"] == "Telephone number"
    assert not {"collection", "field", "value_from"} & told.keys()


@pytest.mark.parametrize(
    ("typed", "wrong", "sentence"),
    [
        ({**NO_HARM, "found": ""}, "found", "Choose the values that are wrong"),
        ({**NO_HARM, "condition": ""}, "condition", "Choose what lets it be deleted"),
        ({**NO_HARM, "shown": " "}, "shown", "Write why the deletion harms"),
        ({**NO_HARM, "condition": "cheaper"}, "condition", "Please choose one"),
    ],
)
def test_without_a_condition_that_is_shown_nothing_is_decided(
    house: House, typed: dict[str, str], wrong: str, sentence: str
) -> None:
    case = asked(house, PHONE)
    with pytest.raises(InputRefused) as refused:
        decide(house, case, 1, **{**GOES, **typed})
    assert sentence in refused.value.errors[wrong]
    assert not case.correction_decisions.exists()


def test_where_no_law_of_the_case_has_it_it_is_not_offered_and_refused_with_a_sentence(house: House) -> None:
    case = house.deciding(Right.CORRECT, corrections=(PHONE,), residence="US-VA")
    with pytest.raises(InputRefused) as refused:
        decide(house, case, 1, **GOES, **NO_HARM)
    assert "Not every law of this case lets a disputed value be deleted" in refused.value.errors["verdict"]


def test_what_is_empty_or_right_is_not_in_dispute(house: House) -> None:
    case = asked(house, replace(PHONE, value=str(person().phone)))
    with pytest.raises(InputRefused) as refused:
        decide(house, case, 1, **GOES, **NO_HARM)
    assert "nobody disputes it" in refused.value.errors["found"]
    house.sql("shop", "UPDATE customers SET phone = NULL WHERE id = 7")
    empty = asked(house, PHONE)
    with pytest.raises(InputRefused) as refused:
        decide(house, empty, 1, **GOES, **NO_HARM)
    assert "there is nothing to delete" in refused.value.errors["found"]


def test_the_old_value_that_comes_back_raises_an_alarm_and_emptiness_does_not(house: House) -> None:
    old = customer(house, "phone")[0]
    case = asked(house, PHONE)
    decide(house, case, 1, **GOES, **NO_HARM)
    house.approve(case)
    asked(house, PHONE)
    assert not staying_corrected.alarms(case).exists()
    house.sql("shop", "UPDATE customers SET phone = ? WHERE id = 7", old)
    asked(house, PHONE)
    assert staying_corrected.alarms(case).count() == 1


def test_what_changed_since_it_was_decided_is_not_deleted(house: House) -> None:
    case = asked(house, PHONE)
    decide(house, case, 1, **GOES, **NO_HARM)
    house.sql("shop", "UPDATE customers SET phone = '+1 415 555 0777' WHERE id = 7")
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert customer(house, "phone") == ("+1 415 555 0777",)
    assert not Act.objects.filter(case=case).exists()


def test_a_column_that_always_wants_a_value_is_known_when_it_is_decided(house: House) -> None:
    case = asked(house, NAME)
    assert SourceRun.objects.get(case=case, source__slug="shop").never_empty["customers"] == ["name"]
    with pytest.raises(InputRefused) as refused:
        decide(house, case, 1, **GOES, **NO_HARM)
    assert "always wants something in the field Name" in refused.value.errors["found"]


def test_a_column_that_wants_a_value_only_since_then_leaves_every_source_as_it_was(house: House) -> None:
    case = asked(house, NAME, PHONE)
    SourceRun.objects.filter(case=case).update(never_empty={})  # as it was when it was gathered
    before = house.sql("shop", "SELECT * FROM customers ORDER BY id")
    decide(house, case, 1, **GOES, **NO_HARM)
    decide(house, case, 2, "granted", found="1")
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    (back,) = facts_of(case, EventKind.HAND_BACK)
    assert back["because"] == "never_empty"
    assert house.sql("shop", "SELECT * FROM customers ORDER BY id") == before
    assert not Act.objects.filter(case=case).exists()


def test_the_owner_of_a_source_is_asked_to_empty_the_field(house: House) -> None:
    tasks.set_up()
    case = house.reviewing(Right.CORRECT, corrections=(Correction(field="archive.letters.text", value="Better"),))
    house.move(case, "start_gathering")
    house.work()
    owners_answer(house, f"{tasks.HEADER}{person().email},2026-01-01,Wrong,x\n")
    decide(house, case, 1, **GOES, **NO_HARM)
    house.approve(case)
    assert fresh(case).state == State.CARRYING_OUT
    shown = the_owner(house).page
    assert "Empty “text” (Text): nothing takes the place of what stands there." in shown
    assert "Only where it says: Wrong" in shown
    task = tasks.task_of(case)
    answering.finish(task.pk, TaskState.DONE, name="Ann", note="Done.", confirmed=True, by=ANALYST, at=NOW)
    house.work()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert account_of(case, "en")[0].startswith("Text: not corrected, but deleted in Letters archive")


def test_a_consent_of_the_case_page_needs_no_other_proof_and_taken_back_ends_the_decision(house: House) -> None:
    case = asked(house, PHONE)
    consented = {**GOES, "condition": "consent"}
    with pytest.raises(InputRefused):
        decide(house, case, 1, **consented)
    consenting.say_what_may_go(case.pk, {1}, at=NOW)
    with pytest.raises(InputRefused, match="Write why the deletion harms"):
        decide(house, case, 1, **GOES, condition="no_harm")
    decide(house, case, 1, **consented, shown="And by telephone.")
    consenting.say_what_may_go(case.pk, set(), at=NOW)
    with pytest.raises(MoveShut, match="has taken that back"):
        house.approve(case)
    consenting.say_what_may_go(case.pk, {1}, at=NOW)
    decide(house, case, 1, **consented)
    house.approve(case)
    assert fresh(case).outcome == "fulfilled"
    assert customer(house, "phone") == (None,)


def test_who_asks_for_another_does_not_consent_for_that_person(house: House) -> None:
    case = asked(house, PHONE)
    Submission.objects.filter(pk=case.submission_id).update(requester="agent")
    with pytest.raises(MoveShut, match="can't be said here"):
        consenting.say_what_may_go(case.pk, {1}, at=NOW)
    assert not case.corrections.filter(delete_instead_at__isnull=False).exists()


def held_for(house: House) -> None:
    """A hold on the person, wherever their data is."""
    who = frozenset({("email", str(person().email))})
    placed = Asked(kind="legal", matter="Docket 26-101", person=who)
    holds.place(house.organisation, placed, by=ANALYST, at=timezone.now())


def kept_by_the_map(_house: House) -> None:
    """A map by which deletions keep accounts."""
    source = DataSource.objects.get(slug="shop")
    changed = yaml.safe_load(source.map_version.text)
    account = next(one for one in changed["collections"] if one["name"] == "customers")
    account["on_delete"] = {"keep": {"ground": "ca_105d8_legal_obligation", "years": 7}}
    DataSource.set_up(
        yaml.safe_dump(changed, allow_unicode=True),
        read_url_variable=source.read_url_variable,
        write_url_variable=source.write_url_variable,
        position=source.position,
        at=NOW,
    )


def kept_by_a_schedule(_house: House) -> None:
    """A retention schedule for accounts, and the rule by which deletions follow schedules."""
    in_force(Proposal("shop.customers", {"ccpa": "ca_105d8_legal_obligation"}, years=7))
    the_rule()


KEEPING = pytest.mark.parametrize(
    ("keep", "because"),
    [
        (held_for, "A hold keeps"),
        (kept_by_the_map, "The data map or a retention schedule keeps"),
        (kept_by_a_schedule, "The data map or a retention schedule keeps"),
    ],
    ids=["hold", "map", "schedule"],
)


@KEEPING
def test_what_is_kept_from_deletion_is_not_deleted_in_place_of_its_correction(
    house: House, keep: Callable[[House], None], because: str
) -> None:
    before = customer(house, "phone")
    case = asked(house, PHONE)
    keep(house)
    with pytest.raises(InputRefused, match=because):
        decide(house, case, 1, **GOES, **NO_HARM)
    decide(house, case, 1, "granted", found="1")
    house.approve(case)
    assert customer(house, "phone") not in {before, (None,)}, "it can be corrected all the same"


@KEEPING
def test_what_is_kept_since_the_decision_shuts_the_approval_and_since_the_approval_goes_back(
    house: House, keep: Callable[[House], None], because: str
) -> None:
    before = customer(house, "phone")
    decided, approved = asked(house, PHONE), asked(house, PHONE)
    for case in (decided, approved):
        decide(house, case, 1, **GOES, **NO_HARM)
    house.move(approved, "approve", APPROVER)
    keep(house)
    with pytest.raises(MoveShut, match=because):
        house.move(decided, "approve", APPROVER)
    house.work()
    assert customer(house, "phone") == before
    assert fresh(approved).state == State.DECIDING
    decide(house, approved, 1, **ACCURATE)
    house.approve(approved)
    assert fresh(approved).state == State.CLOSED
