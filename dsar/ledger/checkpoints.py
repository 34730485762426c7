"""Signed checkpoints: where the chains stood at a moment. Whoever keeps a copy elsewhere can prove it later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from dsar.ledger.canonical import Fact, LedgerError, canonical_text, digest, moment, plain
from dsar.ledger.chains import GENESIS
from dsar.ledger.models import AnchoredHead, ChainHead, Checkpoint
from dsar.ledger.signing import signer

# What the layers above want counted in each checkpoint, by name.
counts: dict[str, Callable[[], Fact]] = {}


def register_count(name: str, function: Callable[[], Fact]) -> None:
    """Have every checkpoint state what this function counts then; LedgerError if the name is taken."""
    if counts.setdefault(name, function) is not function:
        raise LedgerError(f"The count {name} is registered already.")


@transaction.atomic
def make_checkpoint(*, at: datetime) -> Checkpoint | None:
    """Sign the heads that moved since the last checkpoint; None if no signing key is set.

    An event whose transaction is still open is left to the next checkpoint. Of two checkpoints made
    at once, the second fails with IntegrityError on PostgreSQL and may be tried again.
    """
    key = signer()
    if key is None:
        return None
    last = Checkpoint.objects.order_by("number").last()
    number = last.number + 1 if last else 1
    moved = list(moved_heads())
    text = canonical_text(
        {
            "at": moment(at),
            "counts": {name: plain(count(), f"counts.{name}") for name, count in sorted(counts.items())},
            "heads": {head.chain: [head.sequence, head.hash] for head in moved},
            "key": key.key_id,
            "number": number,
            "previous": digest(last.text) if last else GENESIS,
        }
    )
    checkpoint = Checkpoint.objects.create(number=number, at=at, key_id=key.key_id, text=text, signature=key.sign(text))
    AnchoredHead.objects.bulk_create(
        (AnchoredHead(checkpoint=checkpoint, chain=head.chain, sequence=head.sequence) for head in moved),
        batch_size=1000,
    )
    return checkpoint


def moved_heads() -> QuerySet[ChainHead]:
    """The heads that no checkpoint states yet."""
    stated = AnchoredHead.objects.filter(chain=OuterRef("chain"), sequence=OuterRef("sequence"))
    return ChainHead.objects.filter(~Exists(stated))
