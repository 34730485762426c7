"""What is done by the clock: orphaned keys are destroyed, the heads of all histories are signed and leave the house."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.models import Count

from dsar.jobs.queue import enqueue
from dsar.ledger import checkpoints, copies
from dsar.ledger import house as main_house
from dsar.ledger.models import Checkpoint
from dsar.ledger.models import House as MainHouse
from dsar.vault import house as key_house
from dsar.vault import keys
from dsar.vault.errors import StrangeHouse
from dsar.vault.models import House as KeyHouse
from dsar.vault.router import KEYS
from requests_app.models import Case, DataSubject, Hold, Submission, SupportingDocument, Suppression

logger = logging.getLogger(__name__)

InUse = Callable[[Collection[UUID]], Collection[UUID]]

# A key is made before the transaction that first uses it; a day is far more than any transaction lasts.
YOUNGEST_ORPHAN = timedelta(days=1)


def _of_documents(page: Collection[UUID]) -> set[UUID]:
    """Of documents that were not destroyed, and that live as long as their request's record."""
    kept = SupportingDocument.objects.kept().filter(own_key__in=page)
    found = dict(kept.values_list("own_key", "asked__case__submission__record_key"))
    living = keys.living(found.values())
    return {own for own, record in found.items() if own and record in living}


KEYS_IN_USE: dict[str, InUse] = {
    "record": lambda page: set(Submission.objects.filter(record_key__in=page).values_list("record_key", flat=True)),
    "content": lambda page: set(Case.objects.filter(content_key__in=page).values_list("content_key", flat=True)),
    "supporting": _of_documents,
    "suppression": lambda page: set(Suppression.objects.filter(value_key__in=page).values_list("value_key", flat=True)),
    "hold": lambda page: {hold.value_key for hold in Hold.objects.filter(value_key__in=page) if hold.value_key},
    "identifiers": lambda page: set(
        DataSubject.objects.filter(identifier_key__in=page).values_list("identifier_key", flat=True)
    ),
}


def destroy_orphaned_keys(*, at: datetime, any_number: bool = False) -> int:
    """Destroy keys whose first transaction never committed: a second submit, a crash; how many there were.

    First, what had been destroyed and was restored with the key store is destroyed again. Raises StrangeHouse if this
    is not the database whose content the keys seal, TooManyOrphans if more seem to be orphans than can be.
    """
    keys.apply_destroyed()
    house = main_house.house_id()
    return sum(
        keys.sweep(
            purpose,
            in_use=in_use,
            house_id=house,
            created_before=at - YOUNGEST_ORPHAN,
            at=at,
            any_number=any_number,
        )
        for purpose, in_use in KEYS_IN_USE.items()
    )


def orphaned_keys(*, at: datetime) -> dict[str, int]:
    """How many keys of each purpose would be destroyed as orphans."""
    before = at - YOUNGEST_ORPHAN
    return {
        purpose: len(keys.orphans_of(purpose, in_use=in_use, created_before=before))
        for purpose, in_use in KEYS_IN_USE.items()
    }


def join_databases() -> None:
    """Give the main database and the key store one random house id, if neither has one.

    If only one has it, the other is new, mistyped or not restored yet: a person has to say which (`complete_house`).
    """
    if main_house.house_id() is None and key_house.house_id() is None:
        house = uuid4()
        main_house.give_id(house)
        key_house.give_id(house)


def complete_house() -> UUID:
    """Give the house id of one database to the other that has none; raises StrangeHouse if they have two."""
    join_databases()
    main, store = main_house.house_id(), key_house.house_id()
    if main is None and store is not None:
        main_house.give_id(store)
    elif main is not None and store is None:
        key_house.give_id(main)
    joined = main_house.house_id()
    key_house.check_same_house(joined)
    return cast("UUID", joined)


def join_after_migrate(*, plan: object = None, **_signal: object) -> None:
    """Join the databases as soon as both are migrated, and tell if they don't belong together.

    A flush sends the same signal, without a plan: it is no migrate.
    """
    if plan is None or not _both_are_migrated():
        return
    join_databases()
    try:
        key_house.check_same_house(main_house.house_id())
    except StrangeHouse as error:
        logger.error("%s", error)  # noqa: TRY400 - told whole


def _both_are_migrated() -> bool:
    tables = {DEFAULT_DB_ALIAS: MainHouse, KEYS: KeyHouse}
    try:
        return all(
            model._meta.db_table in connections[alias].introspection.table_names() for alias, model in tables.items()
        )
    except Error:  # the other one is not there yet: it will be migrated after this one
        return False


def anchor_histories(*, at: datetime) -> Checkpoint | None:
    """Sign the heads that moved since the last checkpoint, and have the checkpoint leave the database.

    None without a signing key.
    """
    checkpoint = checkpoints.make_checkpoint(at=at)
    if checkpoint:
        enqueue("copy_checkpoints", {"checkpoint": checkpoint.number}, key=f"copy_checkpoints:{checkpoint.number}")
    return checkpoint


def copy_checkpoints() -> None:
    """Append new checkpoints to the file that leaves the house; raises LedgerError if it tells another history."""
    copies.append_new(settings.CHECKPOINT_FILE)


def mail_checkpoint() -> None:
    """Mail the last checkpoint to the auditor, if there is one: as a file, a line to be kept with those before it."""
    last = Checkpoint.objects.order_by("number").last()
    if not settings.AUDITOR_EMAIL or last is None:
        return
    mail = EmailMessage(
        subject=f"Audit checkpoint {last.number}",
        body=(
            "The attached line states where all histories of privacy requests stood at that moment. Please keep it: "
            "`manage.py verify_audit --against FILE` compares the database with it.\n"
        ),
        to=[settings.AUDITOR_EMAIL],
    )
    mail.attach(f"checkpoint-{last.number:06}.jsonl", f"{copies.line_of(last)}\n", "text/plain")
    mail.send()


def submissions_by_channel() -> dict[str, int]:
    """How many submissions came by each channel: counted in every checkpoint, so that none can vanish unseen."""
    rows = Submission.objects.values_list("channel").annotate(count=Count("pk"))
    return dict(rows.order_by("channel"))
