"""Append to a chain, and read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import QuerySet

from dsar.ledger.canonical import Fact, LedgerError, canonical_text, digest, moment, plain
from dsar.ledger.models import ChainHead, Event

# What the first event of a chain names as the one before it.
GENESIS = "0" * 64


def append(chain: str, kind: str, *, actor: str, at: datetime, facts: Mapping[str, Fact]) -> Event:
    """Write one event at the end of a chain, in the caller's transaction: both stand or both fall.

    Holds the chain's lock until that transaction ends; who appends to several chains in one
    transaction does so in one order everywhere. Raises LedgerError outside a transaction, for a
    naive moment, a missing name, or facts that are not plain JSON.
    """
    if not transaction.get_connection(DEFAULT_DB_ALIAS).in_atomic_block:
        raise LedgerError("Append inside transaction.atomic(): the event and what it tells of stand or fall together.")
    if not (chain and kind and actor):
        raise LedgerError("An event needs a chain, a kind and an actor.")
    # All that can be refused is refused before a new chain gets its head.
    content = {
        "actor": plain(actor, "actor"),
        "at": moment(at),
        "chain": plain(chain, "chain"),
        "facts": plain(facts, "facts"),
        "kind": plain(kind, "kind"),
    }
    head = _locked_head(chain)
    sequence = head.sequence + 1
    text = canonical_text({**content, "previous": head.hash, "sequence": sequence})
    event = Event.objects.create(
        chain=chain,
        sequence=sequence,
        kind=kind,
        actor=actor,
        at=at,
        text=text,
        previous_hash=head.hash,
        hash=digest(text),
    )
    head.sequence, head.hash = event.sequence, event.hash
    head.save(update_fields=["sequence", "hash"])
    return event


def history(chain: str) -> QuerySet[Event]:
    """The chain's events, oldest first."""
    return Event.objects.filter(chain=chain).order_by("sequence")


def access_chain(on: date) -> str:
    """The chain of one day's looks: who read, searched, signed in or changed a setting."""
    return f"access:{on.isoformat()}"


def _locked_head(chain: str) -> ChainHead:
    """The chain's head under lock; on SQLite the (immediate) transaction itself is the lock."""
    heads = ChainHead.objects.select_for_update().filter(chain=chain)
    head = heads.first()
    if head is None:
        # Of two first appends the second waits here for the first one's commit, and then finds its head.
        ChainHead.objects.bulk_create([ChainHead(chain=chain, sequence=0, hash=GENESIS)], ignore_conflicts=True)
        head = heads.get()
    return head
