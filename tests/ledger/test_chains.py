from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from dsar.ledger import chains
from dsar.ledger.canonical import LedgerError, digest
from dsar.ledger.models import AnchoredHead, ChainHead, Checkpoint, Event, House
from tests.ledger.conftest import AT, Write


@pytest.mark.django_db
def test_an_event_keeps_the_exact_text_that_was_hashed() -> None:
    at = datetime(2026, 11, 23, 1, 30, tzinfo=timezone(timedelta(hours=-8)))
    chains.append("a", "noted", actor="staff:1", at=at, facts={"law": "ccpa", "days": [45, None]})
    event = Event.objects.get()
    assert event.text == (
        '{"actor":"staff:1","at":"2026-11-23T09:30:00.000000Z","chain":"a","facts":{"days":[45,null],"law":"ccpa"},'
        f'"kind":"noted","previous":"{"0" * 64}","sequence":1}}'
    )
    assert event.hash == digest(event.text)
    assert event.facts == {"law": "ccpa", "days": [45, None]}
    assert event.at == at


def test_each_event_names_the_one_before_it(write: Write) -> None:
    first, second, third = write(count=3)
    assert [first.previous_hash, second.previous_hash, third.previous_hash] == [chains.GENESIS, first.hash, second.hash]
    assert [event.sequence for event in (first, second, third)] == [1, 2, 3]


def test_the_head_is_the_last_event(write: Write) -> None:
    last = write(count=2)[-1]
    head = ChainHead.objects.get(chain="a")
    assert (head.sequence, head.hash) == (2, last.hash)


def test_history_is_one_chain_from_its_beginning(write: Write) -> None:
    write("a", 2), write("b", 1), write("a", 1)
    assert [event.sequence for event in chains.history("a")] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_appending_outside_a_transaction_is_refused() -> None:
    with pytest.raises(LedgerError, match="atomic"):
        chains.append("a", "noted", actor="staff:1", at=AT, facts={})
    assert not ChainHead.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_falls_with_the_transaction_it_tells_of() -> None:
    with transaction.atomic():
        chains.append("a", "noted", actor="staff:1", at=AT, facts={})
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not ChainHead.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"chain": ""},
        {"kind": ""},
        {"actor": ""},
        {"actor": "\ud800"},
        {"at": datetime(2026, 11, 23)},  # noqa: DTZ001
        {"facts": {"share": 0.5}},
    ],
)
@pytest.mark.django_db
def test_a_refused_event_leaves_no_trace(bad: dict[str, object]) -> None:
    event = {"chain": "a", "kind": "noted", "actor": "staff:1", "at": AT, "facts": {}} | bad
    with pytest.raises(LedgerError):
        chains.append(event.pop("chain"), event.pop("kind"), **event)  # type: ignore[arg-type]
    assert not ChainHead.objects.exists()


def test_looks_go_to_the_chain_of_their_day() -> None:
    assert chains.access_chain(date(2026, 11, 23)) == "access:2026-11-23"


def test_records_say_in_short_what_they_are(write: Write) -> None:
    (event,) = write()
    assert str(event) == "a #1 noted"
    assert str(ChainHead.objects.get()) == "a until #1"
    assert str(Checkpoint(number=3)) == "checkpoint 3"
    assert str(AnchoredHead(checkpoint_id=3, chain="a", sequence=1)) == "a #1 in checkpoint 3"
    assert str(House(house=UUID(int=7))) == "house 00000000-0000-0000-0000-000000000007"


def test_appending_asks_the_database_three_times(
    write: Write, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    write()
    with django_assert_num_queries(3):
        chains.append("a", "noted", actor="staff:1", at=datetime.now(UTC), facts={})
