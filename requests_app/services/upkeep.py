"""What is done by the clock: orphaned keys are destroyed, and the heads of all histories are signed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from dsar.ledger import checkpoints
from dsar.ledger.models import Checkpoint
from dsar.vault import keys
from requests_app.models import Case, DataSubject, Submission, Suppression

InUse = Callable[[Collection[UUID]], Collection[UUID]]

# A key is made before the transaction that first uses it; a day is far more than any transaction lasts.
YOUNGEST_ORPHAN = timedelta(days=1)
KEYS_IN_USE: dict[str, InUse] = {
    "record": lambda page: set(Submission.objects.filter(record_key__in=page).values_list("record_key", flat=True)),
    "content": lambda page: set(Case.objects.filter(content_key__in=page).values_list("content_key", flat=True)),
    "suppression": lambda page: set(Suppression.objects.filter(value_key__in=page).values_list("value_key", flat=True)),
    "identifiers": lambda page: set(
        DataSubject.objects.filter(identifier_key__in=page).values_list("identifier_key", flat=True)
    ),
}


def destroy_orphaned_keys(*, at: datetime) -> int:
    """Destroy keys whose first transaction never committed: a second submit, a crash; how many there were."""
    return sum(
        keys.sweep(purpose, in_use=in_use, created_before=at - YOUNGEST_ORPHAN, at=at)
        for purpose, in_use in KEYS_IN_USE.items()
    )


def anchor_histories(*, at: datetime) -> Checkpoint | None:
    """Sign the heads that moved since the last checkpoint; None without a signing key, or if nothing moved."""
    return checkpoints.make_checkpoint(at=at)


def submissions_by_channel() -> dict[str, int]:
    """How many submissions came by each channel: counted in every checkpoint, so that none can vanish unseen."""
    rows = Submission.objects.values_list("channel").annotate(count=Count("pk"))
    return dict(rows.order_by("channel"))
