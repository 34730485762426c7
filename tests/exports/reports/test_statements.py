"""A person's statement on what was not corrected, in the case report: that it was filed, and not what it says."""

from __future__ import annotations

import pytest
from django.utils import timezone

from exports.reports.case_report import report_html
from requests_app.law.words import Right
from requests_app.ports import work
from requests_app.services import statements
from tests.exports.house import House, fresh

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

FIELD, TEXT = "shop.customers.phone", "Nobody ever called me under that number."


def test_the_report_says_that_it_was_filed_and_nothing_of_its_words(house: House) -> None:
    case = house.reviewing(Right.CORRECT, correct_field=FIELD, correct_value="+1 530 555 0123")
    house.move(case, "refuse", code="ca_106_accurate", explanation="Your bank confirmed it.", reason="Looked at.")
    statements.file_statement(case.pk, number=1, text=TEXT, is_to_pass_on=True, at=timezone.now())
    report = report_html(fresh(case))
    said = "<strong>Statement of the person</strong> on shop · customers · phone, filed on 23 November 2026"
    assert f"{said}; to be passed on." in report
    assert TEXT not in report


def test_those_to_whom_the_item_is_disclosed_are_those_in_the_register_of_its_source(house: House) -> None:
    names = work().disclosed_to(FIELD)
    assert "Summit Lists LLC" in names
    assert len(names) == len(set(names))
    assert work().disclosed_to("no_such_source.customers.phone") == ()
