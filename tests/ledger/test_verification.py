from __future__ import annotations

import json
from datetime import timedelta

import pytest

from dsar.ledger.canonical import canonical_text, digest
from dsar.ledger.models import ChainHead, Event
from dsar.ledger.verification import Break, Verification, verify
from tests.ledger.conftest import AT, Write


def change(chain: str, sequence: int, /, **columns: object) -> None:
    assert Event.objects.filter(chain=chain, sequence=sequence).update(**columns) == 1


def rewrite(event: Event, *, previous: str, **content: object) -> Event:
    """Forge an event, with a hash that fits."""
    text = canonical_text(json.loads(event.text) | {"previous": previous} | content)
    columns = {name: value for name, value in content.items() if name != "facts"}
    change(event.chain, event.sequence, text=text, hash=digest(text), previous_hash=previous, **columns)
    return Event.objects.get(pk=event.pk)


@pytest.mark.django_db
def test_nothing_holds() -> None:
    assert verify() == Verification()


def test_untouched_chains_hold(write: Write) -> None:
    write("a", 3), write("b", 2)
    assert verify() == Verification(events=5, chains=2)


def test_one_chain_is_verified_alone(write: Write, no_triggers: None) -> None:
    write("a", 3), write("b", 2)
    change("a", 1, text="{}")
    assert verify("b") == Verification(events=2, chains=1)


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "staff:2"), ("kind", "refused"), ("at", AT + timedelta(microseconds=1))],
)
def test_a_changed_column_is_found_by_its_name(write: Write, no_triggers: None, column: str, value: object) -> None:
    write(count=3)
    change("a", 2, **{column: value})
    assert verify().first_break == Break("a", 2, f"{column} is not what the hashed text says")


def test_a_changed_text_is_found(write: Write, no_triggers: None) -> None:
    event = write(count=3)[1]
    change("a", 2, text=event.text.replace('"n":1', '"n":7'))
    assert verify().first_break == Break("a", 2, "the event's text does not have its hash")


def test_a_text_changed_with_its_hash_is_found_at_the_next_event(write: Write, no_triggers: None) -> None:
    first, second, _ = write(count=3)
    rewrite(second, previous=first.hash, facts={"n": 7})
    assert verify().first_break == Break("a", 3, "the event does not follow the one before it")


def test_a_whole_chain_forged_to_its_end_is_found_by_its_head(write: Write, no_triggers: None) -> None:
    first, second, third = write(count=3)
    second = rewrite(second, previous=first.hash, actor="staff:2")
    rewrite(third, previous=second.hash)
    assert verify().first_break == Break("a", 3, "the chain's head has another hash than its last event")


@pytest.mark.parametrize(("name", "value"), [("previous", "f" * 64), ("sequence", 2), ("chain", "b")])
def test_a_forged_text_in_the_place_of_another_is_found(
    write: Write, no_triggers: None, name: str, value: object
) -> None:
    (event,) = write()
    text = canonical_text(json.loads(event.text) | {name: value})
    change("a", 1, text=text, hash=digest(text))
    assert verify().first_break == Break("a", 1, f"{name} is not what the hashed text says")


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_text_that_is_no_event_is_found(write: Write, no_triggers: None, text: str) -> None:
    write()
    change("a", 1, text=text, hash=digest(text))
    assert verify().first_break == Break("a", 1, "actor is not what the hashed text says")


def test_a_missing_event_is_found(write: Write, no_triggers: None) -> None:
    write(count=3)
    Event.objects.filter(sequence=2).delete()
    assert verify().first_break == Break("a", 2, "the event is missing, the next one is 3")


def test_an_event_moved_to_another_chain_is_found(write: Write, no_triggers: None) -> None:
    write("a", 1), write("b", 1)
    change("b", 1, chain="c")
    ChainHead.objects.filter(chain="b").update(chain="c")
    assert verify().first_break == Break("c", 1, "chain is not what the hashed text says")


def test_a_cut_off_end_is_found(write: Write, no_triggers: None) -> None:
    write(count=3)
    Event.objects.filter(sequence=3).delete()
    assert verify().first_break == Break("a", 2, "the chain ends with this event, but its head is at event 3")


def test_a_chain_without_its_head_is_found(write: Write, no_triggers: None) -> None:
    write(count=3)
    ChainHead.objects.all().delete()
    assert verify().first_break == Break("a", 3, "the chain ends with this event, but its head is at event None")


@pytest.mark.parametrize("chain", [None, "b"])
def test_a_head_without_its_events_is_found(write: Write, no_triggers: None, chain: str | None) -> None:
    write("a", 2), write("b", 2)
    Event.objects.filter(chain="b").delete()
    assert verify(chain).first_break == Break("b", 1, "the chain has no events, but its head is at event 2")
    assert verify("a").first_break is None


def test_the_first_break_of_several_is_named(write: Write, no_triggers: None) -> None:
    write("a", 3), write("b", 2)
    change("b", 1, actor="staff:2")
    change("a", 3, actor="staff:2")
    change("a", 2, actor="staff:2")
    found = verify()
    assert found.first_break == Break("a", 2, "actor is not what the hashed text says")
    assert (found.events, found.chains) == (2, 1)
