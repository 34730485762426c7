"""The figures of a year: every case once in each of its laws' reports, by how it ended, and the days to the answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import TimeMachineFixture

from requests_app import ports
from requests_app.law.words import Right
from requests_app.law.yearly import DENIED, Ended, Figures
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services import closing, metrics, metrics_tables
from requests_app.services.metrics import FiguresRefused, YearReport
from requests_app.states import State
from tests.requests_app.company import Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    REASON,
    a_case,
    answer,
    case_in,
    days,
    move,
    run_jobs,
    the_organisation,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

WORDS = {"explanation": REASON, "reason": REASON}
NOW = AT + days(30)  # in 2026 still
FRAUD = "ca_7026e_fraud"
NOT_A_CONSUMER = "ca_140_not_consumer"
EXCESSIVE = "ca_145h3_unfounded_excessive"


def report(year: int = 2026, law: str = "", *, at: datetime = NOW) -> YearReport:
    """The figures of the organisation."""
    return metrics.of_year(the_organisation(), year, at=at, law=law)


def figures(right: Right, law: str = "ccpa", year: int = 2026) -> Figures:
    """Those of one right under one law."""
    (found,) = report(year, law).laws
    return found.of_rights[right]


def refused(state: State, code: str, right: Right = Right.DELETE, *, by: Actor = ANALYST, at: datetime = AT) -> Case:
    """A case that was refused."""
    return move(case_in(state, right, at=at), "refuse", by=by, at=at, code=code, **WORDS)


def in_part(at: datetime) -> Case:
    """An answer of which something stayed back."""
    case = case_in(State.DECIDING, Right.DELETE, at=at)
    company = ports.work()
    assert isinstance(company, Company)
    company.kept_back[case.pk] = 1
    move(case, "approve", by=APPROVER, at=at)
    run_jobs(at)
    return case


def withdrawn(at: datetime) -> Case:
    """The person takes it back."""
    case = case_in(State.REVIEWING, Right.DELETE, at=at)
    closing.withdraw(case.pk, at=at)
    return case


def merged(at: datetime) -> Case:
    """Asked for twice; the older request was received the year before."""
    older = case_in(State.REVIEWING, Right.DELETE, at=datetime(2025, 12, 30, 18, 0, tzinfo=UTC))
    return move(case_in(State.REVIEWING, Right.DELETE, at=at), "merge", at=at, into=str(older.pk))


def opened_again(at: datetime) -> Case:
    """Refused by mistake."""
    case = refused(State.REVIEWING, NOT_A_CONSUMER, at=at)
    move(case, "ask_reopening", at=at, reason=REASON)
    return move(case, "reopen", by=APPROVER, at=at)


def sent_on(at: datetime) -> Case:
    """Ours as a service provider only."""
    case = case_in(State.REVIEWING, Right.DELETE, at=at)
    return move(case, "redirect", at=at, to="Birch Bank", contact="privacy@birch.example")


Walk = Callable[[datetime], Case]

ENDINGS: dict[str, tuple[Walk, Ended]] = {
    "asked twice": (merged, Ended.DUPLICATE),
    "deleted": (lambda at: case_in(State.CLOSED, Right.DELETE, at=at), Ended.IN_WHOLE),
    "some kept": (in_part, Ended.IN_PART),
    "not verified": (lambda at: refused(State.VERIFYING, "ca_7021_not_verified", at=at), Ended.NOT_VERIFIABLE),
    "lives elsewhere": (lambda at: refused(State.REVIEWING, NOT_A_CONSUMER, at=at), Ended.NOT_BY_A_CONSUMER),
    "all must be kept": (lambda at: refused(State.DECIDING, "ca_105d8_legal_obligation", at=at), Ended.EXEMPT),
    "excessive": (lambda at: refused(State.DECIDING, EXCESSIVE, by=APPROVER, at=at), Ended.OTHER_GROUND),
    "withdrawn": (withdrawn, Ended.WITHDRAWN),
    "our customer's": (sent_on, Ended.SENT_ON),
    "just received": (lambda at: a_case(Right.DELETE, at=at), Ended.OPEN),
    "being carried out": (lambda at: case_in(State.CARRYING_OUT, Right.DELETE, at=at), Ended.OPEN),
    "opened again": (opened_again, Ended.OPEN),
}


def all_endings() -> None:
    """One of each, a day after the other: a person proves so often in a day only."""
    for day, (walk, _ended) in enumerate(ENDINGS.values()):
        walk(AT + days(day))


@pytest.mark.parametrize("what", ENDINGS)
def test_each_case_is_counted_once_as_what_became_of_it(what: str) -> None:
    walk, ended = ENDINGS[what]
    walk(AT)
    counted = figures(Right.DELETE)
    assert dict(counted.ended) == {ended: 1}
    assert counted.received == (0 if ended == Ended.DUPLICATE else 1)
    assert counted.denied == (1 if ended in DENIED else 0)


def test_what_is_accurate_was_denied_on_another_ground_and_is_not_exempt() -> None:
    refused(State.REVIEWING, "ca_106_accurate", Right.CORRECT)
    assert dict(figures(Right.CORRECT).ended) == {Ended.OTHER_GROUND: 1}


def test_an_opt_out_that_was_refused_for_fraud_is_denied() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    move(case, "refuse_opt_out", by=APPROVER, code=FRAUD, **WORDS)
    counted = figures(Right.OPT_OUT_SALE_SHARE)
    assert (dict(counted.ended), counted.days.median) == ({Ended.OTHER_GROUND: 1}, 0)


def test_received_is_the_sum_of_how_all_ended_but_duplicates() -> None:
    all_endings()
    counted = figures(Right.DELETE)
    assert counted.received == len(ENDINGS) - 1 == 11
    assert counted.denied == 4


# ---- days


def test_days_run_from_receipt_to_the_letter_that_answers_and_no_notice_counts() -> None:
    for taken in (3, 10, 44, 88):
        case = case_in(State.DECIDING, Right.CORRECT)  # its receipt went out on day 0
        if taken > 45:
            move(case, "extend", at=AT + days(5), reason=REASON)
            run_jobs(AT + days(5))
        move(case, "approve", by=APPROVER, at=AT + days(taken))
        run_jobs(AT + days(taken))
    (law,) = report(law="ccpa", at=AT + days(99)).laws
    counted = law.of_rights[Right.CORRECT].days
    assert (len(counted), counted.median, counted.mean) == (4, 27, 36.25)


def test_a_refusal_answers_once_its_letter_is_accepted() -> None:
    refused(State.REVIEWING, "ca_140_not_consumer")
    counted = figures(Right.DELETE)
    assert (counted.denied, len(counted.days), counted.days.median, counted.days.mean) == (1, 0, None, None)
    run_jobs(AT + days(2))
    assert figures(Right.DELETE).days.median == 2


def test_an_opt_out_is_answered_when_it_is_done() -> None:
    a_case(Right.OPT_OUT_SALE_SHARE)
    run_jobs(AT + days(1))
    counted = figures(Right.OPT_OUT_SALE_SHARE)
    assert (dict(counted.ended), counted.days.median) == ({Ended.IN_WHOLE: 1}, 1)


def test_withdrawn_merged_and_sent_on_have_no_days() -> None:
    for walk in (withdrawn, merged, sent_on):
        walk(AT)
    run_jobs(AT + days(1))
    assert len(figures(Right.DELETE).days) == 0


def test_the_days_are_those_of_the_local_date() -> None:
    late = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)  # the evening of the 23rd in California
    case = case_in(State.DECIDING, Right.CORRECT)
    move(case, "approve", by=APPROVER, at=late)
    run_jobs(late)
    assert figures(Right.CORRECT).days.median == 0


# ---- which cases


def test_a_case_under_two_laws_counts_once_in_each_laws_report() -> None:
    the_organisation(laws_everywhere=["gdpr"])
    case_in(State.CLOSED, Right.DELETE)
    found = {law.law: law.of_rights[Right.DELETE].received for law in report().laws}
    assert found == {"ccpa": 1, "gdpr": 1}


def test_two_rights_of_one_message_count_for_each_and_once_for_all_ways_to_know() -> None:
    a_case(Right.KNOW_SPECIFIC, residence="US-CA")
    a_case(Right.KNOW_CATEGORIES, residence="US-CA")
    (law,) = report(law="ccpa").laws
    assert (law.of_rights[Right.KNOW_SPECIFIC].received, law.of_rights[Right.KNOW_CATEGORIES].received) == (1, 1)
    assert law.to_know is not None
    assert law.to_know.received == 2


@pytest.mark.parametrize(
    ("at", "year"),
    [
        (datetime(2026, 1, 1, 7, 59, tzinfo=UTC), 2025),  # New Year's Eve in California
        (datetime(2026, 1, 1, 8, 0, tzinfo=UTC), 2026),
        (datetime(2027, 1, 1, 7, 59, tzinfo=UTC), 2026),
        (datetime(2027, 1, 1, 8, 0, tzinfo=UTC), 2027),
    ],
)
def test_a_request_counts_in_the_year_of_its_receipt_by_our_local_date(at: datetime, year: int) -> None:
    a_case(Right.DELETE, at=at)
    assert [each for each in (2025, 2026, 2027) if figures(Right.DELETE, year=each).received] == [year]


def test_inquiries_are_counted_apart_and_stand_in_no_report() -> None:
    a_case(Right.INQUIRY)
    answer(a_case(Right.INQUIRY))
    found = report()
    assert (found.inquiries, found.laws) == (2, ())


def test_another_organisations_cases_are_not_ours() -> None:
    a_case(Right.DELETE)
    organisation = the_organisation()
    organisation.pk, organisation.slug = None, "birch"
    organisation.save()
    assert metrics.of_year(organisation, 2026, at=NOW).laws == ()


def test_rights_that_nobody_used_stand_there_with_nought() -> None:
    a_case(Right.DELETE)
    counted = figures(Right.LIMIT_SENSITIVE)
    assert (counted.received, counted.days.mean) == (0, None)
    assert Right.ACCESS_AUTOMATED not in report(law="ccpa").laws[0].of_rights  # given from 2027 on


@pytest.mark.parametrize(
    ("law", "said"),
    [
        ("ccpa", "by 1 July 2027 if data of 10,000,000 or more consumers was handled in 2026"),
        ("ccpa", "11 CCR 7102; verified"),
        ("gdpr", "asks for no published figures"),
    ],
)
def test_whether_the_law_asks_to_publish_is_said_with_its_rule(law: str, said: str) -> None:
    (found,) = report(law=law).laws
    assert said in metrics_tables.publishing(found, 2026)


# ---- load


@pytest.mark.parametrize("law", ["", "ccpa"])
def test_the_number_of_queries_does_not_grow_with_the_cases(law: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            report(law=law)
        return len(captured)

    the_organisation()
    none = queries()
    all_endings()
    assert queries() == none == 3  # the factory's own for the organisation among them


def test_the_figures_are_added_up_while_the_rows_stream_by(monkeypatch: pytest.MonkeyPatch) -> None:
    for walk in (withdrawn, sent_on, in_part):
        walk(AT)
    whole = figures(Right.DELETE)
    monkeypatch.setattr(metrics, "AT_A_TIME", 1)
    assert figures(Right.DELETE).ended == whole.ended


# ---- bad input


@pytest.mark.parametrize(
    "text", ["", "soon", "26", "20266", "-2026", "1899", "2200", "\uff12\uff10\uff12\uff16", "2026.0", "0000"]
)
def test_what_is_no_year_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(FiguresRefused, match=r"^This is no year: write one such as 2026\.$"):
        metrics.year_in(text, at=AT)


def test_a_year_that_has_not_begun_is_refused() -> None:
    eve = datetime(2027, 1, 1, 7, 59, tzinfo=UTC)
    with pytest.raises(FiguresRefused, match="The year 2027 has not begun: choose 2026 or an earlier one"):
        metrics.year_in("2027", at=eve)
    assert metrics.year_in("2027", at=eve + timedelta(minutes=1)) == 2027


def test_an_unknown_law_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(FiguresRefused, match="There is no law 'ccppa': use one of ccpa, "):
        report(law="ccppa")


# ---- the command


def printed(*options: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command("metrics", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def some_cases() -> None:
    all_endings()
    a_case(Right.INQUIRY)
    run_jobs(NOW, may_fail=True)


@pytest.mark.usefixtures("some_cases")
def test_text_json_and_csv_hold_the_same_figures_and_nobodys_data(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW)
    texts = {form: printed("--year", "2026", "--format", form) for form in ("text", "json", "csv")}
    rows = list(csv.DictReader(io.StringIO(texts["csv"])))
    of_csv = next(row for row in rows if (row["law"], row["right"]) == ("ccpa", "delete"))
    of_json = next(law for law in json.loads(texts["json"])["laws"] if law["law"] == "ccpa")["rights"]["delete"]
    assert of_csv["received"] == str(of_json["received"]) == "11"
    assert (of_csv["denied"], of_json["denied"], of_json["duplicates"]) == ("4", 4, 1)
    assert float(of_csv["mean_days"]) == pytest.approx(of_json["mean_days"], abs=0.01)
    assert rows[-1]["right"] == "inquiry"
    assert rows[-1]["received"] == "1"
    assert "Received: 11" in texts["text"]
    assert "11 CCR 7102" in texts["text"]
    for text in texts.values():
        assert not [word for word in ("Sam", "sam@", "A-1001", "R-", "Birch Bank") if word in text]


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--year", "soon"], "This is no year: write one such as 2026."),
        (["--year", "2020"], "The year 2020 has not begun: choose 2019 or an earlier one."),
        (["--year", "2019", "--law", "nowhere"], "There is no law 'nowhere'"),
        (["--year", "2019", "--organisation", "birch"], "Say which with --organisation, one of: acorn"),
        (["--year", "2019", "--format", "pdf"], "invalid choice: 'pdf'"),
        ([], "required: --year"),
    ],
)
def test_what_the_command_is_asked_wrongly_it_says_so(options: list[str], said: str) -> None:
    the_organisation()  # for the clock it is New Year's Eve of 2019, in California
    with pytest.raises(CommandError, match=said.replace(".", r"\.")):
        call_command("metrics", *options)


def test_a_year_without_requests_is_one_with_a_page_that_says_so() -> None:
    the_organisation()
    assert "No request was received." in printed("--year", "2019")
