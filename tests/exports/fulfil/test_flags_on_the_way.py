"""Flags in sources that know nobody by address or account: what the sources before them give leads there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from dsar.demo.databases import make_database
from dsar.demo.people import RECYCLED, Chosen, Person
from dsar.jobs.models import Job
from dsar.jobs.running import execute
from exports.fulfil import flags_in_force
from exports.fulfil.on_the_way import OnTheWay
from exports.models import Act, DataSource
from exports.sources.errors import SourceUnavailableError
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, Derivation, Identifier, Suppression
from requests_app.services import opting_in
from requests_app.states import State
from tests.exports.fulfil import whole_company
from tests.exports.fulfil.test_gathering import PROCESSOR, load_anew
from tests.exports.fulfil.test_opting_out import code_of
from tests.exports.house import NOW, House, facts_of, fresh, person, remap
from tests.exports.sources import small_company

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

FLAG = "      opt_out_sale_share: {sale_opt_out: true}\n"
BACK = f"{FLAG}      opt_in: {{sale_opt_out: false}}\n"
DEVICE = "{by: device_id, column: device_id}"
OTHER = "LO-100102"
NOTHING = {"web_devices": {"rows": 0, "unreached": True}}


def devices_of(house: House, *people: Person) -> set[object]:
    """Their devices, as the shop has them."""
    numbers = ", ".join(str(one.id) for one in people)
    return {row[0] for row in house.sql("shop", f"SELECT device_id FROM devices WHERE customer_id IN ({numbers})")}


def flagged(house: House) -> set[object]:
    """The devices of which nothing is sold."""
    return {row[0] for row in house.sql("web_log", "SELECT device_id FROM web_devices WHERE sale_opt_out")}


@pytest.fixture
def unflagged(house: House) -> House:
    """A company of which nobody has opted out yet."""
    house.sql("web_log", "UPDATE web_devices SET sale_opt_out = 0")
    return house


def opted_out(house: House, who: Person | None = None, **changes: object) -> Case:
    case = house.file(Right.OPT_OUT_SALE_SHARE, who=who, **changes).cases.get()
    house.work()
    return fresh(case)


def proof_in(case: Case, source: str) -> object:
    return Act.objects.get(case=case, source__slug=source).proof


@pytest.mark.parametrize("named", ["email", "account_number"])
def test_an_opt_out_reaches_the_devices_of_who_is_named_and_of_nobody_else(unflagged: House, named: str) -> None:
    who = person()
    changes = {} if named == "email" else {"email": "elsewhere@post.example", "account_number": who.account_no}
    case = opted_out(unflagged, **changes)
    assert flagged(unflagged) == devices_of(unflagged, who) != set()
    assert proof_in(case, "web_log") == {"web_devices": {"rows": 2}}
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")


def test_the_devices_of_everybody_whom_an_address_may_mean_are_reached(unflagged: House) -> None:
    both = [*map(person, RECYCLED)]
    devices = devices_of(unflagged, person())
    for one, device in zip(both, devices, strict=True):
        unflagged.sql("shop", "UPDATE devices SET customer_id = ? WHERE device_id = ?", one.id, device)
    opted_out(unflagged, both[1])
    assert flagged(unflagged) == devices_of(unflagged, *both) >= devices


def test_nothing_of_what_led_on_is_kept(unflagged: House) -> None:
    case = opted_out(unflagged)
    assert not Identifier.objects.filter(kind="device_id").exists()
    assert not Derivation.objects.exists()
    kept = str([act.proof for act in case.acts.all()]) + str(facts_of(case, EventKind.ACT_DONE))
    assert not [device for device in devices_of(unflagged, person()) if str(device) in kept]


def test_a_device_that_staff_took_away_from_the_person_is_not_reached(unflagged: House) -> None:
    case = unflagged.deciding(Right.KNOW_SPECIFIC)
    removed, other = sorted(Identifier.objects.filter(kind="device_id"), key=lambda one: one.value)
    unflagged.move(case, "remove_identifier", identifier=str(removed.pk), reason="Sold to somebody else.")
    opted_out(unflagged)
    assert flagged(unflagged) == {other.value}


def test_what_people_share_leads_to_no_flag_and_the_desk_sees_that(unflagged: House) -> None:
    remap("web_log", DEVICE, f"{DEVICE.replace('}', ', shared: true}')}, {DEVICE.replace('device_id,', 'visitor_no,')}")
    case = opted_out(unflagged)
    assert (flagged(unflagged), proof_in(case, "web_log")) == (set(), NOTHING)


def test_what_we_hold_for_somebody_else_leads_to_no_flag(unflagged: House) -> None:
    load_anew("shop", *PROCESSOR)
    case = opted_out(unflagged)
    assert (flagged(unflagged), proof_in(case, "web_log")) == (set(), NOTHING)


def test_the_desk_sees_where_nothing_led_to(unflagged: House) -> None:
    case = opted_out(unflagged, email="nobody@post.example")
    assert proof_in(case, "web_log") == NOTHING
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    lines = render_to_string("admin/exports/acts.html", {"panel": {"acts": case.acts.all()}}).split("<li>")[1:]
    assert [("suppressed" in line, "nothing in “Devices seen” could be reached" in line) for line in lines] == [
        (True, False),
        (False, True),
    ]


def test_what_waits_for_a_source_on_the_way_is_tried_again_and_what_can_be_reached_is_set(
    unflagged: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_database(tmp_path / "club.sqlite3", small_company.tables, whole_company.club_of([person()]))
    monkeypatch.setenv("CLUB_DATABASE", f"sqlite:///{tmp_path / 'club.sqlite3'}")
    DataSource.set_up(
        small_company.MAP,
        read_url_variable="CLUB_DATABASE",
        write_url_variable="CLUB_DATABASE",
        position=9,
        at=timezone.now(),
    )
    unflagged.switch_off("shop")
    case = opted_out(unflagged)
    assert [act.source.slug for act in case.acts.all()] == ["club"], "no device leads to it"
    assert case.state == State.CARRYING_OUT
    unflagged.switch_on("shop")
    unflagged.later(timedelta(minutes=1))
    assert flagged(unflagged) == devices_of(unflagged, person())
    assert fresh(case).state == State.CLOSED


def test_a_source_on_the_way_that_is_not_as_its_map_says_keeps_the_case_open(unflagged: House) -> None:
    unflagged.sql("shop", "ALTER TABLE devices RENAME TO gadgets")
    case = opted_out(unflagged)
    assert case.state == State.CARRYING_OUT
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "MapDoesNotFit", "sources": ["shop", "web_log"]}]


# ---- opting in again


def opted_in(house: House) -> Case:
    submission = house.file(Right.OPT_IN)
    assert opting_in.confirm(submission, code_of(submission), at=NOW)
    house.work()
    return submission.cases.get()


@pytest.fixture
def can_go_back(unflagged: House) -> House:
    """The maps of both say how an opt-out is taken back."""
    for slug in ("shop", "web_log"):
        remap(slug, FLAG, BACK)
    return unflagged


def test_an_opt_in_takes_the_flags_off_where_the_opt_out_had_set_them(can_go_back: House) -> None:
    opted_out(can_go_back)
    assert flagged(can_go_back)
    case = opted_in(can_go_back)
    assert flagged(can_go_back) == set()
    assert proof_in(case, "web_log") == {"web_devices": {"rows": 2}}


def test_an_opt_in_goes_no_further_than_what_was_proved_while_an_opt_out_holds_for_what_it_leads_to(
    can_go_back: House,
) -> None:
    account_no = "    reached:\n      - {by: account_number, column: account_no}\n"
    remap("shop", account_no, f"    gives: [{{kind: account_number, column: account_no}}]\n{account_no}")
    opted_out(can_go_back, email="another@post.example", account_number=Chosen.EVERYWHERE)
    opted_out(can_go_back)
    case = opted_in(can_go_back)
    assert flagged(can_go_back) == devices_of(can_go_back, person())
    assert proof_in(case, "web_log") == NOTHING


def share_devices(house: House, who: Person) -> None:
    """Somebody else signs in on the same devices; the shop writes their numbers with a blank."""
    theirs = "SELECT device_id || ' ', ?, platform, first_seen_at FROM devices WHERE customer_id = ?"
    house.sql("shop", f"INSERT INTO devices {theirs}", who.id, person().id)


def a_device_of_their_own(house: House) -> str:
    """Another device of the person, which nobody else has."""
    (one,) = house.sql("web_log", "SELECT device_id FROM web_devices WHERE NOT sale_opt_out LIMIT 1")[0]
    house.sql("shop", "UPDATE devices SET customer_id = ? WHERE device_id = ?", person().id, one)
    return str(one)


def test_an_opt_in_leaves_the_flag_of_a_device_that_somebody_else_shares_whose_opt_out_holds(
    can_go_back: House,
) -> None:
    shared = devices_of(can_go_back, person())
    share_devices(can_go_back, person(OTHER))
    own = a_device_of_their_own(can_go_back)
    opted_out(can_go_back)
    opted_out(can_go_back, person(OTHER))
    assert flagged(can_go_back) == {*shared, own}
    case = opted_in(can_go_back)
    assert flagged(can_go_back) == shared
    assert proof_in(case, "web_log") == {"web_devices": {"rows": 1}}
    assert case.state == State.CLOSED


def test_once_nobody_who_shares_a_device_is_opted_out_its_flag_goes(can_go_back: House) -> None:
    share_devices(can_go_back, person(OTHER))
    opted_out(can_go_back)
    other = opted_out(can_go_back, person(OTHER))
    Suppression.objects.filter(case_id=other.pk).update(lifted_at=NOW)
    opted_in(can_go_back)
    assert flagged(can_go_back) == set()


def test_a_restored_source_has_the_flag_of_a_shared_device_again_and_not_that_of_who_opted_in(
    can_go_back: House,
) -> None:
    shared = devices_of(can_go_back, person())
    share_devices(can_go_back, person(OTHER))
    a_device_of_their_own(can_go_back)
    opted_out(can_go_back)
    opted_out(can_go_back, person(OTHER))
    opted_in(can_go_back)
    can_go_back.sql("web_log", "UPDATE web_devices SET sale_opt_out = 1")
    everybody = flagged(can_go_back)
    flags_in_force.set_all(DataSource.objects.get(slug="web_log"), since=NOW - timedelta(days=1), at=timezone.now())
    assert everybody - flagged(can_go_back) == devices_of(can_go_back, person()) - shared != set()


def test_who_opts_out_while_the_flag_of_a_shared_device_is_taken_off_has_it_set_again(
    can_go_back: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_devices(can_go_back, person(OTHER))
    opted_out(can_go_back)
    real = SqlConnector.suppress

    def meanwhile(connector: SqlConnector, right: Right, *arguments: Any, **more: Any) -> object:
        if right == Right.OPT_IN and connector.datamap.source == "web_log":
            monkeypatch.setattr(SqlConnector, "suppress", real)
            can_go_back.file(Right.OPT_OUT_SALE_SHARE, who=person(OTHER))
        return real(connector, right, *arguments, **more)

    monkeypatch.setattr(SqlConnector, "suppress", meanwhile)
    submission = can_go_back.file(Right.OPT_IN)
    assert opting_in.confirm(submission, code_of(submission), at=NOW)
    execute(Job.objects.get(key__startswith=f"carry_out:{submission.cases.get().pk}").pk, clock=timezone.now)
    assert flagged(can_go_back) == devices_of(can_go_back, person())


def test_an_opt_in_is_not_carried_out_as_long_as_nobody_knows_what_others_share(
    can_go_back: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_devices(can_go_back, person(OTHER))
    opted_out(can_go_back)
    opted_out(can_go_back, person(OTHER))
    before, real = flagged(can_go_back), OnTheWay.why_incomplete

    def of_others(way: OnTheWay, *arguments: Any) -> Exception | None:
        is_of_others = person(OTHER).email in way.leading_to(DataSource.objects.get(slug="web_log"))["email"]
        return SourceUnavailableError("down") if is_of_others else real(way, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(OnTheWay, "why_incomplete", of_others)
        case = opted_in(can_go_back)
    assert (flagged(can_go_back), case.state) == (before, State.CARRYING_OUT)
    can_go_back.later(timedelta(minutes=1))
    assert (flagged(can_go_back), fresh(case).state) == (before, State.CLOSED)


def test_an_opt_in_changes_no_flag_as_long_as_a_source_on_the_way_is_down(can_go_back: House) -> None:
    opted_out(can_go_back)
    submission, devices = can_go_back.file(Right.OPT_IN), devices_of(can_go_back, person())
    assert opting_in.confirm(submission, code_of(submission), at=NOW)
    can_go_back.switch_off("shop")
    can_go_back.work()
    assert flagged(can_go_back) == devices
    can_go_back.switch_on("shop")
    can_go_back.later(timedelta(minutes=1))
    assert flagged(can_go_back) == set()
