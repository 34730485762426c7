"""Taking a data map in, and trying whether its source answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from django.core.management import CommandError, call_command
from django.utils import timezone

from dsar.demo.shop import build_shop
from dsar.jobs.models import Job, State
from dsar.jobs.running import execute
from dsar.ledger.models import Event
from exports.models import DataSource, NotedSchema, SourceChange
from exports.sources.datamap import DataMapError, read_data_map
from exports.sources.hosts import Hosts
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from tests.exports.sources import test_other_databases
from tests.requests_app.factories import a_submission

MAP = Path("dsar/demo/maps/shop.yaml")
HOST = "db.example.com:5432/shop"

CLUB = """
source: club
title: Club
connector: sql
role: controller
purposes: {club: Run the club}
origins: {person: You}
collections:
  - name: members
    title: Members
    table: members
    key: [id]
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{by: email, column: email}]
    on_delete: delete
    fields: [{column: email, title: E-mail, category: identifiers}]
left_out: {members.id: a number, members.points: not ours to tell, visits: nobody's}
"""

SILENT_TABLE = "describe it in a collection, or say under left_out why it stays out."
SILENT_COLUMNS = "describe each as a field, or say under left_out why it stays out."

pytestmark = pytest.mark.django_db(databases="__all__")


def load(file: Path = MAP, host: str = HOST) -> None:
    call_command("sources", "load", str(file), "--read", "SHOP_READ_URL", "--read-host", host, "--at-installation")


def test_a_loaded_map_makes_a_source_that_is_read_only_without_a_writing_variable() -> None:
    load()
    source = DataSource.objects.get()
    assert (source.slug, source.read_url_variable, source.write_url) == ("shop", "SHOP_READ_URL", None)


def test_a_map_loaded_twice_is_one_source_and_one_version() -> None:
    load()
    first = DataSource.objects.get().map_version
    load()
    assert DataSource.objects.get().map_version == first


def test_a_misspelt_key_is_named_with_its_line_and_nothing_is_kept(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MAP.read_text(encoding="utf-8").replace("connector:", "conector:"), encoding="utf-8")
    with pytest.raises(CommandError, match="conector"):
        load(wrong)
    assert not DataSource.objects.exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.yaml can't be read"):
        load(tmp_path / "missing.yaml")


def test_check_says_which_variable_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SHOP_READ_URL", raising=False)
    load()
    with pytest.raises(CommandError, match="1 of the sources"):
        call_command("sources", "check")
    assert "Set the environment variable SHOP_READ_URL" in capsys.readouterr().out


@pytest.mark.slow
def test_check_opens_every_collection_of_a_source_that_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build_shop(tmp_path / "shop.sqlite3")
    monkeypatch.setenv("SHOP_READ_URL", f"sqlite:///{tmp_path / 'shop.sqlite3'}")
    load(host=str(tmp_path / "shop.sqlite3"))
    call_command("sources", "check")
    assert "shop: answers as its map says" in capsys.readouterr().out


def test_check_names_a_source_whose_database_is_not_the_one_of_the_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.sqlite3").touch()
    monkeypatch.setenv("SHOP_READ_URL", f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    load(host=str(tmp_path / "empty.sqlite3"))
    with pytest.raises(CommandError, match="1 of the sources"):
        call_command("sources", "check")
    assert "shop: " in capsys.readouterr().out


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """The database of a club, with its map beside it."""
    url = f"sqlite:///{tmp_path / 'club.sqlite3'}"
    monkeypatch.setenv("CLUB_READ_URL", url)
    engine = sa.create_engine(url)
    run(engine, "CREATE TABLE members (id INTEGER PRIMARY KEY, email TEXT, points INTEGER)")
    run(engine, "CREATE TABLE visits (id INTEGER PRIMARY KEY, member INTEGER REFERENCES members)")
    (tmp_path / "club.yaml").write_text(CLUB, encoding="utf-8")
    return engine


def run(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def load_club(tmp_path: Path) -> None:
    call_command("sources", "load", str(tmp_path / "club.yaml"), "--read", "CLUB_READ_URL", "--at-installation")
    work()


def work() -> None:
    """What workers do after a map was accepted."""
    for job in Job.objects.filter(state=State.WAITING):
        execute(job.pk)


def checked(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """What a check that finds something says."""
    capsys.readouterr()
    with pytest.raises(CommandError, match="1 of the sources") as fault:
        call_command("sources", "check", *options)
    assert fault.value.returncode == 1
    return capsys.readouterr().out.splitlines()


def test_of_a_kind_of_database_that_is_not_tried_check_tells_what_can_not_be_promised(
    club: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not test_other_databases.Other.is_async, "its dialect is registered"
    monkeypatch.setenv("CLUB_READ_URL", f"otherdb:///{club.url.database}")
    load_club(tmp_path)
    call_command("sources", "check")
    unsure, fine = (line for line in capsys.readouterr().out.splitlines() if line.startswith("club: a"))
    assert unsure.startswith("club: a kind of database that is not tried; not promised is that a session which reads")
    assert fine == "club: answers as its map says."


@pytest.mark.slow
def test_check_tells_what_has_changed_since_the_map_was_accepted_until_it_is_loaded_again(
    club: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_club(tmp_path)
    call_command("sources", "check")
    run(
        club,
        "ALTER TABLE members ADD COLUMN nickname VARCHAR(40)",
        "ALTER TABLE members DROP COLUMN points",
        "DROP TABLE visits",
        "CREATE TABLE visits (id TEXT PRIMARY KEY, member INTEGER)",
        "CREATE TABLE wishes (id INTEGER PRIMARY KEY, member INTEGER REFERENCES members)",
    )
    new = "is new: describe it in the map, or say under left_out why it stays out, and load the map again."
    way = "is new: look whether it is another way to rows of a person, and load the map again."
    other = "look whether the map still says what it holds, and load the map again."
    gone = "is gone: take it out of the map if it is there, and load the map again."
    assert checked(capsys) == [
        f"club: the column members.nickname (VARCHAR(40)) {new}",
        f"club: the column members.points {gone}",
        f"club: the column visits.id was INTEGER and is TEXT: {other}",
        f"club: the table wishes {new}",
        f"club: the foreign key wishes (member) to members (id) {way}",
        f"club: the foreign key visits (member) to members (id) {gone}",
    ]
    load_club(tmp_path)
    assert checked(capsys) == [
        f"club: nothing is decided about members.nickname: {SILENT_COLUMNS}",
        f"club: nothing is decided about the table wishes: {SILENT_TABLE}",
    ]
    decide(tmp_path, "members.nickname: what friends call them", "wishes: nobody's")
    load_club(tmp_path)
    call_command("sources", "check")


OPTED_OUT = "opt_out_sale_share: {points: 1}"
LIFTED = "restrict: {points: 1}, lift_restriction: {points: 0}"
OPTED_IN = "opt_in: {points: 0}"


@pytest.mark.parametrize(
    ("flags", "taken"),
    [
        ((OPTED_OUT, LIFTED), "'lift_restriction' takes off 'points', which 'opt_out_sale_share' sets"),
        (("limit_sensitive: {points: 1}", OPTED_IN), "'opt_in' takes off 'points', which 'limit_sensitive' sets"),
        ((OPTED_OUT, OPTED_IN), None),
        ((LIFTED,), None),
        ((OPTED_OUT, OPTED_IN, "withdraw_consent: {points: 0}"), None),
    ],
    ids=["restriction", "opt-in", "its own", "its own restriction", "the same value"],
)
def test_a_map_that_takes_off_what_another_right_sets_is_not_taken_in_and_goes_on_where_it_is_in_force(
    flags: tuple[str, ...], taken: str | None, club: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CLUB.replace("    on_delete:", f"    suppress: {{{', '.join(flags)}}}\n    on_delete:")
    (tmp_path / "club.yaml").write_text(text, encoding="utf-8")
    if not taken:
        load_club(tmp_path)
        return
    with pytest.raises(CommandError, match=taken):
        load_club(tmp_path)
    assert not DataSource.objects.exists()
    DataSource.set_up(  # as an earlier release did
        text,
        read_url_variable="CLUB_READ_URL",
        write_url_variable="",
        position=0,
        hosts=Hosts(str(tmp_path / "club.sqlite3"), ""),
        at=timezone.now(),
    )
    assert [line for line in checked(capsys) if taken in line]
    load_club(tmp_path)  # the same once more, as for another host
    (tmp_path / "club.yaml").write_text(text.replace("title: Club", "title: Rowing club", 1), encoding="utf-8")
    with pytest.raises(CommandError, match=taken):
        load_club(tmp_path)


def decide(tmp_path: Path, *reasons: str) -> None:
    """Leave more out of the club's map."""
    text = CLUB.replace("left_out: {", f"left_out: {{{', '.join(reasons)}, ")
    (tmp_path / "club.yaml").write_text(text, encoding="utf-8")


def test_a_map_that_is_silent_about_something_is_taken_in_and_called_incomplete_until_somebody_decides(
    club: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "club.yaml").write_text(CLUB[: CLUB.index("left_out")], encoding="utf-8")
    load_club(tmp_path)
    sentences = [
        f"nothing is decided about members.id, members.points: {SILENT_COLUMNS}",
        f"nothing is decided about the table visits: {SILENT_TABLE}",
    ]
    assert "club: in force" in capsys.readouterr().out
    assert DataSource.objects.get().undecided() == sentences
    assert checked(capsys) == [f"club: {sentence}" for sentence in sentences]
    (tmp_path / "club.yaml").write_text(CLUB, encoding="utf-8")
    load_club(tmp_path)
    assert DataSource.objects.get().undecided() == []


def test_a_column_that_the_map_needs_and_that_is_gone_is_told_twice_as_change_and_as_fault(
    club: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_club(tmp_path)
    run(club, "ALTER TABLE members DROP COLUMN email")
    change, fault = checked(capsys)
    assert "the column members.email is gone" in change
    assert fault == "club: members names the column email, which is not in its table"


def test_a_map_whose_schema_no_worker_could_read_is_compared_from_the_first_check_on(
    club: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as without:
        without.delenv("CLUB_READ_URL")
        where = ("--read-host", str(tmp_path / "club.sqlite3"))
        call_command(
            "sources", "load", str(tmp_path / "club.yaml"), "--read", "CLUB_READ_URL", *where, "--at-installation"
        )
        work()
    assert Job.objects.get().error.endswith(".NotConfigured")
    run(club, "CREATE TABLE before (id INTEGER PRIMARY KEY)")
    noted, silent = checked(capsys)
    assert "its schema is noted now" in noted
    assert "nothing is decided about the table before" in silent
    run(club, "CREATE TABLE after (id INTEGER PRIMARY KEY)")
    new, still_silent = checked(capsys)
    assert "the table after is new" in new
    assert still_silent == silent


def test_check_names_look_ups_without_an_index_in_tables_that_are_large(
    club: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_club(tmp_path)
    run(club, "INSERT INTO members VALUES (1, 'ann@club.example', 0)")
    call_command("sources", "check")
    (sentence,) = checked(capsys, "--large", "1")
    assert sentence == (
        "club: the look-up by members.email reads the whole table, for no index serves it:"
        " CREATE INDEX ix_members_email ON members (email)"
    )
    run(club, sentence[sentence.index("CREATE") :])
    call_command("sources", "check", "--large", "1")
    with pytest.raises(CommandError, match="--large is a number greater than 0"):
        call_command("sources", "check", "--large", "0")


def test_dump_prints_the_map_as_it_was_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load()
    capsys.readouterr()
    call_command("sources", "dump", "shop")
    assert capsys.readouterr().out == MAP.read_text(encoding="utf-8")
    with pytest.raises(CommandError, match="There is no source 'chop'; there is shop"):
        call_command("sources", "dump", "chop")


def test_a_draft_is_printed_and_refused_as_long_as_it_is_undecided(
    club: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sources", "draft", "club", "--read", "CLUB_READ_URL", "--sample", "5")
    drafted = capsys.readouterr().out
    with pytest.raises(DataMapError, match="not decided yet"):
        read_data_map(drafted)
    (tmp_path / "club.yaml").write_text(drafted, encoding="utf-8")
    with pytest.raises(CommandError, match=r"club\.yaml: line \d+: not decided yet: controller"):
        load_club(tmp_path)
    assert not DataSource.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Club", "--read", "CLUB_READ_URL"], "'Club': a source's name has 1 to 50 small letters"),
        (["club", "--read", "NO_SUCH_URL"], "Set the environment variable NO_SUCH_URL"),
        (["club", "--read", "CLUB_READ_URL", "--sample", "-1"], "--sample is a number from 0 to 1000"),
        (["club", "--read", "CLUB_READ_URL", "--schema", "crm"], "there is no schema 'crm'; there is main"),
    ],
)
def test_a_draft_that_can_not_be_made_says_why(club: sa.Engine, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("sources", "draft", *arguments)


def test_who_proposes_on_the_command_line_is_noted_and_nothing_is_in_force(
    tmp_path: Path, club: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    mira = add_staff("mira", "mira@example.com", None, [Role.ADMINISTRATOR])
    call_command("sources", "load", str(tmp_path / "club.yaml"), "--read", "CLUB_READ_URL", "--by", "mira")
    assert "club: proposed. Somebody else of the staff accepts it at " in capsys.readouterr().out
    assert not DataSource.objects.exists()
    assert SourceChange.objects.get().read_host == str(tmp_path / "club.sqlite3")
    (event,) = Event.objects.filter(kind__startswith="set.source_")
    assert (event.kind, event.actor) == ("set.source_proposed", mira.as_actor().slug)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nobody", "There is nobody 'nobody' among the staff"), ("arno", "Source owners and administrators propose")],
)
def test_who_may_not_propose_at_the_desk_may_not_here(
    club: sa.Engine, tmp_path: Path, name: str, sentence: str
) -> None:
    add_staff("arno", "arno@example.com", None, [Role.ANALYST])
    with pytest.raises(CommandError, match=sentence):
        call_command("sources", "load", str(tmp_path / "club.yaml"), "--read", "CLUB_READ_URL", "--by", name)
    assert not SourceChange.objects.exists()


def test_a_map_put_in_force_at_installation_leaves_an_event_with_its_host(club: sa.Engine, tmp_path: Path) -> None:
    load_club(tmp_path)
    source = DataSource.objects.get()
    (event,) = Event.objects.filter(kind__startswith="set.source_")
    assert (event.kind, event.actor) == ("set.source_installed", "system")
    assert event.facts == {
        "source": "club",
        "map": source.map_version.digest,
        "read_host": str(tmp_path / "club.sqlite3"),
        "write_host": "",
    }
    assert NotedSchema.objects.get().map_version == source.map_version


@pytest.mark.parametrize("words", [("load", "club.yaml", "--read", "CLUB_READ_URL"), ("own",)])
def test_once_somebody_has_asked_two_people_are_needed(
    club: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    a_submission()
    with pytest.raises(CommandError, match="There are requests already: sources come and change by two people"):
        call_command("sources", *words, "--at-installation")
    assert not DataSource.objects.exists()
    assert not Event.objects.filter(kind__startswith="set.source_").exists()


def test_check_refuses_a_source_whose_variable_leads_to_another_host(
    club: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load_club(tmp_path)
    shutil.copy(tmp_path / "club.sqlite3", tmp_path / "other.sqlite3")
    monkeypatch.setenv("CLUB_READ_URL", f"sqlite:///{tmp_path / 'other.sqlite3'}")
    (sentence,) = checked(capsys)
    there, here = tmp_path / "other.sqlite3", tmp_path / "club.sqlite3"
    assert sentence == (
        f"club: CLUB_READ_URL leads to {there}, while {here} was accepted. Set the variable back, or have two people"
        " accept the host under Company systems, Changes."
    )


@pytest.mark.parametrize("place", ["-3", "9999", "1" * 20, "x"])
def test_load_takes_no_place_in_the_walk_that_there_is_not(place: str) -> None:
    with pytest.raises(CommandError, match="a place in the walk is a whole number from 0 to 9998"):
        call_command("sources", "load", "map.yaml", f"--position={place}")
