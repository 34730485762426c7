"""Read the chains and the checkpoints again, and name the first link that doesn't hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import Exists, OuterRef, Subquery

from dsar.ledger import checkpoints
from dsar.ledger.canonical import digest, moment
from dsar.ledger.chains import GENESIS
from dsar.ledger.models import AnchoredHead, ChainHead, Checkpoint, Event
from dsar.ledger.signing import PublicKey, known_keys

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


@dataclass(frozen=True)
class Fall:
    """A count that is lower than a checkpoint stated before; ``checkpoint`` is the later one, None for now."""

    name: str
    before: int
    after: int
    checkpoint: int | None


@dataclass
class Verification:
    """What was read, up to the first break, until when it is anchored, and which counts fell."""

    events: int = 0
    chains: int = 0
    checkpoints: int = 0
    first_break: Break | None = None
    # The moment of the last checkpoint that our key or a listed old one has signed and that holds, with all before it.
    anchored_until: datetime | None = None
    fallen: list[Fall] = field(default_factory=list)


def verify(chain: str | None = None) -> Verification:
    """Verify every chain, or this one, and every checkpoint.

    A checkpoint whose key is neither ours nor listed among the old ones is a break: whoever owns the tables
    could have put it there, and ours after it would state its hash. An end that was cut off together with its
    head and its checkpoints shows only against a copy that was kept elsewhere (``copies``).
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
    keys = known_keys()
    number, previous, counts = 0, GENESIS, dict[str, int]()
    for checkpoint in Checkpoint.objects.order_by("number").iterator(chunk_size=10):
        fault = _checkpoint_fault(checkpoint, number + 1, previous, keys)
        if fault:
            return Break(CHECKPOINTS, number + 1, fault)
        broken = _first_break_in_heads(checkpoint, chain)
        if broken:
            return broken
        number, previous = checkpoint.number, digest(checkpoint.text)
        counts = _note_falls(found, counts, _content(checkpoint.text).get("counts"), number)
        found.checkpoints += 1
        found.anchored_until = checkpoint.at
    if number and chain is None:
        _note_falls(found, counts, {name: count() for name, count in checkpoints.counts.items()}, None)
    return None


def _note_falls(found: Verification, before: dict[str, int], counts: object, checkpoint: int | None) -> dict[str, int]:
    """Note which of the counts are lower than before, those that are stated no more included; returns them."""
    after = dict(_numbers("", counts))
    found.fallen += [
        Fall(name, number, after.get(name, 0), checkpoint)
        for name, number in before.items()
        if after.get(name, 0) < number
    ]
    return after


def _numbers(name: str, counts: object) -> Iterator[tuple[str, int]]:
    """The numbers in what was counted, each with its way there: submissions.web."""
    if isinstance(counts, int):
        yield name, counts
    for key, value in counts.items() if isinstance(counts, Mapping) else ():
        yield from _numbers(f"{name}.{key}" if name else key, value)


def _checkpoint_fault(checkpoint: Checkpoint, number: int, previous: str, keys: Mapping[str, PublicKey]) -> str | None:
    if checkpoint.number != number:
        return f"the checkpoint is missing, the next one is {checkpoint.number}"
    key = keys.get(checkpoint.key_id)
    if key is None:
        return f"the checkpoint names the key {checkpoint.key_id}, which is neither ours nor listed as an old one"
    if not key.has_signed(checkpoint.text, checkpoint.signature):
        return "the checkpoint's signature does not fit its text"
    content = _content(checkpoint.text)
    fault = _column_fault(
        content, at=moment(checkpoint.at), key=checkpoint.key_id, number=checkpoint.number, previous=previous
    )
    return fault or _heads_fault(content.get("heads"))


def _heads_fault(heads: object) -> str | None:
    """A text that an old key has signed, which somebody may hold, can say anything."""
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
