"""Calendars at the desk: made, proposed with a preview, decided on by a second person."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from requests_app.law.words import DutyKind, Right
from requests_app.models import CalendarChange, CalendarChoice, Case, HouseCalendar
from requests_app.roles import Role
from requests_app.services import calendar_changes, calendars, filling
from requests_app.services.staffing import add_staff
from tests.requests_app.admin.conftest import NOW, PASSWORD, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

LIST = "/admin/requests_app/housecalendar/"
REASON = "Counsel reads the regulation so."


@pytest.fixture
def calendar(desk: Desk) -> HouseCalendar:
    """California's paid holidays, with which nothing counts yet."""
    by = desk.staff[Role.ANALYST].as_actor()
    return calendars.make(desk.organisation, filling.fill("ca_state_paid", [2026, 2027]), by=by, at=NOW)


@pytest.fixture
def analyst(desk: Desk) -> Client:
    return desk.client(Role.ANALYST)


@pytest.fixture
def approver(desk: Desk) -> Client:
    return desk.client(Role.APPROVER)


def page(client: Client, path: str) -> str:
    return unescape(text_of(client, path))


def posted(client: Client, path: str, **values: object) -> str:
    """What comes of a post, after the way it leads."""
    return unescape(client.post(path, values, follow=True).content.decode())


def acknowledged_by(case: Case) -> date:
    return case.duties.get(kind=DutyKind.ACKNOWLEDGE).due_on


def propose_for_ccpa(client: Client, calendar: HouseCalendar) -> CalendarChange:
    """The calendar for the CCPA, proposed at the desk."""
    posted(client, f"{LIST}{calendar.pk}/law/", law="ccpa", reason=REASON, step="propose")
    return CalendarChange.objects.get()


def address_of(change: CalendarChange) -> str:
    return f"{LIST}changes/{change.pk}/"


def days_form(calendar: HouseCalendar, *, days: str | None = None, **changes: object) -> dict[str, object]:
    content = calendar_changes.Content.of(calendar.current)
    usual = {"weekend": ["5", "6"], "days": content.as_text() if days is None else days, "reason": REASON}
    return {**usual, "step": "preview", **changes}


def test_a_preview_shows_each_date_that_would_move_and_proposes_nothing(
    desk: Desk, analyst: Client, calendar: HouseCalendar
) -> None:
    reference = desk.file().reference
    shown = posted(analyst, f"{LIST}{calendar.pk}/law/", law="ccpa", reason=REASON, step="preview")
    assert "1 date in 1 case." in shown
    assert reference in shown
    line = re.search(r"2026-12-07</td>\s*<td[^>]*><b>2026-12-09</b>", shown)
    assert line
    assert "27 November 2026 (Day after Thanksgiving)" in shown
    assert not CalendarChange.objects.exists()


def test_one_proposes_and_another_accepts(
    desk: Desk, analyst: Client, approver: Client, calendar: HouseCalendar
) -> None:
    case = desk.file().cases.get()
    change = propose_for_ccpa(analyst, calendar)
    assert acknowledged_by(case) == date(2026, 12, 7)
    assert "An approver decides on this: ask one." in page(analyst, address_of(change))
    shown = page(approver, address_of(change))
    assert 'value="accept"' in shown
    assert "2026-12-09" in shown
    assert REASON in shown
    assert "Accepted. 1 date was counted anew." in posted(approver, address_of(change), decision="accept")
    assert acknowledged_by(case) == date(2026, 12, 9)
    history = page(analyst, f"/admin/requests_app/case/{case.pk}/change/")
    assert "Date counted anew with a changed calendar" in history
    assert "accepted" in page(analyst, LIST)
    assert "settled already" in posted(approver, address_of(change), decision="accept")


def test_who_proposed_cannot_accept_though_he_is_an_approver(
    desk: Desk, approver: Client, calendar: HouseCalendar
) -> None:
    change = propose_for_ccpa(approver, calendar)
    shown = page(approver, address_of(change))
    assert 'value="accept"' not in shown
    assert 'value="withdraw"' in shown
    assert "Four eyes: you proposed this change yourself." in posted(approver, address_of(change), decision="accept")
    assert not CalendarChoice.objects.exists()
    assert "Withdrawn. Nothing has changed." in posted(approver, address_of(change), decision="withdraw")


def test_a_refusal_needs_its_reason_and_stays_to_be_read(
    analyst: Client, approver: Client, calendar: HouseCalendar
) -> None:
    change = propose_for_ccpa(analyst, calendar)
    assert "Write why" in posted(approver, address_of(change), decision="refuse", reason="")
    shown = posted(approver, address_of(change), decision="refuse", reason="Not before counsel has read it.")
    assert "Refused. Nothing has changed." in shown
    assert "Not before counsel has read it." in page(analyst, address_of(change))
    assert "Choose what is to be done" not in shown


@pytest.mark.parametrize("decision", ["", "nonsense"])
def test_a_decision_that_nobody_knows_changes_nothing(approver: Client, calendar: HouseCalendar, decision: str) -> None:
    change = propose_for_ccpa(approver, calendar)
    assert "Choose what is to be done with this change." in posted(approver, address_of(change), decision=decision)
    change.refresh_from_db()
    assert change.waits


def test_other_days_are_proposed_and_the_difference_is_shown(
    analyst: Client, approver: Client, calendar: HouseCalendar
) -> None:
    days = "\n".join(
        ["2026-11-26 Turkey Day", "2026-12-24 Company day"]
        + [f"{day} {why}" for day, why in calendar.current.holidays.items() if day not in ("2026-11-26", "2026-11-27")]
    )
    form = days_form(calendar, days=days, weekend=["6"])
    assert "No date of an open case." in posted(analyst, f"{LIST}{calendar.pk}/days/", **form)
    shown = posted(analyst, f"{LIST}{calendar.pk}/days/", **{**form, "step": "propose"})
    assert "Proposed. It holds once an approver has accepted it." in shown
    assert "added</span> <b>2026-12-24</b> Company day" in shown
    assert "taken away</span> <b>2026-11-27</b> Day after Thanksgiving" in shown
    assert "renamed</span> <b>2026-11-26</b> Turkey Day" in shown
    assert "Weekend</b> Sunday" in shown
    posted(approver, address_of(CalendarChange.objects.get()), decision="accept")
    assert "Company day" in page(analyst, f"{LIST}{calendar.pk}/change/")


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"days": "2026-02-30 Nothing"}, "Line 1: “2026-02-30” is no date"),
        ({"days": "2026-11-26 One\n2026-11-26 Two"}, "Line 2: 2026-11-26 is there twice."),
        ({"days": "3026-11-26 Far"}, "the year 3026 is out of range"),
        ({"days": "x" * 100_001}, "at most 100000 characters"),
        ({"weekend": [str(day) for day in range(7)]}, "not all seven"),
        ({"weekend": ["7"]}, "Select a valid choice"),
        ({"reason": ""}, "This field is required"),
        ({}, "nothing would change"),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_is_proposed(
    analyst: Client, calendar: HouseCalendar, changes: dict[str, object], because: str
) -> None:
    answer = analyst.post(f"{LIST}{calendar.pk}/days/", days_form(calendar, **{"step": "propose", **changes}))
    assert answer.status_code == 422
    assert because in unescape(answer.content.decode())
    assert not CalendarChange.objects.exists()


def test_more_years_are_filled_into_the_form(analyst: Client, calendar: HouseCalendar) -> None:
    assert "?fill=2030" in page(analyst, f"{LIST}{calendar.pk}/change/")
    shown = page(analyst, f"{LIST}{calendar.pk}/days/?fill=2029")
    assert "2029-11-12 Veterans Day (observed)" in shown
    assert "2030-01-01" not in shown
    assert "2028-" not in page(analyst, f"{LIST}{calendar.pk}/days/?fill=nonsense")


def test_years_that_cannot_be_filled_say_so(desk: Desk, analyst: Client) -> None:
    by = desk.staff[Role.ANALYST].as_actor()
    long = calendars.make(desk.organisation, filling.fill("ca_government_code_6700", [2026]), by=by, at=NOW)
    shown = unescape(analyst.get(f"{LIST}{long.pk}/days/?fill=2040", follow=True).content.decode())
    assert "Lunar New Year is not known here for 2036" in shown


def test_weekdays_only_has_no_days_to_change(desk: Desk, analyst: Client) -> None:
    by = desk.staff[Role.ANALYST].as_actor()
    plain = calendars.make(desk.organisation, filling.fill("weekdays_only", []), by=by, at=NOW)
    assert "/days/" not in page(analyst, f"{LIST}{plain.pk}/change/")
    shown = posted(analyst, f"{LIST}{plain.pk}/days/", **days_form(plain, days="2026-12-24 Company day"))
    assert "what its name says, weekdays only" in shown


NEW = {"first": "2026", "last": "2027"}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"filled_from": "us_federal", **NEW}, "us_federal"),
        ({"filled_from": "place", "place": "DE-BE", **NEW}, "DE-BE"),
        ({"filled_from": "hand", "name": "head_office", "title": "Head office", **NEW}, "head_office"),
    ],
)
def test_a_calendar_is_made(desk: Desk, analyst: Client, values: dict[str, str], name: str) -> None:
    assert "is made." in posted(analyst, f"{LIST}add/", organisation=desk.organisation.pk, **values)
    assert HouseCalendar.objects.get().name == name


@pytest.mark.parametrize(
    ("values", "because"),
    [
        ({"filled_from": "place", "place": "XX", **NEW}, "The holidays of 'XX' are not known"),
        ({"filled_from": "place", "place": "", **NEW}, "are not known"),
        ({"filled_from": "hand", "name": "us_federal", "title": "x", **NEW}, "choose another one"),
        ({"filled_from": "hand", "name": "", "title": "", **NEW}, "Write what the staff call it."),
        ({"filled_from": "ca_state_paid", **NEW}, "There is a calendar of this name already."),
        ({"filled_from": "us_federal", "first": "2028", "last": "2027"}, "The last year comes before the first one."),
        ({"filled_from": "us_federal", "first": "1026", "last": "2027"}, "greater than or equal to 2018"),
        ({"filled_from": "us_federal", "first": "soon", "last": "2027"}, "Enter a whole number"),
        ({"filled_from": "nonsense", **NEW}, "Select a valid choice"),
    ],
)
def test_a_calendar_that_cannot_be_made_says_why(
    desk: Desk, analyst: Client, calendar: HouseCalendar, values: dict[str, str], because: str
) -> None:
    answer = analyst.post(f"{LIST}add/", {"organisation": desk.organisation.pk, **values})
    assert answer.status_code == 422
    assert because in unescape(answer.content.decode())
    assert HouseCalendar.objects.get() == calendar


@pytest.mark.parametrize("path", ["99999/change/", "99999/days/", "99999/law/", "changes/99999/", "nonsense/change/"])
def test_what_is_not_there_is_not_found(approver: Client, path: str) -> None:
    assert approver.get(LIST + path).status_code == 404


def test_an_auditor_reads_and_an_administrator_sees_no_case(
    desk: Desk, analyst: Client, calendar: HouseCalendar
) -> None:
    desk.file()
    change = propose_for_ccpa(analyst, calendar)
    auditor, administrator = desk.client(Role.AUDITOR), desk.client(Role.ADMINISTRATOR)
    assert REASON in page(auditor, LIST)
    assert 'name="decision"' not in page(auditor, address_of(change))
    assert "New calendar" not in page(auditor, LIST)
    assert REASON not in page(administrator, LIST)
    for client in (auditor, administrator):
        assert client.post(f"{LIST}{calendar.pk}/law/", {"law": "house"}).status_code == 403
    assert administrator.post(address_of(change), {"decision": "accept"}).status_code == 403
    posted(auditor, address_of(change), decision="accept")
    change.refresh_from_db()
    assert change.waits


def test_pages_ask_as_often_for_many_as_for_one(desk: Desk, analyst: Client, calendar: HouseCalendar) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            text_of(analyst, path)
        return len(asked)

    change = propose_for_ccpa(analyst, calendar)
    desk.file()
    text_of(analyst, LIST)  # what is asked once a process
    before = [queries(path) for path in (LIST, address_of(change), f"{LIST}{calendar.pk}/change/")]
    by = desk.staff[Role.ANALYST].as_actor()
    for name, law in (("us_federal", "house"), ("IE", "gdpr"), ("DE-BE", "uk_gdpr")):
        calendars.make(desk.organisation, filling.fill(name, [2026]), by=by, at=NOW)
        posted(analyst, f"{LIST}{calendar.pk}/law/", law=law, reason=REASON, step="propose")
        desk.file(Right.DELETE)
    assert [queries(path) for path in (LIST, address_of(change), f"{LIST}{calendar.pk}/change/")] == before


def test_the_first_page_says_which_calendar_ends_soon(desk: Desk, analyst: Client, calendar: HouseCalendar) -> None:
    CalendarChoice.objects.create(organisation=desk.organisation, law="ccpa", calendar=calendar)
    ends = "“California, days on which state offices are closed” ends in 2026: fill it."
    assert ends not in page(analyst, "/admin/")
    calendar.current = calendars.keep(
        calendar_changes.Content(frozenset({5, 6}), {date(2026, 12, 25): "Christmas"}).as_calendar(calendar.name)
    )
    calendar.save()
    assert ends in page(analyst, "/admin/")
    assert ends in page(desk.client(Role.ADMINISTRATOR), "/admin/")
    owner = Client()
    owner.force_login(add_staff("owner", "owner@acorn.example", PASSWORD, [Role.SOURCE_OWNER]))
    assert ends not in page(owner, "/admin/")


@pytest.mark.parametrize(
    ("place", "is_good"), [("IE", True), ("DE-BE", True), ("", True), ("XX", False), ("Berlin", False)]
)
def test_an_administrator_names_the_place(desk: Desk, place: str, is_good: bool) -> None:
    organisation = desk.organisation
    fields = ("display_name", "legal_name", "slug", "postal_address", "contact_email", "policy_url")
    values = {name: getattr(organisation, name) for name in fields}
    address = f"/admin/requests_app/organisation/{organisation.pk}/change/"
    shown = posted(desk.client(Role.ADMINISTRATOR), address, **values, place=place)
    organisation.refresh_from_db()
    assert organisation.place == (place if is_good else "")
    assert ("Please correct the error" in shown) is not is_good
