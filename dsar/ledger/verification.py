"""Read the chains and the checkpoints again, and name the first link that doesn't hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import Exists, OuterRef, Subquery

from dsar.ledger.canonical import digest, moment
from dsar.ledger.chains import GENESIS
from dsar.ledger.models import AnchoredHead, ChainHead, Checkpoint, Event
from dsar.ledger.signing import Signer, signer

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class Head(TypedDict):
        head_sequence: int | None
        head_hash: str | None

    EventWithHead = WithAnnotations[Event, Head]

# Stands for the chain's name where a checkpoint itself doesn't hold.
CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Break:
    """The first place where a chain doesn't hold; among the checkpoints, ``sequence`` is a checkpoint's number."""

    chain: str
    sequence: int
    reason: str


@dataclass
class Verification:
    """What was read, up to the first break, and until when it is anchored."""

    events: int = 0
    chains: int = 0
    checkpoints: int = 0
    first_break: Break | None = None
    # The moment of the last checkpoint that our key has signed and that holds, with all before it.
    anchored_until: datetime | None = None


def verify(chain: str | None = None) -> Verification:
    """Verify every chain, or this one, and every checkpoint.

    A checkpoint that another key has signed (ours, before it was changed) anchors nothing itself,
    but one of our key's after it states its hash. An end that was cut off together with its head
    and its checkpoints shows only against a copy of a checkpoint that was kept elsewhere.
    """
    found = Verification()
    in_events = _first_break_in_events(chain, found)
    in_checkpoints = _first_break_in_checkpoints(chain, found)
    found.first_break = in_events or in_checkpoints
    return found


def _first_break_in_events(chain: str | None, found: Verification) -> Break | None:
    head = ChainHead.objects.filter(chain=OuterRef("chain"))
    # One statement sees one moment: an event that is appended meanwhile is seen with its head, or not at all.
    events = (
        Event.objects.filter(**_only(chain))
        .order_by("chain", "sequence")
        .annotate(head_sequence=Subquery(head.values("sequence")), head_hash=Subquery(head.values("hash")))
    )
    for _, events_of_chain in groupby(events.iterator(chunk_size=1000), key=attrgetter("chain")):
        found.chains += 1
        broken = _first_break_in_chain(events_of_chain, found)
        if broken:
            return broken
    bare = ChainHead.objects.filter(~Exists(Event.objects.filter(chain=OuterRef("chain"))), **_only(chain)).first()
    return Break(bare.chain, 1, f"the chain has no events, but its head is at event {bare.sequence}") if bare else None


def _first_break_in_chain(events: Iterable[EventWithHead], found: Verification) -> Break | None:
    sequence, previous = 0, GENESIS
    for event in events:
        found.events += 1
        fault = _event_fault(event, sequence + 1, previous)
        if fault:
            return Break(event.chain, sequence + 1, fault)
        sequence, previous = event.sequence, event.hash
    fault = _head_fault(event)
    return Break(event.chain, sequence, fault) if fault else None


def _event_fault(event: Event, sequence: int, previous: str) -> str | None:
    if event.sequence != sequence:
        return f"the event is missing, the next one is {event.sequence}"
    if event.previous_hash != previous:
        return "the event does not follow the one before it"
    if digest(event.text) != event.hash:
        return "the event's text does not have its hash"
    return _column_fault(
        _content(event.text),
        actor=event.actor,
        at=moment(event.at),
        chain=event.chain,
        kind=event.kind,
        previous=event.previous_hash,
        sequence=event.sequence,
    )


def _head_fault(last: EventWithHead) -> str | None:
    if last.head_sequence != last.sequence:
        return f"the chain ends with this event, but its head is at event {last.head_sequence}"
    if last.head_hash != last.hash:
        return "the chain's head has another hash than its last event"
    return None


def _first_break_in_checkpoints(chain: str | None, found: Verification) -> Break | None:
    key = signer()
    number, previous = 0, GENESIS
    for checkpoint in Checkpoint.objects.order_by("number").iterator(chunk_size=10):
        own = key if key and key.key_id == checkpoint.key_id else None
        fault = _checkpoint_fault(checkpoint, number + 1, previous, own)
        if fault:
            return Break(CHECKPOINTS, number + 1, fault)
        broken = _first_break_in_heads(checkpoint, chain)
        if broken:
            return broken
        number, previous = checkpoint.number, digest(checkpoint.text)
        found.checkpoints += 1
        if own:
            found.anchored_until = checkpoint.at
    return None


def _checkpoint_fault(checkpoint: Checkpoint, number: int, previous: str, own: Signer | None) -> str | None:
    if checkpoint.number != number:
        return f"the checkpoint is missing, the next one is {checkpoint.number}"
    if own and not own.has_signed(checkpoint.text, checkpoint.signature):
        return "the checkpoint's signature does not fit its text"
    content = _content(checkpoint.text)
    fault = _column_fault(
        content, at=moment(checkpoint.at), key=checkpoint.key_id, number=checkpoint.number, previous=previous
    )
    return fault or _heads_fault(content.get("heads"))


def _heads_fault(heads: object) -> str | None:
    """A text that our key has not signed can say anything."""
    if isinstance(heads, dict) and all(isinstance(head, list) and len(head) == 2 for head in heads.values()):
        return None
    return "the checkpoint states no heads"


def _first_break_in_heads(checkpoint: Checkpoint, chain: str | None) -> Break | None:
    """Compare the heads that the checkpoint states with the events that stand there now."""
    stated = _content(checkpoint.text)["heads"]
    event = Event.objects.filter(chain=OuterRef("chain"), sequence=OuterRef("sequence"))
    rows = AnchoredHead.objects.filter(checkpoint=checkpoint, **_only(chain))
    rows_now = rows.annotate(hash=Subquery(event.values("hash")))
    found = {row.chain: [row.sequence, row.hash] for row in rows_now.iterator(chunk_size=1000)}
    for name in sorted(stated.keys() | found.keys()) if chain is None else [chain]:
        if stated.get(name) != found.get(name):
            sequence, _ = stated.get(name) or found[name]
            return Break(name, sequence, f"what stands here is not what checkpoint {checkpoint.number} states")
    return None


def _only(chain: str | None) -> dict[str, str]:
    return {} if chain is None else {"chain": chain}


def _content(text: str) -> dict[str, Any]:
    """The content of a hashed text; nothing, if somebody has put something else in its place."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _column_fault(content: dict[str, Any], **columns: str | int) -> str | None:
    for name, value in columns.items():
        if content.get(name) != value:
            return f"{name} is not what the hashed text says"
    return None
