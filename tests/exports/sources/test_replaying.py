"""After a restore: what had been deleted is deleted again, row by row as before, and nobody else's row with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, datetime
from io import StringIO

import pytest
import sqlalchemy as sa
from django.core.management import CommandError, call_command
from django.utils import timezone

from dsar.ledger.models import Event
from dsar.vault import digests
from exports.fulfil import erasures
from exports.models import DataSource, ErasedIdentifier, ErasedRow
from exports.sources.connector import Action, Identifiers, Mode
from exports.sources.errors import ChangeRefusedError
from exports.sources.sql import SqlConnector
from exports.sources.values import Key
from requests_app.services import holds
from requests_app.services.holds import Asked
from tests.exports.house import ANALYST, NOW
from tests.exports.sources import small_company
from tests.exports.sources.plans import plan_of
from tests.exports.sources.small_company import MAP, everything, invoices, letters, members, stamps
from tests.requests_app.factories import the_organisation

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

ON = date(2026, 11, 23)
ANN, BOB = {"email": ["ann.o'hara@club.example"]}, {"email": ["bob@club.example"]}
ACTIONS = {"members": Action.DEIDENTIFY, "letters": Action.DELETE, "stamps": Action.DELETE}
MASKED = MAP.replace("{email: random,", "{email: keyed_hash,")  # a random token is another one each time

Copy = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def source(small_url: str, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> DataSource:
    """The small company as a source that may be written."""
    monkeypatch.setenv("CLUB_URL", small_url)
    return DataSource.set_up(MASKED, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=0, at=NOW)


def delete(
    source: DataSource,
    identifiers: Identifiers,
    spared: dict[str, set[Key]] | None = None,
    known: set[tuple[str, str]] | None = None,
) -> None:
    """Delete, and remember it, as an act does; ``known`` is what names the person there and elsewhere."""
    data_map = source.map_version.as_map()
    with source.open(data_map) as club:
        plan = plan_of(club, identifiers, spared, **ACTIONS)  # type: ignore[arg-type]
        gone = [
            (item.name, item.action, [key for page in pages for key in page.keys if key not in item.spared])
            for item in plan.collections
            if (pages := list(club.pages(item.name, identifiers, mode=Mode.PLAN)))
        ]
        club.delete(plan)
    named = {(kind, value) for kind, values in identifiers.items() for value in values} if known is None else known
    erasures.remember(source, source.map_version, identifiers, gone, on=ON, known=named)


def restore(engine: sa.Engine, copy: Copy) -> None:
    """Put back what the company held when it made its backup."""
    with engine.begin() as connection:
        for table in reversed(small_company.tables.sorted_tables):
            connection.execute(table.delete())
        for table in small_company.tables.sorted_tables:
            if copy[table.name]:
                rows = [dict(zip(table.columns.keys(), row, strict=True)) for row in copy[table.name]]
                connection.execute(table.insert(), rows)


def replay(*options: str) -> str:
    """What the command says."""
    said = StringIO()
    call_command("deletions", "replay", "club", *options, stdout=said)
    return said.getvalue()


def test_a_restored_backup_and_a_replay_equal_the_state_before(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    after = everything(engine)
    restore(engine, backup)
    said = replay()
    assert everything(engine) == after != backup
    assert "1 deletions done again" in said
    assert "letters: 2 deleted again" in said
    assert "members: 1 de-identified again" in said


def test_two_people_are_deleted_again_and_a_third_is_not_touched(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    delete(source, BOB)
    after = everything(engine)
    restore(engine, backup)
    assert "2 deletions done again" in replay()
    assert everything(engine) == after
    assert after["members"][2] == backup["members"][2]


def test_a_replay_again_does_nothing(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    restore(engine, backup)
    replay()
    after = everything(engine)
    assert "0 deletions done again" in replay()
    assert everything(engine) == after


def test_without_a_restore_nothing_is_to_do(engine: sa.Engine, source: DataSource) -> None:
    delete(source, ANN)
    after = everything(engine)
    assert "0 deletions done again" in replay()
    assert everything(engine) == after


def test_a_dry_run_tells_the_same_and_changes_nothing(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    restore(engine, backup)
    said = replay("--dry-run")
    assert "letters: 2 would be deleted again" in said
    assert "by hand" not in said
    assert everything(engine) == backup


def test_a_row_that_was_spared_or_kept_stays(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN, {"letters": {(11,)}})
    after = everything(engine)
    restore(engine, backup)
    replay()
    assert everything(engine) == after
    assert [row[0] for row in after["letters"]] == [11, 20, 21]
    assert after["invoices"] == backup["invoices"]


def newcomer(engine: sa.Engine) -> None:
    """After the restore somebody else is given the key that was Ann's, and writes a letter with a key of hers."""
    with engine.begin() as connection:
        connection.execute(stamps.delete().where(stamps.c.letter_id == 10))
        connection.execute(letters.delete().where(letters.c.member_id == 1))
        connection.execute(invoices.delete().where(invoices.c.member_id == 1))
        connection.execute(members.update().where(members.c.id == 1).values(email="dan@club.example", name="Dan"))
        connection.execute(letters.insert(), {"id": 10, "member_id": 1, "body": "Dan's"})


def test_a_key_that_is_somebody_else_s_by_now_is_for_people_to_look_at(engine: sa.Engine, source: DataSource) -> None:
    delete(source, ANN)
    small_company.fill(engine)
    newcomer(engine)
    before, said = everything(engine), StringIO()
    with pytest.raises(CommandError, match="Not all could be done"):
        call_command("deletions", "replay", "club", "--keys", stdout=said)
    assert everything(engine) == before
    assert "letters: 1 to look at by hand" in said.getvalue()
    assert "members: 1 to look at by hand" in said.getvalue()
    assert "[10]" in said.getvalue()


def test_who_came_back_under_the_old_address_and_key_keeps_what_is_new(engine: sa.Engine, source: DataSource) -> None:
    delete(source, ANN)
    small_company.fill(engine)
    with engine.begin() as connection:
        day = datetime.fromisoformat("2026-12-01T09:00")
        connection.execute(members.update().where(members.c.id == 1).values(joined_at=day))
        connection.execute(letters.update().where(letters.c.id == 11).values(sent_at=day))
    with pytest.raises(CommandError, match="Not all could be done"):
        replay()
    now = everything(engine)
    assert now["members"][0][2] == "Ann O'Hara"
    assert [row[0] for row in now["letters"]] == [11, 20, 21]


BEGINNING, END = MASKED.index("    on_delete:\n      deidentify:"), MASKED.index("    fields:\n      - {column: email")
DEIDENTIFIED = MASKED[BEGINNING:END]


def test_what_was_received_on_the_day_of_the_deletion_is_for_people(engine: sa.Engine, source: DataSource) -> None:
    delete(source, ANN)
    small_company.fill(engine)
    with engine.begin() as connection:
        evening = datetime.fromisoformat("2026-11-23T23:00")
        connection.execute(members.update().where(members.c.id == 1).values(joined_at=evening))
    with pytest.raises(CommandError, match="Not all could be done"):
        replay()
    assert everything(engine)["members"][0][2] == "Ann O'Hara"


@pytest.mark.parametrize(
    ("dated", "stays"),
    [("", True), ("    received_at: joined_at\n", False), ("    came_at: joined_at\n", False)],
    ids=["undated", "received", "came"],
)
def test_a_row_whose_key_is_what_a_person_is_found_by_goes_again_only_if_it_has_a_date(
    engine: sa.Engine, source: DataSource, dated: str, *, stays: bool
) -> None:
    backup = everything(engine)
    delete(source, ANN)
    restore(engine, backup)
    take_in(MASKED.replace("    received_at: joined_at\n", dated))  # the number of a member is its key
    said = StringIO()
    with pytest.raises(CommandError) if stays else nullcontext():
        call_command("deletions", "replay", "club", stdout=said)
    assert (everything(engine)["members"] == backup["members"]) is stays
    assert ("members: 1 to look at by hand" in said.getvalue()) is stays


def take_in(text: str) -> None:
    """Another map of the club is put in force."""
    DataSource.set_up(text, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=0, at=NOW)


@pytest.mark.parametrize(
    "now",
    [
        "    on_delete: delete\n",
        "    on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 7}}\n",
        DEIDENTIFIED.replace("phone: clear", "phone: keep"),
    ],
    ids=["deletes", "keeps", "masks otherwise"],
)
def test_what_was_deidentified_and_the_map_does_otherwise_by_now_is_for_people_once_it_is_back(
    engine: sa.Engine, source: DataSource, now: str
) -> None:
    backup = everything(engine)
    delete(source, ANN)
    after = everything(engine)
    take_in(MASKED.replace(DEIDENTIFIED, now))
    assert "by hand" not in replay()
    assert everything(engine) == after
    restore(engine, backup)
    said = StringIO()
    with pytest.raises(CommandError, match="Not all could be done"):
        call_command("deletions", "replay", "club", stdout=said)
    assert "members: 1 to look at by hand" in said.getvalue()
    assert "letters: 2 deleted again" in said.getvalue()
    assert everything(engine)["members"] == backup["members"]


def test_a_collection_that_has_another_name_by_now_is_known_by_its_table_and_key(
    engine: sa.Engine, source: DataSource
) -> None:
    backup = everything(engine)
    delete(source, ANN)
    after = everything(engine)
    restore(engine, backup)
    take_in(MASKED.replace("name: letters", "name: notes").replace("from: letters", "from: notes"))
    assert "notes: 2 deleted again" in replay()
    assert everything(engine) == after


def test_a_collection_whose_key_is_another_by_now_is_told(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    restore(engine, backup)
    number = "- {column: id, title: Number, category: identifiers}"
    whose = "- {column: member_id, title: Whose, category: identifiers}"
    keyed = MASKED.replace("    table: letters\n    key: [id]", "    table: letters\n    key: [member_id, id]")
    take_in(keyed.replace(number, f"{number}\n      {whose}"))
    said = StringIO()
    with pytest.raises(CommandError, match="Not all could be done"):
        call_command("deletions", "replay", "club", stdout=said)
    assert "letters: 2 on the list can't be looked for" in said.getvalue()
    assert everything(engine)["letters"] == backup["letters"]


def test_an_interrupted_replay_is_begun_again_and_ends(
    engine: sa.Engine, source: DataSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = everything(engine)
    delete(source, ANN)
    delete(source, BOB)
    after = everything(engine)
    restore(engine, backup)
    whole: Callable[..., object] = SqlConnector.delete
    calls = iter(range(10))

    def once(*arguments: object, **more: object) -> object:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return whole(*arguments, **more)

    monkeypatch.setattr(SqlConnector, "delete", once)
    with pytest.raises(KeyboardInterrupt):
        replay()
    assert everything(engine) not in (backup, after)
    assert "1 deletions done again" in replay()
    assert everything(engine) == after


def test_the_list_holds_digests_and_is_found_under_an_older_key(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    after = everything(engine)
    held = [*ErasedRow.objects.values_list("key_digest", flat=True)]
    held += ErasedIdentifier.objects.values_list("digest", flat=True)
    assert held
    assert not [text for text in held if "club" in text or len(text) != 97]
    digests.rotate("replay:club", at=NOW)
    restore(engine, backup)
    assert "1 deletions done again" in replay()
    assert everything(engine) == after


def test_a_list_whose_key_is_destroyed_finds_nothing_more(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    old = digests.DigestKey.objects.get(kind="replay:club").pk
    digests.rotate("replay:club", at=NOW)
    digests.retire("replay:club", old, at=NOW)
    restore(engine, backup)
    assert "0 deletions done again" in replay()
    assert everything(engine) == backup


def test_a_source_that_can_only_be_read_is_told_what_to_do_by_hand(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    restore(engine, backup)
    DataSource.objects.update(write_url_variable="")
    with pytest.raises(CommandError, match="it can only be read; have that done by hand"):
        replay()
    assert everything(engine) == backup


def test_what_the_source_refuses_is_told_and_the_others_are_done(
    engine: sa.Engine, source: DataSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = everything(engine)
    delete(source, ANN)
    delete(source, BOB)
    restore(engine, backup)
    whole: Callable[..., object] = SqlConnector.delete
    calls = iter(range(10))

    def refused_once(*arguments: object, **more: object) -> object:
        if next(calls) == 0:
            raise ChangeRefusedError("club: a constraint of the database forbids it")
        return whole(*arguments, **more)

    monkeypatch.setattr(SqlConnector, "delete", refused_once)
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("deletions", "replay", "club", stdout=said)
    assert "forbids it. This deletion was not done again." in said.getvalue()
    assert "1 deletions done again" in said.getvalue()


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("whose", "source_held", "is_held"),
    [
        ({("email", "Ann.O'Hara@club.example")}, "", True),
        ({("email", "ann.o'hara@club.example")}, "club", True),
        (set(), "club", True),
        ({("email", "ann.o'hara@club.example")}, "shop", False),
        ({("email", "cy@club.example")}, "", False),
    ],
    ids=["the person", "the person, in this source", "everybody in it", "the person, elsewhere", "somebody else"],
)
def test_what_is_held_by_now_is_not_deleted_again(  # noqa: PLR0917 - a row of the table, and fixtures
    whose: set[tuple[str, str]],
    source_held: str,
    is_held: bool,
    options: tuple[str, ...],
    engine: sa.Engine,
    source: DataSource,
) -> None:
    backup = everything(engine)
    delete(source, ANN)
    after = everything(engine)
    restore(engine, backup)
    elsewhere = MAP.replace("source: club", "source: shop")
    DataSource.set_up(elsewhere, read_url_variable="CLUB_URL", write_url_variable="", position=1, at=NOW)
    asked = Asked(kind="legal", matter="Docket 7", person=frozenset(whose), source=source_held)
    holds.place(the_organisation(), asked, by=ANALYST, at=timezone.now())
    said = StringIO()
    if is_held:
        with pytest.raises(CommandError, match="Not all could be done"):
            call_command("deletions", "replay", "club", *options, stdout=said)
        assert "1 deletions" in said.getvalue()
        assert "a hold keeps the data" in said.getvalue()
        assert everything(engine) == backup
    else:
        call_command("deletions", "replay", "club", *options, stdout=said)
        assert "a hold" not in said.getvalue()
        assert everything(engine) == (backup if options else after)


@pytest.mark.django_db(databases="__all__", transaction=True)  # as in the command, nobody's transaction is around it
def test_a_replay_leaves_an_event_without_a_key(engine: sa.Engine, source: DataSource) -> None:
    backup = everything(engine)
    delete(source, ANN)
    restore(engine, backup)
    replay()
    (event,) = Event.objects.filter(kind="set.deletions_replayed")
    assert event.facts["done"] == ["letters: delete 2", "members: deidentify 1", "stamps: delete 2"]
    assert "club.example" not in str(event.facts)


def test_a_source_that_nobody_knows_is_named() -> None:
    with pytest.raises(CommandError, match="There is no source 'club'; there is none yet"):
        replay()


def test_a_day_that_was_put_in_a_column_of_moments_is_known_as_what_the_deletion_left(
    source: DataSource, small_url: str
) -> None:
    day = MASKED.replace("joined_at: keep}", "joined_at: {constant: '1900-01-01'}}")
    day = day.replace("    received_at: joined_at\n", "", 1)  # it dates nothing any more
    accepted = DataSource.set_up(day, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=0, at=NOW)
    delete(accepted, {**ANN, "member_no": ["1"]})
    assert "0 deletions done again" in replay()


def test_where_two_collections_have_become_one_what_was_masked_is_for_people(
    source: DataSource, engine: sa.Engine
) -> None:
    """A plan does one thing to the rows of a collection: those that were deleted go, and the replay goes on."""
    masks = "on_delete: {deidentify: {id: keep, body: {constant: '[gone]'}, sent_at: keep}}"
    head, _, rest = MASKED.partition("  - name: letters\n")
    own, _, tail = rest.partition("  - name: stamps\n")
    notes = (
        own.replace("title: Letters", "title: Notes")
        .replace("reached: [{from: members, columns: {member_id: id}}]", "reached: [{by: note_no, column: id}]")
        .replace("on_delete: delete", masks)
        .replace('    suppress: {limit_sensitive: {body: "[limited]"}}\n', "")
        .replace("    gives: [{kind: letter_no, column: id}]\n", "")
    )
    then = f"{head}  - name: letters\n{own}  - name: notes\n{notes}  - name: stamps\n{tail}"
    now = f"{head}  - name: letters\n{own.replace('on_delete: delete', masks)}  - name: stamps\n{tail}"
    how = {"read_url_variable": "CLUB_URL", "write_url_variable": "CLUB_URL"}
    before = DataSource.set_up(then, **how, position=0, at=NOW)
    with engine.connect() as connection:
        on_it = [
            tuple(row) for row in connection.execute(sa.select(*stamps.primary_key).where(stamps.c.letter_id == 10))
        ]
    went = [
        ("letters", Action.DELETE, [(10,)]),
        ("notes", Action.DEIDENTIFY, [(11,)]),
        ("stamps", Action.DELETE, on_it),
    ]
    erasures.remember(before, before.map_version, ANN, went, on=ON, known=set())
    DataSource.set_up(now, **how, position=0, at=NOW)
    with pytest.raises(CommandError, match="Not all could be done"):
        replay()
    with engine.connect() as connection:
        left = set(connection.scalars(sa.select(letters.c.id)))
    assert 10 not in left
    assert 11 in left
