"""When periods begin, stand still and end, each law by its own rules (rulebook 3, 4.2, 5.11)."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law import packs
from requests_app.law.calendars import WEEKDAYS_ONLY, Calendar, next_working_day
from requests_app.law.duties import Duty, duties
from requests_app.law.extension import ExtensionNotAllowed, may_extend
from requests_app.law.happened import Happened
from requests_app.law.words import DutyKind, Right
from requests_app.law.workings import Working

EU, UK = packs.law_pack("gdpr"), packs.law_pack("uk_gdpr")
STL = packs.law_pack("shine_the_light")
BERLIN = Calendar(
    "DE-BE",
    "1",
    holidays={date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Easter Monday", date(2026, 12, 25): "Christmas"},
)
ENGLAND = Calendar(
    "GB-ENG",
    "1",
    holidays={date(2026, 12, 25): "Christmas Day", date(2026, 12, 28): "Boxing Day", date(2026, 5, 25): "Bank holiday"},
)


def day(text: str) -> date:
    return date.fromisoformat(text)


def answer(
    law: packs.LawPack, right: Right, received: str, *, calendar: Calendar = WEEKDAYS_ONLY, **happened: str
) -> Duty:
    """The duty to answer; what happened is given as dates."""
    told = Happened(**{name: day(value) for name, value in happened.items()})  # type: ignore[arg-type]
    owed = duties(law, right, received_on=day(received), calendar=calendar, house=packs.house(), happened=told)
    return next(duty for duty in owed if duty.kind is DutyKind.ANSWER)


@pytest.mark.parametrize(
    ("received", "due", "extended", "because"),
    [
        ("2026-03-05", "2026-04-07", "2026-06-05", "5 April is Easter Sunday, 6 April Easter Monday"),
        ("2026-03-03", "2026-04-07", "2026-06-03", "Good Friday, then the weekend and Easter Monday"),
        ("2026-01-31", "2026-03-02", "2026-04-30", "28 February is a Saturday; three months are counted from receipt"),
        ("2026-08-31", "2026-09-30", "2026-11-30", "no 31st in September"),
        ("2026-11-25", "2026-12-28", "2027-02-25", "Christmas on a Friday"),
    ],
)
def test_a_month_ends_on_a_working_day_of_the_place(received: str, due: str, extended: str, because: str) -> None:
    assert answer(EU, Right.KNOW_SPECIFIC, received, calendar=BERLIN).due_on == day(due), because
    later = answer(EU, Right.KNOW_SPECIFIC, received, calendar=BERLIN, extended_on=received)
    assert later.due_on == day(extended), because


def test_a_moved_end_says_from_which_days_it_moved() -> None:
    working = answer(EU, Right.DELETE, "2026-03-05", calendar=BERLIN).working
    assert working.moved == ((date(2026, 4, 5), "weekend"), (date(2026, 4, 6), "Easter Monday"))
    assert working.sentence("en") == (
        "Received on 5 March 2026; 1 month (Art. 12(3)-(4); Reg. 1182/71 Art. 3); due on 7 April 2026, since it can't"
        " end on 1 weekend day and 6 April 2026 (Easter Monday)."
    )
    assert "pues no puede terminar 1 día de fin de semana y el 6 de abril de 2026" in working.sentence("es")
    assert Working.from_data(working.as_data()) == working


def test_a_working_day_does_not_move() -> None:
    assert next_working_day(date(2026, 4, 7), BERLIN) == (date(2026, 4, 7), (), ())


def test_in_the_uk_the_month_begins_when_the_identity_that_was_asked_for_is_shown() -> None:
    asked = {"identity_asked_on": "2026-03-12", "identity_shown_on": "2026-03-25"}
    owed = answer(UK, Right.KNOW_SPECIFIC, "2026-03-10", calendar=ENGLAND, **asked)
    assert owed.due_on == date(2026, 4, 27)
    assert "; the period began on 25 March 2026, when identity was shown;" in owed.working.sentence("en")
    assert "; el plazo empezó el 25 de marzo de 2026, cuando se demostró la identidad;" in owed.working.sentence("es")
    assert Working.from_data(owed.working.as_data()) == owed.working


@pytest.mark.parametrize(
    ("happened", "start"),
    [
        ({}, "2026-03-10"),
        ({"identity_asked_on": "2026-03-12"}, "2026-03-10"),
        ({"fee_asked_on": "2026-03-12", "fee_paid_on": "2026-03-20"}, "2026-03-20"),
        (
            {
                "identity_asked_on": "2026-03-11",
                "identity_shown_on": "2026-03-18",
                "fee_asked_on": "2026-03-11",
                "fee_paid_on": "2026-03-14",
            },
            "2026-03-18",
        ),
        ({"identity_asked_on": "2026-03-09", "identity_shown_on": "2026-03-09"}, "2026-03-10"),
        ({"identity_shown_on": "2026-03-18", "fee_paid_on": "2026-03-14"}, "2026-03-10"),
    ],
    ids=["at receipt", "not while it is out", "fee", "the latest of all", "never before receipt", "never asked"],
)
def test_the_relevant_time(happened: dict[str, str], start: str) -> None:
    assert answer(UK, Right.DELETE, "2026-03-10", **happened).working.runs_from == day(start)


def test_before_february_2026_the_uk_month_ran_from_receipt() -> None:
    asked = {"identity_asked_on": "2026-02-05", "identity_shown_on": "2026-02-20"}
    owed = answer(UK, Right.KNOW_SPECIFIC, "2026-02-04", **asked)
    assert (owed.due_on, owed.defensible_due_on) == (date(2026, 3, 4), date(2026, 3, 20))


@pytest.mark.parametrize(
    ("right", "due"),
    [(Right.KNOW_SPECIFIC, "2026-07-08"), (Right.DELETE, "2026-07-01"), (Right.PORTABILITY, "2026-07-01")],
)
def test_in_the_uk_only_access_stands_still_while_it_is_clarified(right: Right, due: str) -> None:
    asked = {"clarification_asked_on": "2026-06-04", "clarification_answered_on": "2026-06-10"}
    assert answer(UK, right, "2026-06-01", **asked).due_on == day(due)


@pytest.mark.parametrize(
    ("earlier", "due", "because"),
    [
        (("2026-06-05", "2026-06-05"), "2026-07-03", "a day each"),
        (("2026-06-09", "2026-06-09"), "2026-07-02", "the same day"),
        (("2026-06-08", "2026-06-09"), "2026-07-03", "the ninth is left out once"),
    ],
)
def test_every_question_stops_the_clock_anew(earlier: tuple[str, str], due: str, because: str) -> None:
    told = Happened(
        earlier_clarifications=((day(earlier[0]), day(earlier[1])),),
        clarification_asked_on=day("2026-06-09"),
        clarification_answered_on=day("2026-06-09"),
    )
    owed = duties(
        UK, Right.KNOW_SPECIFIC, received_on=day("2026-06-01"), calendar=ENGLAND, house=packs.house(), happened=told
    )
    assert owed[0].due_on == day(due), because


def test_a_pause_is_told_with_its_days() -> None:
    asked = {"clarification_asked_on": "2026-06-04", "clarification_answered_on": "2026-06-10"}
    working = answer(UK, Right.KNOW_SPECIFIC, "2026-06-01", **asked).working
    assert "not counting the 7 days from 4 June 2026 to 10 June 2026, waiting for a clarification" in working.sentence(
        "en"
    )
    assert "sin contar los 7 días del 4 de junio de 2026 al 10 de junio de 2026" in working.sentence("es")
    assert Working.from_data(working.as_data()) == working


@pytest.mark.parametrize(
    "happened",
    [
        {"clarification_asked_on": "2026-06-04"},
        {"clarification_answered_on": "2026-06-10"},
        {"clarification_asked_on": "2026-06-10", "clarification_answered_on": "2026-06-04"},
    ],
    ids=["still out", "never asked", "answered before it was asked"],
)
def test_without_a_question_and_its_answer_no_day_is_left_out(happened: dict[str, str]) -> None:
    assert answer(UK, Right.KNOW_SPECIFIC, "2026-06-01", **happened).due_on == date(2026, 7, 1)


def test_under_the_gdpr_a_suspension_is_shown_beside_the_date_to_which_work_goes() -> None:
    asked = {"identity_asked_on": "2026-06-03", "identity_shown_on": "2026-06-12"}
    owed = answer(EU, Right.DELETE, "2026-06-01", **asked)
    assert (owed.due_on, owed.defensible_due_on) == (date(2026, 7, 1), date(2026, 7, 13))
    assert answer(EU, Right.DELETE, "2026-06-01").defensible_due_on is None


def test_california_stops_for_nothing() -> None:
    everything = {
        "identity_asked_on": "2026-09-03",
        "identity_shown_on": "2026-10-05",
        "clarification_asked_on": "2026-09-04",
        "clarification_answered_on": "2026-09-20",
        "fee_asked_on": "2026-09-20",
        "fee_paid_on": "2026-09-21",
    }
    owed = answer(packs.law_pack("ccpa"), Right.KNOW_SPECIFIC, "2026-09-01", **everything)
    assert (owed.due_on, owed.defensible_due_on) == (date(2026, 10, 16), None)


def test_in_the_uk_the_limit_for_the_extension_runs_from_the_relevant_time_too() -> None:
    told = Happened(identity_asked_on=day("2026-03-12"), identity_shown_on=day("2026-03-25"))

    def extended(on: str) -> date:
        return may_extend(
            UK,
            Right.KNOW_SPECIFIC,
            received_on=day("2026-03-10"),
            on=day(on),
            already_extended=False,
            calendar=ENGLAND,
            happened=told,
        )

    assert extended("2026-04-20") == date(2026, 6, 25)
    with pytest.raises(ExtensionNotAllowed, match=r"run from 25 March 2026 to 27 April 2026"):
        extended("2026-04-28")


@pytest.mark.parametrize(("designated", "due"), [(True, "2026-12-23"), (False, "2027-04-22")])
def test_shine_the_light_has_longer_where_it_went_to_another_contact(designated: bool, due: str) -> None:
    (owed,) = duties(
        STL,
        Right.SHINE_THE_LIGHT,
        received_on=day("2026-11-23"),
        calendar=WEEKDAYS_ONLY,
        house=packs.house(),
        happened=Happened(at_designated_contact=designated),
    )
    assert owed.due_on == day(due)


def test_what_is_due_at_once_is_told_so() -> None:
    (owed,) = duties(EU, Right.OBJECT_MARKETING, received_on=day("2026-11-23"), calendar=BERLIN, house=packs.house())
    assert (owed.kind, owed.due_on) == (DutyKind.OPT_OUT_DONE, date(2026, 11, 23))
    assert owed.working.sentence("en") == "Received on 23 November 2026; at once (Art. 21(3)); due on 23 November 2026."


@pytest.mark.parametrize(("refused", "owed"), [(False, False), (True, True)])
def test_the_opt_out_is_owed_with_a_refused_deletion(refused: bool, owed: bool) -> None:
    found = duties(
        packs.law_pack("ccpa"),
        Right.DELETE,
        received_on=day("2026-11-23"),
        calendar=WEEKDAYS_ONLY,
        house=packs.house(),
        happened=Happened(refused=refused),
    )
    assert (DutyKind.OPT_OUT_OFFERED in {duty.kind for duty in found}) is owed
