"""Bad input to intake and to the moves of the desk: a clear sentence with its rule, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import pytest
from django.apps import apps
from django.db import models

from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Channel
from requests_app.move import InputRefused
from requests_app.roles import PERSON
from requests_app.services.intake import IntakeRefused, receive_submission
from requests_app.states import State
from tests.requests_app.factories import APPROVER, AT, REASON, a_case, an_intake, case_in, days, fresh, move

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.usefixtures("house"), pytest.mark.slow]


def all_rows() -> Mapping[str, int]:
    """How many rows every table has."""
    tables: list[type[models.Model]] = list(apps.get_models())
    return {model._meta.label: model._default_manager.count() for model in tables}


@contextmanager
def nothing_changes(case: Case | None = None) -> Iterator[None]:
    """No row comes or goes, and the case stays as it was."""
    before, version = all_rows(), case and fresh(case).version
    yield
    assert all_rows() == before
    assert (case and fresh(case).version) == version


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        pytest.param(
            {"received_on": date(2026, 11, 24)},
            "received_on",
            ["This day is still to come: give the day on which it arrived.", "Civ. Code 1798.130(a)(2)(A)"],
            id="a day to come",
        ),
        pytest.param(
            {"received_on": date(2019, 12, 31)},
            "rights",
            [
                "not offered where you live. CCPA gives the right to know: specific pieces since 1 January 2020",
                "Civ. Code",
            ],
            id="a day before the law",
        ),
        pytest.param(
            {"rights": (Right.RESTRICT,), "residence": "US-CA", "received_on": date(2019, 12, 31)},
            "rights",
            ["not offered where you live.", "restriction since 1 January 2020", "(Privacy policy"],
            id="a day before the house's own policy",
        ),
        pytest.param(
            {"rights": (Right.APPEAL,)},
            "rights",
            ["One of these rights is not offered where you live. (", "Privacy policy, general part"],
            id="a right that is not offered",
        ),
        pytest.param({"residence": "US-XX"}, "residence", ["Please choose the place where you live."], id="no place"),
        pytest.param(
            {"residence": "US-XX", "received_on": date(2999, 1, 1)},
            "received_on",
            ["This day is still to come: give the day on which it arrived."],
            id="a day to come, nowhere",
        ),
    ],
)
def test_a_request_that_can_t_be_taken_is_refused_with_the_rule(
    changes: dict[str, object], field: str, words: list[str]
) -> None:
    intake = an_intake(*changes.pop("rights", ()), channel=Channel.POST, **changes)  # type: ignore[misc]
    with nothing_changes(), pytest.raises(IntakeRefused) as refused:
        receive_submission(intake, by=PERSON, at=AT)
    for word in words:
        assert word in refused.value.errors[field]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ca_999", "No law of this case knows the ground 'ca_999': choose one of those that are offered"),
        ("ca_105d1_transaction", "is one against deletion, not against know: specific pieces"),
        ("gdpr_12_6_identity", "No law of this case knows the ground 'gdpr_12_6_identity'"),
        ("ca_130a3_security_data", "not one against the whole request"),
        ("", "Please fill this in."),
    ],
)
def test_a_ground_that_does_not_fit_is_refused_with_the_rule(code: str, words: str) -> None:
    case = case_in(State.REVIEWING)
    with nothing_changes(case), pytest.raises(InputRefused) as refused:
        move(case, "refuse", code=code, reason=REASON)
    assert words in refused.value.errors["code"]
    assert "1798." in refused.value.errors["code"] or words.startswith("Please")


def test_a_ground_against_data_has_to_be_one_against_this_data() -> None:
    case = case_in(State.DECIDING)
    with nothing_changes(case), pytest.raises(InputRefused, match=r"not against know.*1798\.105\(d\)\(1\)"):
        move(case, "withhold", finding="1:1", code="ca_105d1_transaction")


@pytest.mark.parametrize("later", [46, 400])
def test_a_late_extension_is_refused_with_the_rule(later: int) -> None:
    case = a_case(Right.DELETE)
    with nothing_changes(case), pytest.raises(MoveShut) as shut:
        move(case, "extend", at=AT + days(later), reason="Many sources.")
    assert "The first 45 calendar days run from 23 November 2026 to 7 January 2027" in shut.value.sentence
    assert "1798.130(a)(2)" in shut.value.citation


def test_an_opt_out_knows_neither_extension_nor_the_grounds_of_others() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    with nothing_changes(case), pytest.raises(MoveShut, match="does not exist for such a request"):
        move(case, "extend", reason="Many sources.")
    with (
        nothing_changes(case),
        pytest.raises(InputRefused, match=r"not against opt-out of sale and sharing.*1798\.105"),
    ):
        move(case, "refuse_opt_out", by=APPROVER, code="ca_105d1_transaction", reason=REASON)
