"""Telling recipients: one dated batch a recipient and day, one file an instruction, picked up by the recipient.

A batch is a folder ``recipients/<recipient>/<day>/``; its files name the person by the SHA-256 of the e-mail address,
the form in which advertising partners match, never by the address. They lie there in the clear, so that a correction
names the field and who tells its new value, not the value. Written under the case's id: twice is once.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.utils.text import slugify

from dsar.vault.disk import sync_folder
from exports.fulfil import acts
from exports.models import DataSource, RecipientTold
from exports.sources.datamap import Recipient, Relation
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, IdentifierKind
from requests_app.roles import SYSTEM
from requests_app.services import people
from requests_app.services.history import local_day, locked, record

# Whom a right concerns: deletion goes to everybody (Civ. Code 1798.105(c)), an opt-out to whom data is sold or
# shared (11 CCR 7026(f)), a correction to those who process for us (11 CCR 7023(c)), a granted restriction to each
# recipient (Art. 19 GDPR), an opt-out of automated decisions to everybody who got the data (11 CCR 7221).
TOLD = {
    Right.DELETE: frozenset(Relation),
    Right.CORRECT: frozenset({Relation.SERVICE_PROVIDER}),
    Right.OPT_OUT_SALE_SHARE: frozenset({Relation.SOLD, Relation.SHARED}),
    Right.LIMIT_SENSITIVE: frozenset({Relation.SERVICE_PROVIDER}),
    Right.OPT_OUT_AUTOMATED: frozenset(Relation),
    Right.RESTRICT: frozenset(Relation),
}
# What concerns data that is already out goes to everybody who ever received it (Civ. Code 1798.105(c)(1); 11 CCR
# 7022(b)); what is about the future to those who received it since (11 CCR 7026(f)).
WHOEVER_RECEIVED = frozenset({Right.DELETE, Right.CORRECT, Right.RESTRICT})
MOST_LETTERS = 60  # of a legal name in the name of a folder


def recipients_to_tell(case: Case, on: date) -> list[Recipient]:
    """The recipients in the register that this case's right concerns, each legal name once.

    What we hold as a processor went to the recipients of its controller, who tells them.
    """
    relations = TOLD.get(case.right_asked, frozenset())
    since = None if case.right_asked in WHOEVER_RECEIVED else case.received_on()
    found: dict[str, Recipient] = {}
    for data_map in (source.map_version.as_map() for source in DataSource.objects.in_walking_order()):
        for recipient in data_map.recipients if data_map.processor_for is None else ():
            if recipient.relation in relations and recipient.received_between(since, on):
                found.setdefault(recipient.name, recipient)
    return list(found.values())


def write_instruction(case: Case, recipient: Recipient, *, at: datetime) -> str:
    """Put the instruction into the recipient's batch of the day; the batch's name. Repeating writes the same file."""
    batch = f"{folder_of(recipient)}/{local_day(at).isoformat()}"
    folder = Path(settings.DATA_DIR) / "recipients" / batch
    folder.mkdir(parents=True, exist_ok=True)
    instruction = {
        "instruction": case.right,
        **_whose(case),
        "received_on": case.received_on().isoformat(),
        "reference": case.submission.reference,
        **(_correction(case) if case.right_asked == Right.CORRECT else {}),
    }
    _write(folder / f"{case.pk}.json", json.dumps(instruction, sort_keys=True) + "\n")
    return batch


def _whose(case: Case) -> dict[str, str]:
    """Whom the recipient knows: by the mailbox, or for who gave none by an address that stands in the records."""
    email = case.submission.email or next(iter(people.identifiers_of(case).get(IdentifierKind.EMAIL, [])), "")
    return {"email_sha256": hashlib.sha256(email.casefold().encode()).hexdigest()} if email else {}


def folder_of(recipient: Recipient) -> str:
    """A folder of its own for every legal name, in whatever letters it is written."""
    digest = hashlib.sha256(recipient.name.encode()).hexdigest()[:8]
    return "-".join(filter(None, (slugify(recipient.name)[:MOST_LETTERS].strip("-"), digest)))


def _correction(case: Case) -> dict[str, str]:
    """What is to be corrected, and who tells the value to a recipient that names the reference."""
    name, data_map = acts.field_to_correct(case), acts.run_to_correct(case).map_version.as_map()
    collection = data_map.collection(name.collection)
    return {
        "collection": collection.title.in_language("en"),
        "field": collection.field(name.column).title.in_language("en"),
        "value_from": case.submission.organisation.contact_email,
    }


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk before the database says that the recipient was told."""
    unfinished = path.with_name(f".{path.stem}.unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):  # each may be new
        sync_folder(folder)


def note_told(case: Case, recipient: Recipient, batch: str, *, at: datetime) -> None:
    """Write down that a recipient was told, and its event; in the caller's transaction."""
    _told, is_new = RecipientTold.objects.get_or_create(
        case=case,
        recipient=recipient.name,
        defaults={"relation": recipient.relation, "batch": batch, "told_at": at},
    )
    if is_new:
        name = folder_of(recipient)
        record(locked(case.pk), EventKind.RECIPIENT_TOLD, by=SYSTEM, at=at, recipient=name, batch=batch)
