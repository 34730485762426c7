"""Which calendar a law is counted with, and how calendars are made and filled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from requests_app.law import calendars as law_calendars
from requests_app.law import packs
from requests_app.law.words import DutyKind, Right
from requests_app.models import CalendarChange, CalendarChoice, Case, Duty, FilledFrom, HouseCalendar, Organisation
from requests_app.move import InputRefused
from requests_app.services import calendars, duties, filling
from tests.requests_app.factories import ANALYST, AT, a_case, the_organisation

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]
YEARS = range(2025, 2030)


def a_calendar(name: str = "ca_state_paid", organisation: Organisation | None = None) -> HouseCalendar:
    """A calendar, filled by its law or the library."""
    return calendars.make(organisation or the_organisation(), filling.fill(name, YEARS), by=ANALYST, at=AT)


def choose(law: str, calendar: HouseCalendar) -> None:
    """The calendar for a law, as if two people had chosen it."""
    CalendarChoice.objects.create(organisation=calendar.organisation, law=law, calendar=calendar)


def acknowledged_by(case: Case) -> date:
    """When the receipt has to be acknowledged: ten business days under the CCPA."""
    return case.duties.get(kind=DutyKind.ACKNOWLEDGE).due_on


def with_place(slug: str) -> packs.LawPack:
    """The CCPA's pack as if it were a law whose holidays are those of the place."""
    return replace(packs.law_pack("ccpa"), slug=slug, calendar="place")


@pytest.fixture
def two_laws(monkeypatch: pytest.MonkeyPatch) -> dict[str, packs.LawPack]:
    """Two laws alone, of which the first can be made one of places."""
    laws = {slug: packs.law_pack(slug) for slug in ("ccpa", "house")}
    monkeypatch.setattr(packs, "all_packs", lambda: laws)
    return laws


def versions(organisation: Organisation, *laws: packs.LawPack) -> dict[str, str]:
    return {slug: version.name for slug, version in calendars.counted_with(organisation, laws).items()}


def test_until_another_is_chosen_the_ccpa_counts_every_weekday() -> None:
    a_calendar()
    case = a_case()  # received on Monday, 23 November 2026, the week of Thanksgiving
    assert acknowledged_by(case) == date(2026, 12, 7)
    assert {duty.calendar_version.name for duty in case.duties.all()} == {"weekdays_only"}


def test_a_chosen_calendar_skips_its_holidays_and_the_working_names_them() -> None:
    choose("ccpa", a_calendar())
    case = a_case()
    assert acknowledged_by(case) == date(2026, 12, 9)
    working = case.duties.get(kind=DutyKind.ACKNOWLEDGE).explained()
    assert "26 November 2026 (Thanksgiving Day)" in working
    assert "27 November 2026 (Day after Thanksgiving)" in working


def test_another_organisation_s_choice_concerns_it_alone() -> None:
    other = Organisation.objects.create(slug="elm", legal_name="Elm", display_name="Elm")
    choose("ccpa", a_calendar(organisation=other))
    assert acknowledged_by(a_case()) == date(2026, 12, 7)


@pytest.mark.parametrize(
    ("law", "place", "counted_with"),
    [
        ("gdpr", "IE", "IE"),
        ("gdpr", "DE-BE", "DE-BE"),
        ("gdpr", "FR", "weekdays_only"),  # nobody has filled it
        ("gdpr", "", "weekdays_only"),
        ("uk_gdpr", "", "GB-ENG"),
        ("uk_gdpr", "DE-BE", "GB-ENG"),
        ("uk_gdpr", "GB-SCT", "GB-SCT"),
    ],
)
def test_a_law_of_places_counts_with_the_calendar_of_the_place(law: str, place: str, counted_with: str) -> None:
    organisation = the_organisation(place=place)
    for name in ("IE", "DE-BE", "GB-ENG", "GB-SCT"):
        a_calendar(name)
    assert versions(organisation, with_place(law)) == {law: counted_with}


@pytest.mark.parametrize(
    ("residence", "place", "answered_by", "because"),
    [
        ("DE", "", "2026-12-25", "nobody has said where we act: a Friday is a working day"),
        ("DE", "DE-BE", "2026-12-28", "Christmas on Friday, the second day of Christmas on Saturday"),
        ("GB", "DE-BE", "2026-12-29", "in England, Boxing Day is kept on Monday"),
        ("US-CA", "DE-BE", "2027-01-09", "California counts 45 days, whatever the place"),
    ],
)
def test_the_last_day_of_a_month_moves_over_the_holidays_of_the_place(
    residence: str, place: str, answered_by: str, because: str
) -> None:
    the_organisation(place=place)
    for name in ("DE-BE", "GB-ENG"):
        a_calendar(name)
    case = a_case(at=datetime(2026, 11, 25, 18, tzinfo=UTC), residence=residence)
    leading = case.laws.get(leads=True).law
    answer = case.duties.get(kind=DutyKind.ANSWER, law=leading)
    assert answer.due_on == date.fromisoformat(answered_by), because


def test_a_chosen_calendar_goes_before_the_place() -> None:
    organisation = the_organisation(place="IE")
    a_calendar("IE")
    choose("gdpr", a_calendar("us_federal"))
    ccpa = packs.law_pack("ccpa")
    assert versions(organisation, with_place("gdpr"), ccpa) == {"gdpr": "us_federal", "ccpa": "weekdays_only"}


def test_asking_costs_the_same_for_one_law_and_for_many() -> None:
    organisation = the_organisation(place="IE")
    a_calendar("IE")
    counts = []
    for number in (1, 8):
        laws = [with_place(f"law_{each}") for each in range(number)]
        with CaptureQueriesContext(connection) as queries:
            calendars.counted_with(organisation, laws)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_later_content_never_changes_the_version_that_a_duty_was_counted_with() -> None:
    calendar = a_calendar()
    choose("ccpa", calendar)
    duty = a_case().duties.get(kind=DutyKind.ACKNOWLEDGE)
    calendar.current = calendars.keep(law_calendars.Calendar("ca_state_paid", "another"))
    calendar.save()
    duty.refresh_from_db()
    assert date(2026, 11, 27) in duty.calendar_version.as_calendar().holidays
    assert a_case(Right.DELETE).duties.get(kind=DutyKind.ACKNOWLEDGE).due_on == date(2026, 12, 7)


# ---- making


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"name": ""}, "name"),
        ({"name": "head office"}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": "us_federal"}, "name"),
        ({"name": "here"}, "name"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 101}, "title"),
    ],
)
def test_a_calendar_without_a_good_name_is_refused_and_none_is_made(changes: dict[str, str], at: str) -> None:
    good = filling.Filling("head_office", "Head office", FilledFrom.HAND)
    calendars.make(the_organisation(), replace(good, name="here"), by=ANALYST, at=AT)
    with pytest.raises(InputRefused) as refused:
        calendars.make(the_organisation(), replace(good, **changes), by=ANALYST, at=AT)
    assert list(refused.value.errors) == [at]
    assert HouseCalendar.objects.count() == 1


def test_places_are_named_in_words() -> None:
    assert filling.title_of_place("DE-BE") == "Germany (DE-BE), public holidays"
    assert filling.title_of_place("IE") == "Ireland, public holidays"
    assert filling.title_of_place("GB-SCT") == "Scotland, bank holidays"


@pytest.mark.parametrize("code", ["XX", "DE-QQ", "nonsense", "US_FEDERAL", "IE-", ""])
def test_a_place_that_nobody_knows_is_refused(code: str) -> None:
    assert not filling.is_place(code)
    with pytest.raises(filling.CannotFill, match=r"write a country or region such as IE, DE-BE or GB-ENG"):
        filling.fill(code, YEARS)


def test_what_is_filled_are_dates_as_they_are_kept() -> None:
    federal = filling.fill("us_federal", [2026]).holidays
    assert federal[date(2026, 7, 3)] == "Independence Day (observed)"
    assert filling.fill("GB-ENG", [2026]).holidays[date(2026, 12, 28)] == "Boxing Day (observed)"
    assert date(2026, 3, 8) in filling.fill("DE-BE", [2026]).holidays  # Berlin alone
    assert date(2026, 3, 8) not in filling.fill("DE", [2026]).holidays
    assert filling.fill("weekdays_only", [2026]).holidays == {}


# ---- what needs attention


def warnings(organisation: Organisation, on: date = date(2026, 11, 23)) -> list[str]:
    return [each.sentence for each in calendars.attention(organisation, on)]


@pytest.mark.usefixtures("two_laws")
def test_a_calendar_in_use_that_ends_soon_asks_to_be_filled() -> None:
    calendar = a_calendar()
    assert warnings(the_organisation(), date(2029, 11, 23)) == []  # nothing counts with it
    choose("ccpa", calendar)
    assert warnings(the_organisation(), date(2029, 6, 1)) == []
    (warning,) = warnings(the_organisation(), date(2029, 11, 23))
    assert warning.startswith(
        "The calendar “California, days on which state offices are closed” ends in 2029: fill it."
    )


def test_a_request_beyond_the_last_filled_year_is_received_and_counted_all_the_same() -> None:
    calendar = calendars.make(the_organisation(), filling.fill("ca_state_paid", [2025]), by=ANALYST, at=AT)
    choose("ccpa", calendar)
    assert acknowledged_by(a_case()) == date(2026, 12, 7)


def test_a_law_of_places_without_a_place_or_its_calendar_says_so(two_laws: dict[str, packs.LawPack]) -> None:
    two_laws["ccpa"] = with_place("ccpa")
    organisation = the_organisation()
    (no_place,) = warnings(organisation)
    assert no_place.startswith("CCPA counts with the holidays of the place where you must act: an administrator")
    organisation.place = "IE"
    (no_calendar,) = warnings(organisation)
    assert no_calendar.startswith("CCPA counts with the holidays of IE, and there is no such calendar yet: make it.")
    calendar = a_calendar("IE", organisation)
    assert warnings(organisation) == []
    assert calendars.laws_counted_with(calendar) == ["ccpa"]


# ---- on the command line


def run(*words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    call_command("calendars", *words)
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("two_laws")
def test_filling_makes_the_usual_calendars_and_the_place_s(capsys: pytest.CaptureFixture[str]) -> None:
    the_organisation(place="DE-BE")
    lines = run("fill", "--years", "2025-2027", capsys=capsys)
    names = ["weekdays_only", "us_federal", "ca_state_paid", "ca_government_code_6700", "GB-ENG", "DE-BE"]
    assert [line.partition(":")[0] for line in lines] == names
    assert set(HouseCalendar.objects.values_list("name", flat=True)) == set(names)
    assert lines[0] == "weekdays_only: made, no holidays."
    assert lines[2] == "ca_state_paid: made, 34 days from 2025 to 2027."
    assert not CalendarChoice.objects.exists()
    assert "weekdays_only: Weekdays only; no holidays; ccpa, house." in run("list", capsys=capsys)


def test_filling_what_is_there_proposes_the_new_years_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    calendar = calendars.make(the_organisation(), filling.fill("IE", [2025]), by=ANALYST, at=AT)
    lines = run("fill", "IE", "weekdays_only", "--years", "2025-2026", capsys=capsys)
    change = CalendarChange.objects.get()
    assert lines[0] == f"IE: is there; change {change.pk} waits for an approver in the admin."
    assert (change.proposed_by, change.state) == ("system", "proposed")
    assert "2026-03-17" in change.holidays
    calendar.refresh_from_db()
    assert calendar.ends_in == 2025
    (twice,) = run("fill", "IE", "--years", "2025-2026", capsys=capsys)
    assert "This is proposed already, and waits for an approver." in twice
    assert CalendarChange.objects.get() == change
    (again,) = run("fill", "IE", "--years", "2025", capsys=capsys)
    assert again.startswith("IE: is there and stays as it is.")
    (fixed,) = run("fill", "weekdays_only", capsys=capsys)
    assert fixed == "weekdays_only: is there, and has no holidays."


@pytest.mark.parametrize(
    ("words", "because"),
    [
        (["fill", "--years", "soon"], "--years: write 2027 or 2026-2029"),
        (["fill", "--years", "2029-2026"], "--years: write 2027"),
        (["fill", "--years", "3026"], "between 2018 and 2060"),
        (["fill", "XX"], "not known: write a country"),
        (["fill", "ca_government_code_6700", "--years", "2036"], "Lunar New Year is not known here for 2036"),
        (["list", "--organisation", "nobody"], "one of: acorn"),
    ],
)
def test_a_bad_order_is_refused_with_its_cure_and_nothing_is_made(words: list[str], because: str) -> None:
    the_organisation()
    with pytest.raises(CommandError, match=because):
        call_command("calendars", *words)
    assert not HouseCalendar.objects.exists()


def test_without_an_organisation_it_says_to_add_one() -> None:
    with pytest.raises(CommandError, match="Add the organisation first"):
        call_command("calendars", "fill")


def test_every_duty_is_counted_again_to_the_same_date_from_what_is_pinned() -> None:
    choose("ccpa", a_calendar())
    a_case()
    for duty in Duty.objects.all():
        again = duties.computed(duty.case, duty, duty.pack_version.as_pack(), duty.calendar_version.as_calendar())
        assert (again.due_on, again.target_on) == (duty.due_on, duty.target_on)
