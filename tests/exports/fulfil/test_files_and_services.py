"""Folders of files and services stand beside databases: a case walks through all of them in the same way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from exports import findings
from exports.fulfil import trouble
from exports.fulfil.standing_opt_outs import Lifting
from exports.models import DataSource, RunState
from exports.sources.errors import OnlyByHandError
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.states import State
from tests.exports.csv_text import records_of
from tests.exports.house import House, facts_of, files_of, fresh, parts_of, person, run_of
from tests.exports.sources import test_files
from tests.exports.sources.service import KEY, Service, always, running
from tests.exports.sources.service import MAP as SERVICE_MAP

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PARENT = {"requester_name": "Mum", "requester_email": "mum@post.example", "born_on": date(2015, 1, 1)}
OTHER = "2;somebody.else@club.example;Somebody;;;false\n"


@pytest.fixture
def drop(house: House, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A partner's folder, walked after the company's databases: one member is the person."""
    folder = house.folder / "drop"
    (folder / "members").mkdir(parents=True)
    (folder / "members" / "all.csv").write_text(f"{test_files.HEADER}1;{person().email};A. Member;;;false\n{OTHER}")
    (folder / "orders.jsonl").write_text('{"member": 1, "what": "tea", "at": "2026-01-01"}\n{"member": 2}\n')
    monkeypatch.setenv("PARTNER_FOLDER", str(folder))
    set_up(test_files.MAP, "PARTNER_FOLDER")
    return folder


@pytest.fixture
def service(house: House, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Service]:
    """A service of the company, walked after its databases: one member is the person."""
    with running() as service:
        service.members[0]["email"] = person().email
        settings.SOURCE_HOSTS = frozenset({"127.0.0.1"})
        monkeypatch.setenv("CLUB_SIGNING_KEY", KEY)
        monkeypatch.setenv("CLUB_URL", service.url)
        set_up(SERVICE_MAP, "CLUB_URL")
        yield service


def set_up(text: str, variable: str) -> None:
    DataSource.set_up(text, read_url_variable=variable, write_url_variable=variable, position=9, at=timezone.now())


def test_the_rows_of_the_person_are_gathered_from_files_and_services(
    house: House, drop: Path, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.orders[2]["at"] = "2026-01-01"  # the others are older than the answer looks back
    case = house.deciding(Right.KNOW_SPECIFIC)
    (part,) = parts_of(case, "partner", "members")
    assert [record["name"] for _number, record in findings.read(part)] == ["A. Member"]
    assert run_of(case, "partner").counts == {"members": 1, "orders": 1}
    assert run_of(case, "club").counts == {"members": 1, "orders": 1}
    house.approve(case)
    bundle = files_of(case)
    assert b"A. Member" in bundle["data/partner/members.csv"]
    assert len(records_of(bundle["data/club/orders.csv"])) == 1
    written = caplog.text + str([event for kind in EventKind for event in facts_of(case, kind)])
    assert person().email not in written
    assert service.url not in written
    assert str(drop) not in written


def test_a_broken_line_stops_the_source_and_the_check_names_it(
    house: House, drop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (drop / "orders.jsonl").open("a") as file:
        file.write(f'{{"member": 1, "what": "{person().email}\n')
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    house.work()
    assert (run_of(case, "partner").state, run_of(case, "partner").error) == (RunState.FAILED, "BrokenData")
    assert "sources check" in trouble.what_to_do("BrokenData")
    with pytest.raises(CommandError):
        call_command("sources", "check")
    said = capsys.readouterr().out
    assert "partner: orders.jsonl line 3 is no JSON" in said
    assert person().email not in said


def test_a_service_that_asks_to_wait_is_asked_again_when_it_said(house: House, service: Service) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    service.tricks = [always(429, {"Retry-After": "7200"}, b"")]
    house.move(case, "start_gathering")
    house.work()
    job = Job.objects.get(kind="gather_source", state=JobState.WAITING)
    assert job.error.endswith("SourceAsksToWait")
    assert timedelta(minutes=119) < job.run_at - timezone.now() <= timedelta(hours=2)
    house.later(timedelta(hours=2))
    assert fresh(case).state == State.DECIDING


def test_what_is_deleted_by_hand_is_seen_to_be_gone(house: House, drop: Path, service: Service) -> None:
    case = house.deciding(Right.DELETE)
    house.approve(case)
    job = Job.objects.get(kind="carry_out")
    assert (job.state, job.error) == (JobState.FAILED, "exports.fulfil.trouble.OnlyByHand")
    retry(job, at=timezone.now())
    house.work()
    job.refresh_from_db()
    assert job.state == JobState.FAILED, "nobody has done it yet"
    (drop / "members" / "all.csv").write_text(test_files.HEADER + OTHER)
    retry(job, at=timezone.now())
    house.work()
    assert fresh(case).state == State.CLOSED
    done = {str(facts["source"]): facts["done"] for facts in facts_of(case, EventKind.ACT_DONE)}
    assert done["partner"] == {"members": 1}
    assert done["club"] == {"members": 1, "orders": 7}
    assert [order["id"] for order in service.orders] == ["x1"]


MEMBER = f"1;{person().email};A. Member;;;false\n"
ANOTHER = f"3;{person().email};A. Member-Jones;;;false\n"


def write_members(drop: Path, *rows: str) -> None:
    (drop / "members" / "all.csv").write_text(test_files.HEADER + "".join(rows))


def try_again(house: House) -> None:
    retry(Job.objects.get(kind="carry_out", state=JobState.FAILED), at=timezone.now())
    house.work()


@pytest.mark.parametrize(
    ("rows", "changed"),
    [
        pytest.param((MEMBER, ANOTHER, OTHER), 1, id="one came"),
        pytest.param((OTHER,), 1, id="one went"),
        pytest.param((MEMBER.replace("A. Member", "Ann Member"), OTHER), 1, id="one says something else"),
        pytest.param((MEMBER, MEMBER, OTHER), 1, id="it stands there twice"),
    ],
)
def test_nobody_is_asked_to_delete_what_is_no_longer_as_it_was_approved(
    house: House, drop: Path, rows: tuple[str, ...], changed: int
) -> None:
    case = house.deciding(Right.DELETE)
    write_members(drop, *rows)
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    (facts,) = facts_of(case, EventKind.HAND_BACK)
    assert (facts["because"], facts["changed"]) == ("data_changed_since_approval", {"members": changed})
    assert not facts_of(case, EventKind.ACT_FAILED)


def test_rows_that_moved_to_other_lines_and_those_of_others_are_no_change(house: House, drop: Path) -> None:
    case = house.deciding(Right.DELETE)
    write_members(drop, OTHER, OTHER.replace("2;", "4;"), MEMBER)
    house.approve(case)
    assert Job.objects.get(kind="carry_out").error == "exports.fulfil.trouble.OnlyByHand"
    write_members(drop, MEMBER)
    try_again(house)
    assert Job.objects.get(kind="carry_out").error == "exports.fulfil.trouble.OnlyByHand", "nobody has done it yet"
    write_members(drop)
    try_again(house)
    assert fresh(case).state == State.CLOSED


def test_what_comes_while_a_person_deletes_is_shown_and_approved_before_it_goes(house: House, drop: Path) -> None:
    case = house.deciding(Right.DELETE)
    house.approve(case)
    write_members(drop, ANOTHER, OTHER)
    try_again(house)
    assert fresh(case).state == State.DECIDING
    (facts,) = facts_of(case, EventKind.HAND_BACK)
    assert (facts["because"], facts["changed"]) == ("may_be_done_in_part", {"members": 1})
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    write_members(drop, OTHER)
    try_again(house)
    assert fresh(case).state == State.CLOSED
    told = " ".join(fresh(case).messages.get(letter="deleted").text.split())
    assert "it may have deleted records that are not counted here" in told


def test_a_person_is_not_asked_to_take_a_flag_off_that_somebody_elses_opt_out_needs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = house.folder / "household"
    (folder / "members").mkdir(parents=True)
    own, shared = "own@club.example", "both@club.example"
    (folder / "members" / "all.csv").write_text(
        f"{test_files.HEADER}1;{own};A;;;true\n2;{shared};B;LO-2;;true\n3;{shared};C;;;true\n"
    )
    (folder / "orders.jsonl").write_text("")
    monkeypatch.setenv("HOUSEHOLD", str(folder))
    back = "suppress: {opt_out_sale_share: {opted_out: true}, opt_in: {opted_out: false}}"
    text = test_files.MAP.replace("suppress: {opt_out_sale_share: {opted_out: true}}", back)
    by_account = "{by: account_number, column: phone}"
    set_up(text.replace("{by: phone, column: phone, compare: digits}", by_account), "HOUSEHOLD")
    house.file(Right.OPT_OUT_SALE_SHARE, email="", account_number="LO-2", requester=Requester.PARENT, **PARENT)
    source = DataSource.objects.get(slug="partner")
    lifting = Lifting(source, house.organisation)
    with source.open(source.map_version.as_map()) as connector, pytest.raises(OnlyByHandError):
        lifting.lift(connector, {"email": [own]})
    with source.open(source.map_version.as_map()) as connector:
        assert lifting.lift(connector, {"email": [shared]}) == ({"members": 0}, {"email": []})
