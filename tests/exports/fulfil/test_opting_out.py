"""Opting out: flags set in every source that carries them out, recipients told, closed by itself."""

from __future__ import annotations

import hashlib
import json

import pytest

from exports.fulfil import tell_recipients
from exports.models import Act, RecipientTold
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.states import State
from tests.exports.house import NOW, House, facts_of, fresh, person

pytestmark = pytest.mark.django_db(databases="__all__")


def test_an_opt_out_is_in_force_in_the_sources_and_closes_by_itself(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert house.sql("shop", "SELECT sale_opt_out FROM customers WHERE id = 7") == [(1,)]
    proof = {act.source.slug: act.proof for act in Act.objects.filter(case=case).select_related("source")}
    assert proof == {"shop": {"customers": {"rows": 1}}, "web_log": {}}


def test_an_account_number_that_came_with_it_is_looked_for_too(house: House) -> None:
    who = person("LO-100102")
    case = house.file(
        Right.OPT_OUT_SALE_SHARE, who=who, email="elsewhere@post.example", account_number=who.account_no
    ).cases.get()
    house.work()
    assert house.sql("shop", "SELECT sale_opt_out FROM customers WHERE account_no = ?", who.account_no) == [(1,)]
    assert fresh(case).state == State.CLOSED


def test_somebody_unknown_opts_out_all_the_same(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE, email="nobody@post.example").cases.get()
    house.work()
    assert fresh(case).state == State.CLOSED
    assert Act.objects.get(case=case, source__slug="shop").proof == {"customers": {"rows": 0}}


def test_those_to_whom_data_is_sold_or_shared_are_told_and_others_are_not(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    told = dict(RecipientTold.objects.filter(case=case).values_list("recipient", "relation"))
    assert told == {"Summit Lists LLC": "sold", "Brightpath Media LLC": "shared"}
    assert {fact["recipient"] for fact in facts_of(case, EventKind.RECIPIENT_TOLD)} == {
        "summit-lists-llc",
        "brightpath-media-llc",
    }


def test_a_recipient_finds_one_instruction_a_case_in_the_batch_of_the_day(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    batch = house.data / "recipients" / "summit-lists-llc" / "2026-11-23"
    (path,) = batch.iterdir()
    assert json.loads(path.read_text()) == {
        "instruction": "opt_out_sale_share",
        "email_sha256": hashlib.sha256(str(person().email).encode()).hexdigest(),
        "received_on": "2026-11-23",
        "reference": case.submission.reference,
    }
    assert str(person().email) not in path.read_text()


def test_telling_twice_is_telling_once(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    (recipient,) = (
        found
        for found in tell_recipients.recipients_to_tell(case, case.received_on())
        if found.name == "Summit Lists LLC"
    )
    folder = house.data / "recipients" / "summit-lists-llc" / "2026-11-23"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    batch = tell_recipients.write_instruction(case, recipient, at=NOW)
    tell_recipients.note_told(case, recipient, batch, at=NOW)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert RecipientTold.objects.filter(case=case, recipient=recipient.name).count() == 1
    assert len(facts_of(case, EventKind.RECIPIENT_TOLD)) == 2


def test_a_deletion_is_passed_on_to_everybody_who_received_the_data(house: House) -> None:
    case = house.closed(Right.DELETE)
    assert RecipientTold.objects.filter(case=case).count() == 4


def test_a_correction_is_passed_on_to_those_who_process_for_us(house: House) -> None:
    case = house.closed(Right.CORRECT, correct_field="shop.customers.phone", correct_value="+1 530 555 0123")
    assert set(RecipientTold.objects.filter(case=case).values_list("relation", flat=True)) == {"service_provider"}


def test_a_right_for_which_no_source_has_a_flag_is_answered_all_the_same(house: House) -> None:
    case = house.file(Right.LIMIT_SENSITIVE).cases.get()
    house.work()
    assert fresh(case).state == State.CLOSED
    assert [act.proof for act in Act.objects.filter(case=case)] == [{}, {}]
