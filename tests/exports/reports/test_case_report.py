"""The case report as text: what an auditor needs to see, as of one event, and nothing of the person."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from dsar.ledger import chains
from exports.reports import case_report
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.services import closing
from tests.exports.house import APPROVER, House, fresh, parts_of, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PHONE = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}


def text_of(case: Case) -> str:
    """The report without markup."""
    page = case_report.report_html(fresh(case))
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))


def check_nothing_personal(text: str) -> None:
    """Neither name nor address nor any other value of the person."""
    for value in (person().name, person().email, person().phone, person().account_no, "+1 530 555 0123"):
        assert str(value) not in text


def test_an_answer_is_told_from_receipt_to_closing(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (part,) = parts_of(case, "shop", "ticket_messages")
    house.move(case, "withhold", finding=f"{part.pk}:0", field="", code="ca_145k_rights_of_others")
    house.move(case, "withhold", finding=f"{part.pk}:1", field="body", code="ca_145k_rights_of_others")
    house.approve(case)
    text = text_of(case)
    for expected in (
        f"Case report {case.submission.reference}",
        "Closed, partly fulfilled",
        "Received on 23 November 2026; 45 calendar days (Civ. Code 1798.130(a)(2)(A)); due on 7 January 2027.",
        "Needed: reasonably high degree of certainty (11 CCR 7062(c)). Reached: reasonably high.",
        "Information was provided 0 of 2 times",
        "Shop: Messages with support 1 record and 1 field Rights of other persons Civ. Code 1798.145(k)",
        "Customer account 1, Addresses 2",
        fresh(case).bundle.manifest_sha256,
        fresh(case).bundle.sha256,
        "Available until 23 December 2026",
        "staff 1",
        "from gathering to deciding",
    ):
        assert expected in text
    check_nothing_personal(text)


def test_the_head_of_the_chain_stands_there_whole(house: House) -> None:
    case = house.closed(Right.KNOW_CATEGORIES)
    head = chains.history(case.chain).last()
    assert head is not None
    text = text_of(case)
    assert head.hash in text
    assert case.chain in text
    assert f"The history of {head.sequence} events was checked link by link and is whole." in text


def test_a_deletion_tells_what_was_done_what_was_kept_and_who_was_told(house: House) -> None:
    text = text_of(house.closed(Right.DELETE))
    for expected in (
        "Shop: Orders 7 records Legal obligation to keep Civ. Code 1798.105(d)(8)",
        "Customer account 1 (de-identified)",
        "Pages visited ",
        "Summit Lists LLC",
        "summit-lists-llc-",
        "/2026-11-23",
    ):
        assert expected in text
    check_nothing_personal(text)


def test_a_correction_tells_the_field_and_not_the_value(house: House) -> None:
    text = text_of(house.closed(Right.CORRECT, **PHONE))
    assert "Field to correct shop · customers · phone" in text
    check_nothing_personal(text)


def test_an_opt_out_says_that_nobody_was_asked_to_prove_anything(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    text = text_of(case)
    assert "Verification may not be asked for this right (11 CCR 7060(b))" in text
    assert "15 business days (11 CCR 7026(f))" in text
    check_nothing_personal(text)


def test_portability_and_categories_have_their_reports(house: House) -> None:
    for right in (Right.PORTABILITY, Right.KNOW_CATEGORIES):
        check_nothing_personal(text_of(house.closed(right)))


def test_a_refusal_tells_ground_citation_and_who(house: House) -> None:
    case = house.reviewing(Right.DELETE)
    house.move(case, "refuse", APPROVER, code="ca_140_not_consumer", reason="Lives in Nevada.")
    house.work()
    text = text_of(case)
    assert "Refused: Not a California resident (Civ. Code 1798.140), by staff 2 on 23 November 2026." in text
    assert "Nevada" not in text, "the written reason stays sealed"
    assert "not owed" in text


def test_codes_of_laws_grounds_and_requesters_are_told_in_words(house: House) -> None:
    case = house.reviewing(Right.DELETE)
    house.move(case, "refuse", APPROVER, code="ca_140_not_consumer", reason="Lives in Nevada.")
    text = text_of(case)
    assert "by: web form; laws: CCPA; received on: 2026-11-23; asked by: the person; right: deletion" in text
    assert "ground: Not a California resident" in text
    assert "ca_140_not_consumer" not in text


def test_a_duplicate_names_the_request_under_which_it_goes_on(house: House) -> None:
    older, newer = house.reviewing(Right.DELETE), house.reviewing(Right.DELETE)
    house.move(newer, "merge", into=str(older.pk))
    assert f"Goes on under {older.submission.reference}, deletion" in text_of(newer)


def test_a_case_that_is_only_received_has_a_report_without_empty_tables(house: House) -> None:
    case = house.file(Right.DELETE).cases.get()
    text = text_of(case)
    assert "No evidence so far." in text
    assert "Nothing was refused, withheld or kept." in text
    for heading in ("Sources", "Carried out", "Bundle"):
        assert heading not in text
    assert "Closed open" in text


def test_a_withdrawn_case_says_so(house: House) -> None:
    case = house.file(Right.DELETE).cases.get()
    closing.withdraw(case.pk, at=timezone.now())
    assert "Closed, withdrawn" in text_of(case)


def test_a_waived_source_is_told_with_who_waived_it(house: House) -> None:
    case = house.reviewing(Right.KNOW_CATEGORIES)
    house.switch_off("web_log")
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="web_log", reason="It burned down.")
    text = text_of(case)
    assert "Website log waived by staff 1" in text
    assert "burned" not in text


def test_a_failure_tells_what_to_do(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    text = text_of(house.closed(Right.DELETE))
    assert "Could not be carried out error: NoWriteAccess; still to be done in: shop" in text
    assert "set the environment variable with its writing URL" in text


def test_the_verdict_on_a_duty_is_that_of_the_last_event_and_not_of_today(house: House) -> None:
    case = fresh(house.file(Right.DELETE).cases.get())
    before = case_report.report_html(case)
    house.shift(timedelta(days=200))
    assert case_report.report_html(fresh(case)) == before
    assert ">late<" not in before
    closing.withdraw(case.pk, at=timezone.now())
    assert ">not owed<" in case_report.report_html(fresh(case))


def test_an_open_duty_whose_day_has_passed_is_late(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.shift(timedelta(days=60))
    house.move(case, "start_gathering")
    assert ">late<" in case_report.report_html(fresh(case))


def test_what_others_were_given_later_does_not_count_then(house: House) -> None:
    other = house.reviewing(Right.KNOW_CATEGORIES)
    case = house.reviewing(Right.KNOW_CATEGORIES)
    before = case_report.report_html(fresh(case))
    house.shift(timedelta(days=1))
    Submission.objects.filter(pk=other.submission_id).update(provided_at=timezone.now())
    assert case_report.report_html(fresh(case)) == before
    house.move(case, "start_gathering")
    assert "Information was provided 1 of 2 times" in text_of(case)


def test_what_others_wrote_stands_there_as_text(house: House) -> None:
    type(house.organisation).objects.update(display_name='<script>alert("1")</script>', legal_name="L" * 200)
    page = case_report.report_html(fresh(house.file(Right.DELETE).cases.get()))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_history_is_checked_when_the_report_is_made(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = house.file(Right.DELETE).cases.get()
    broken = type("Verification", (), {"first_break": "here"})
    monkeypatch.setattr(case_report.verification, "verify", lambda chain: broken)
    assert "The history is broken. Run manage.py verify_audit." in text_of(case)
