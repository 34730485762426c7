"""Telling recipients: one dated batch a recipient and day, one file an instruction, picked up by the recipient.

A batch is a folder ``recipients/<recipient>/<day>/``; its files name the person by the SHA-256 of the e-mail address,
the form in which advertising partners match, never by the address. Written under the case's id: twice is once.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.utils.text import slugify

from exports.models import DataSource, RecipientTold
from exports.sources.datamap import Recipient, Relation
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import SYSTEM
from requests_app.services.history import local_day, locked, record

# Whom a right concerns: deletion goes to everybody (Civ. Code 1798.105(c)), an opt-out to whom data is sold or
# shared (11 CCR 7026(f)), a correction to those who process for us (11 CCR 7023(c)).
TOLD = {
    Right.DELETE: frozenset(Relation),
    Right.CORRECT: frozenset({Relation.SERVICE_PROVIDER}),
    Right.OPT_OUT_SALE_SHARE: frozenset({Relation.SOLD, Relation.SHARED}),
    Right.LIMIT_SENSITIVE: frozenset({Relation.SERVICE_PROVIDER}),
}


def recipients_to_tell(case: Case, on: date) -> list[Recipient]:
    """The recipients in the register that this case's right concerns, each legal name once."""
    relations = TOLD.get(case.right_asked, frozenset())
    found: dict[str, Recipient] = {}
    for source in DataSource.objects.in_walking_order():
        for recipient in source.map_version.as_map().recipients:
            if recipient.relation in relations and recipient.received_between(case.received_on(), on):
                found.setdefault(recipient.name, recipient)
    return list(found.values())


def write_instruction(case: Case, recipient: Recipient, *, at: datetime) -> str:
    """Put the instruction into the recipient's batch of the day; the batch's name. Repeating writes the same file."""
    batch = f"{slugify(recipient.name)}/{local_day(at).isoformat()}"
    folder = Path(settings.DATA_DIR) / "recipients" / batch
    folder.mkdir(parents=True, exist_ok=True)
    instruction = {
        "instruction": case.right,
        "email_sha256": hashlib.sha256(case.submission.email.casefold().encode()).hexdigest(),
        "received_on": case.received_on().isoformat(),
        "reference": case.submission.reference,
    }
    unfinished = folder / f".{case.pk}.unfinished"
    unfinished.write_text(json.dumps(instruction, sort_keys=True) + "\n")
    unfinished.rename(folder / f"{case.pk}.json")
    return batch


def note_told(case: Case, recipient: Recipient, batch: str, *, at: datetime) -> None:
    """Write down that a recipient was told, and its event; in the caller's transaction."""
    _told, is_new = RecipientTold.objects.get_or_create(
        case=case,
        recipient=recipient.name,
        defaults={"relation": recipient.relation, "batch": batch, "told_at": at},
    )
    if is_new:
        record(
            locked(case.pk), EventKind.RECIPIENT_TOLD, by=SYSTEM, at=at, recipient=slugify(recipient.name), batch=batch
        )
