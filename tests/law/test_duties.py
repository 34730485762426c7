"""What is owed by when, beside which date of the house, and how that was counted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.law import packs
from requests_app.law.calendars import WEEKDAYS_ONLY, Calendar
from requests_app.law.duties import Duty, duties
from requests_app.law.happened import Happened
from requests_app.law.packs import RightNotGiven
from requests_app.law.words import DutyKind, Right, Sureness, Unit
from requests_app.law.workings import Working
from tests.law.made_up import SINCE, a_law

CCPA = packs.law_pack("ccpa")
HOUSE = packs.house()
ADMT = date(2027, 2, 1)
FULL = ["acknowledge", "answer"]
CALIFORNIA = Calendar(
    "california", "1", holidays={date(2026, 11, 26): "Thanksgiving Day", date(2026, 11, 27): "Day after Thanksgiving"}
)


def owed(
    right: Right,
    received: str | date,
    *,
    law: packs.LawPack = CCPA,
    calendar: Calendar = WEEKDAYS_ONLY,
    extended: str | None = None,
) -> dict[DutyKind, Duty]:
    found = duties(
        law,
        right,
        received_on=date.fromisoformat(str(received)),
        calendar=calendar,
        house=HOUSE,
        happened=Happened(extended_on=date.fromisoformat(extended) if extended else None),
    )
    return {duty.kind: duty for duty in found}


@pytest.mark.parametrize(
    ("right", "received", "kinds"),
    [
        (Right.KNOW_CATEGORIES, "2026-11-23", FULL),
        (Right.KNOW_SPECIFIC, "2026-11-23", FULL),
        (Right.PORTABILITY, "2026-11-23", FULL),
        (Right.DELETE, "2026-11-23", [*FULL, "recipients_told"]),
        (Right.CORRECT, "2026-11-23", [*FULL, "recipients_told"]),
        (Right.OPT_OUT_SALE_SHARE, "2026-11-23", ["opt_out_done", "recipients_told"]),
        (Right.LIMIT_SENSITIVE, "2026-11-23", ["opt_out_done", "recipients_told"]),
        (Right.OPT_IN, "2026-11-23", []),
        (Right.ACCESS_AUTOMATED, ADMT, FULL),
        (Right.OPT_OUT_AUTOMATED, ADMT, ["opt_out_done", "recipients_told"]),
        (Right.APPEAL_AUTOMATED, ADMT, FULL),
    ],
)
def test_the_duties_that_california_knows(right: Right, received: str | date, kinds: list[str]) -> None:
    assert list(owed(right, received)) == kinds


@pytest.mark.parametrize(
    ("received", "due", "because"),
    [
        ("2026-01-05", "2026-02-19", "45 calendar days"),
        ("2024-01-16", "2024-03-01", "29 February counts as a day"),
        ("2026-03-07", "2026-04-21", "the clocks go forward inside: dates are counted, not hours"),
        ("2026-10-15", "2026-11-29", "a Sunday: California does not move the date on which we rely"),
        ("2026-11-17", "2027-01-01", "a holiday does not move it either"),
    ],
)
def test_the_answer_is_due(received: str, due: str, because: str) -> None:
    assert owed(Right.DELETE, received)[DutyKind.ANSWER].due_on == date.fromisoformat(due), because


@pytest.mark.parametrize("kind", [DutyKind.ANSWER, DutyKind.RECIPIENTS_TOLD])
@pytest.mark.parametrize(
    ("announced", "due", "target", "because"),
    [
        (None, "2027-01-07", "2026-12-23", "45 days"),
        ("2026-11-23", "2027-02-21", "2027-02-06", "announced with the receipt: 90 days from receipt"),
        ("2027-01-07", "2027-02-21", "2027-02-06", "announced on the last day: still from receipt"),
        ("2027-01-08", "2027-01-07", "2026-12-23", "a late notice changes nothing"),
        ("2026-11-22", "2027-01-07", "2026-12-23", "nothing can be announced before receipt"),
    ],
)
def test_an_extension_counts_from_receipt(
    kind: DutyKind, announced: str | None, due: str, target: str, because: str
) -> None:
    duty = owed(Right.DELETE, "2026-11-23", extended=announced)[kind]
    assert (duty.due_on, duty.target_on) == (date.fromisoformat(due), date.fromisoformat(target)), because


def test_an_extension_moves_no_opt_out_and_no_receipt_notice() -> None:
    for right in (Right.DELETE, Right.OPT_OUT_SALE_SHARE):
        plain, extended = owed(right, "2026-11-23"), owed(right, "2026-11-23", extended="2026-11-24")
        for kind in (DutyKind.ACKNOWLEDGE, DutyKind.OPT_OUT_DONE):
            assert plain.get(kind) == extended.get(kind)


@pytest.mark.parametrize(
    ("right", "kind", "due", "target"),
    [
        (Right.DELETE, DutyKind.ACKNOWLEDGE, "2026-12-07", "2026-11-28"),
        (Right.DELETE, DutyKind.ANSWER, "2027-01-07", "2026-12-23"),
        (Right.OPT_OUT_SALE_SHARE, DutyKind.OPT_OUT_DONE, "2026-12-14", "2026-12-03"),
        (Right.OPT_OUT_SALE_SHARE, DutyKind.RECIPIENTS_TOLD, "2026-12-14", "2026-12-03"),
    ],
)
def test_the_house_has_an_earlier_date_of_its_own(right: Right, kind: DutyKind, due: str, target: str) -> None:
    duty = owed(right, "2026-11-23")[kind]
    assert (duty.due_on, duty.target_on) == (date.fromisoformat(due), date.fromisoformat(target))


def test_the_own_date_is_a_day_before_the_legal_one_at_the_latest() -> None:
    assert owed(Right.DELETE, "2026-11-23", law=a_law())[DutyKind.ANSWER].target_on == date(2026, 12, 2)


@pytest.mark.parametrize(
    ("law", "received", "due", "target", "because"),
    [
        ("gdpr", "2026-11-23", "2026-12-23", "2026-12-22", "a month of 30 days"),
        ("gdpr", "2027-02-01", "2027-03-01", "2027-02-28", "a month of 28 days"),
        ("gdpr", "2026-12-01", "2027-01-01", "2026-12-31", "a month of 31 days"),
        (
            "uk_gdpr",
            "2026-11-23",
            "2026-12-23",
            "2026-12-22",
            "the month may begin with receipt itself",
        ),
        ("shine_the_light", "2026-11-23", "2026-12-23", "2026-12-22", "30 days"),
        ("pipeda", "2026-11-23", "2026-12-23", "2026-12-22", "30 days"),
    ],
)
def test_where_the_law_gives_a_month_the_own_date_is_earlier_too(
    law: str, received: str, due: str, target: str, because: str
) -> None:
    right = Right.SHINE_THE_LIGHT if law == "shine_the_light" else Right.KNOW_SPECIFIC
    duty = owed(right, received, law=packs.law_pack(law))[DutyKind.ANSWER]
    assert (duty.due_on, duty.target_on) == (date.fromisoformat(due), date.fromisoformat(target)), because


def test_without_an_own_date_it_is_the_day_before_the_legal_one() -> None:
    before_the_house = owed(Right.DELETE, "2019-12-02", law=a_law(**_older_law()))[DutyKind.ANSWER]
    assert (before_the_house.target_on, before_the_house.due_on) == (date(2019, 12, 11), date(2019, 12, 12))


@given(
    st.sampled_from([(pack, right) for pack in packs.all_packs().values() for right in sorted(pack.all_rights)]),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.integers(0, 40) | st.none(),
)
def test_every_date_of_the_house_is_before_the_law_s_unless_that_is_at_once(
    asked: tuple[packs.LawPack, Right], received_on: date, extended_after: int | None
) -> None:
    pack, right = asked
    if not pack.gives(right, received_on):
        return
    extended_on = None if extended_after is None else received_on + timedelta(days=extended_after)
    happened = Happened(extended_on=extended_on, refused=True)
    for duty in duties(pack, right, received_on=received_on, calendar=WEEKDAYS_ONLY, house=HOUSE, happened=happened):
        at_once = duty.due_on - received_on <= timedelta(days=1)
        assert received_on <= duty.target_on
        assert duty.target_on == duty.due_on if at_once else duty.target_on < duty.due_on, duty


def _older_law() -> dict[str, list[dict[str, object]]]:
    old = SINCE | {"since": date(2019, 1, 1)}
    right = {"right": "delete", "slugs": ["erasure"], "route": "full", "name": {"en": "a", "es": "b"}}
    return {
        "rights": [{**right, "explanation": {"en": "a", "es": "b"}, **old}],
        "response_days": [{"value": 10, "rights": "all", **old}],
        "duties": [{"kind": "answer", "period": "response_days", "rights": ["delete"], **old}],
        "degrees": [{"degree": "none", "rights": ["delete"], **old}],
    }


def test_a_period_may_be_counted_in_months() -> None:
    law = a_law(
        record_keeping_months=[{"value": 1, "rights": "all", **SINCE}],
        duties=[{"kind": "answer", "period": "record_keeping_months", "rights": ["delete"], **SINCE}],
    )
    duty = owed(Right.DELETE, "2026-01-31", law=law)[DutyKind.ANSWER]
    assert duty.due_on == date(2026, 2, 28)
    assert "; 1 month (Made-up Act s.1); due on 28 February 2026." in duty.working.sentence("en")
    assert "; 1 mes (Made-up Act s.1); vence el 28 de febrero de 2026." in duty.working.sentence("es")


def test_a_duty_is_as_sure_as_the_weaker_of_rule_and_figure() -> None:
    told = owed(Right.DELETE, "2026-11-23")[DutyKind.RECIPIENTS_TOLD]
    assert told.sureness is Sureness.INTERPRETATION
    assert told.citation == "Civ. Code 1798.105(c)(1); 11 CCR 7022(b)"
    memory = a_law(response_days=[{"value": 10, "rights": "all", **SINCE, "sureness": "from_memory"}])
    assert owed(Right.DELETE, "2026-11-23", law=memory)[DutyKind.ANSWER].sureness is Sureness.FROM_MEMORY


def test_a_right_that_the_law_does_not_give_has_no_duties_but_an_error() -> None:
    with pytest.raises(RightNotGiven, match="since 1 January 2020, not to what was received on 31 December 2019"):
        owed(Right.DELETE, "2019-12-31")


def test_the_working_is_a_sentence_for_staff_and_person() -> None:
    working = owed(Right.KNOW_SPECIFIC, "2026-11-23")[DutyKind.ANSWER].working
    assert working.sentence("en") == (
        "Received on 23 November 2026; 45 calendar days (Civ. Code 1798.130(a)(2)(A)); due on 7 January 2027."
    )
    assert working.sentence("es-mx") == (
        "Recibida el 23 de noviembre de 2026; 45 días naturales (Civ. Code 1798.130(a)(2)(A));"
        " vence el 7 de enero de 2027."
    )


def test_what_the_policy_itself_promises_is_cited_in_the_language_of_the_working() -> None:
    working = owed(Right.INQUIRY, "2026-11-23", law=HOUSE)[DutyKind.ANSWER].working
    assert "(Privacy policy, general part)" in working.sentence()
    assert "(Política de privacidad, parte general)" in working.sentence("es")


def test_the_working_names_the_days_that_do_not_count() -> None:
    working = owed(Right.DELETE, "2026-11-20", calendar=CALIFORNIA)[DutyKind.ACKNOWLEDGE].working
    assert working.sentence() == (
        "Received on 20 November 2026; 10 business days (11 CCR 7021(a)), not counting 6 weekend days,"
        " 26 November 2026 (Thanksgiving Day) and 27 November 2026 (Day after Thanksgiving); due on 8 December 2026."
    )
    assert working.sentence("es") == (
        "Recibida el 20 de noviembre de 2026; 10 días hábiles (11 CCR 7021(a)), sin contar 6 días de fin de semana,"
        " el 26 de noviembre de 2026 (Thanksgiving Day) y el 27 de noviembre de 2026 (Day after Thanksgiving);"
        " vence el 8 de diciembre de 2026."
    )


def test_the_working_names_the_extension() -> None:
    working = owed(Right.DELETE, "2026-11-23", extended="2027-01-05")[DutyKind.ANSWER].working
    assert working.sentence("en") == (
        "Received on 23 November 2026; extended on 5 January 2027 to 90 calendar days in all"
        " (Civ. Code 1798.130(a)(2)(A), 1798.145(h)(1)); due on 21 February 2027."
    )
    assert "prorrogada el 5 de enero de 2027 hasta 90 días naturales en total" in working.sentence("es")


def test_one_weekend_day_is_one() -> None:
    working = Working(
        date(2026, 11, 27), "r", "c", 1, Unit.BUSINESS_DAYS, ((date(2026, 11, 28), "weekend"),), date(2026, 11, 29)
    )
    assert "1 business day (c), not counting 1 weekend day; due" in working.sentence("en")
    assert "1 día hábil (c), sin contar 1 día de fin de semana; vence" in working.sentence("es")


@pytest.mark.parametrize("extended", [None, "2027-01-05"])
def test_the_working_is_kept_as_data(extended: str | None) -> None:
    for duty in owed(Right.DELETE, "2026-11-23", calendar=CALIFORNIA, extended=extended).values():
        assert Working.from_data(duty.working.as_data()) == duty.working


def test_the_same_duties_come_from_the_pinned_text_of_the_pack() -> None:
    again = packs.pack_from_text(CCPA.canonical_text)
    assert owed(Right.DELETE, "2026-11-23", law=again) == owed(Right.DELETE, "2026-11-23")


def test_the_house_answers_in_thirty_days_and_acknowledges_no_sooner_than_ten_business_days() -> None:
    found = owed(Right.DELETE, "2026-11-23", law=HOUSE, extended="2026-11-24")
    assert {kind: duty.due_on for kind, duty in found.items()} == {
        DutyKind.ACKNOWLEDGE: date(2026, 12, 7),
        DutyKind.ANSWER: date(2026, 12, 23),
        DutyKind.RECIPIENTS_TOLD: date(2026, 12, 23),
    }
    assert {duty.law for duty in found.values()} == {"house"}
