"""One file a recipient and day: whole, each case once, whoever writes and however often."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from exports.fulfil.recipients import batch, by_people, whom
from exports.models import DataMapVersion, RecipientBatch, Telling, TellingState
from exports.sources.datamap import Way
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports.fulfil.recipient import LISTED, gives_the_address
from tests.exports.house import ANALYST, House, facts_of, fresh, person
from tests.requests_app.at_once import at_once, only_on_postgres

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

CHILD = {
    "email": "",
    "account_number": "LO-100102",
    "requester": Requester.GUARDIAN,
    "requester_name": "Ann Ito",
    "requester_email": "ann@post.example",
}
OTHERS = ("LO-100102", "LO-100103", "LO-100104")


def file_for(house: House, day: str = "2026-11-23") -> Path:
    (path,) = house.data.glob(f"recipients/summit-lists-llc-*/{day}.jsonl")
    return path


def read(path: Path) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The first line and the instructions of a file, checked as docs/telling-recipients.md says."""
    first, _newline, following = path.read_bytes().partition(b"\n")
    head = json.loads(first)
    instructions = [json.loads(line) for line in following.decode().splitlines()]
    assert head["format"] == "dsar-instructions/1"
    assert head["instructions"] == len(instructions)
    assert head["sha256"] == hashlib.sha256(following).hexdigest()
    return head, instructions


def digest(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


def opted_out(house: House, account_no: str | None = None) -> Case:
    who = person(account_no) if account_no else person()
    case = house.file(Right.OPT_OUT_SALE_SHARE, who=who).cases.get()
    house.work()
    return fresh(case)


def test_the_file_of_the_day_names_recipient_day_and_each_instruction(house: House) -> None:
    case = opted_out(house)
    head, instructions = read(file_for(house))
    assert (head["recipient"], head["day"]) == ("Summit Lists LLC", "2026-11-23")
    telling = Telling.objects.get(case=case, recipient="Summit Lists LLC")
    assert instructions == [
        {
            "id": str(telling.request_id),
            "instruction": "opt_out_sale_share",
            "email_sha256": hashlib.sha256(str(person().email).encode()).hexdigest(),
            "received_on": "2026-11-23",
            "reference": case.submission.reference,
        }
    ]
    assert str(person().email) not in file_for(house).read_text()
    kept = RecipientBatch.objects.get(path=telling.batch)
    assert kept.sha256 == hashlib.sha256(file_for(house).read_bytes()).hexdigest()
    assert {fact["batch"] for fact in facts_of(case, EventKind.RECIPIENT_TOLD)} >= {telling.batch}


def test_somebody_who_writes_from_an_address_that_is_in_no_record_is_named_by_the_one_that_is(house: House) -> None:
    gives_the_address()
    house.closed(Right.DELETE, person(LISTED), email="Elsewhere@post.example")
    (instruction,) = read(file_for(house))[1]
    assert instruction["email_sha256"] == digest(str(person(LISTED).email))
    assert instruction["other_email_sha256"] == [digest("elsewhere@post.example")]
    assert "post.example" not in file_for(house).read_text()


def test_one_address_however_it_is_written_goes_once(house: House) -> None:
    gives_the_address()
    house.closed(Right.DELETE, email=str(person().email).swapcase())
    (instruction,) = read(file_for(house))[1]
    assert instruction["email_sha256"] == digest(str(person().email))
    assert "other_email_sha256" not in instruction


def test_who_can_be_named_by_nothing_is_told_by_a_person_and_stops_nobody_else(house: House) -> None:
    other = opted_out(house, OTHERS[0])
    unnamed = house.file(Right.OPT_OUT_SALE_SHARE, **CHILD).cases.get()
    house.work()
    stuck = Telling.objects.get(case=unnamed, recipient="Summit Lists LLC")
    assert (stuck.state, stuck.error, stuck.batch) == (TellingState.FAILED, "NothingToNameThePersonBy", "")
    assert [line["reference"] for line in read(file_for(house))[1]] == [other.submission.reference]
    by_people.told_otherwise(unnamed.pk, str(stuck.pk), "Called them.", by=ANALYST, at=timezone.now())
    assert Telling.objects.get(pk=stuck.pk).state == TellingState.TOLD


def test_all_cases_of_a_day_stand_in_one_file_and_those_of_the_next_in_another(house: House) -> None:
    for account_no in OTHERS:
        opted_out(house, account_no)
    before = file_for(house).read_text().splitlines()[1:]
    house.shift(timedelta(days=1))
    opted_out(house)
    assert len(read(file_for(house))[1]) == 3
    assert file_for(house).read_text().splitlines()[1:] == before, "lines are added, and never changed"
    assert len(read(file_for(house, "2026-11-24"))[1]) == 1


def test_telling_twice_is_telling_once(house: House) -> None:
    case = opted_out(house)
    before = file_for(house).read_bytes()
    telling = Telling.objects.get(case=case, recipient="Summit Lists LLC")
    with transaction.atomic():
        assert batch.write(telling, at=timezone.now()) == telling.batch
    assert file_for(house).read_bytes() == before
    assert len(facts_of(case, EventKind.RECIPIENT_TOLD)) == 2


def test_a_writer_that_died_before_its_commit_leaves_no_line_that_is_not_told(house: House) -> None:
    case = opted_out(house)
    telling = Telling.objects.get(case=case, recipient="Summit Lists LLC")
    Telling.objects.filter(pk=telling.pk).update(batch="", state="waiting")
    telling.refresh_from_db()
    with transaction.atomic():
        batch.write(telling, at=timezone.now())
    _head, instructions = read(file_for(house))
    assert [line["id"] for line in instructions] == [str(telling.request_id)]


def test_a_line_that_stands_in_the_file_is_neither_read_from_the_database_nor_made_again(
    house: House, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    told = Telling.objects.get(case=opted_out(house), recipient="Summit Lists LLC")
    fields = {"case": told.case, "round": told.round, "relation": told.relation, "way": told.way}
    fields |= {"state": told.state, "batch": told.batch}
    Telling.objects.bulk_create(Telling(recipient=f"Of before {number}", **fields) for number in range(50))
    latest = opted_out(house, OTHERS[0])  # writes the lines of all
    before = file_for(house).read_text().splitlines()[1:]
    telling = Telling.objects.select_related("case__submission__subject").get(case=latest, batch=told.batch)
    telling.batch = ""
    Telling.objects.filter(pk=telling.pk).update(batch="")
    made = list[Telling]()
    monkeypatch.setattr(batch, "instruction_of", made.append)
    monkeypatch.setattr(Telling, "from_db", None)
    with transaction.atomic(), django_assert_num_queries(5):
        batch.write(telling, at=timezone.now())
    assert (file_for(house).read_text().splitlines()[1:], made) == (before, [])


@pytest.mark.parametrize("damage", ["", "nonsense", '{"sha256": "0"}\n{"id": "x"}\n'])
def test_a_file_that_somebody_changed_or_took_away_is_made_anew(house: House, damage: str) -> None:
    opted_out(house, OTHERS[0])
    path = file_for(house)
    path.write_text(damage) if damage else path.unlink()
    opted_out(house)
    references = set(Case.objects.values_list("submission__reference", flat=True))
    assert {line["reference"] for line in read(file_for(house))[1]} == references


def test_a_file_is_there_whole_or_as_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    opted_out(house, OTHERS[0])
    before = file_for(house).read_bytes()

    def full(self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert file_for(house).read_bytes() == before
    assert not Telling.objects.told().filter(case=case).exists()
    monkeypatch.undo()
    house.later(timedelta(minutes=2))
    assert len(read(file_for(house))[1]) == 2


@only_on_postgres
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_workers_that_write_at_once_lose_no_line(house: House) -> None:
    cases = [house.file(Right.OPT_OUT_SALE_SHARE, who=person(account_no)).cases.get() for account_no in OTHERS]
    assert at_once(*[partial(_work, house)] * 4) == ["worked"] * 4
    assert len(read(file_for(house))[1]) == len(cases)
    assert Telling.objects.told().filter(recipient="Summit Lists LLC").count() == len(cases)


def _work(house: House) -> str:
    house.work()
    return "worked"


def test_an_act_that_ends_while_its_recipient_is_told_still_closes_the_case(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    way_to = whom.way_to

    def read_before_the_act(telling: Telling) -> tuple[Way, DataMapVersion | None]:
        telling.acted_at = None
        return way_to(telling)

    monkeypatch.setattr(whom, "way_to", read_before_the_act)
    assert opted_out(house).state == State.CLOSED
