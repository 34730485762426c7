"""What a recipient is told: the right, by what it knows the person, since when, and under which reference.

The person is named by the SHA-256 of the e-mail addresses, the form in which advertising partners match, never by
an address: files lie in the clear. For the same reason a correction names the field and who tells its new value, not
the value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from dsar.jobs.running import PermanentFailure
from dsar.vault.errors import KeyDestroyed
from exports.fulfil.corrections import account
from exports.models import Telling
from requests_app.law.words import Right, Route
from requests_app.models import Case, IdentifierKind
from requests_app.services import people

Instruction: TypeAlias = Mapping[str, str | list[str]]


class NothingToNameThePersonBy(PermanentFailure):
    """Recipients know people by an address, and none is known."""


def named_instruction_of(telling: Telling) -> Instruction:
    """The instruction; raises NothingToNameThePersonBy where it would be about nobody, and yet count as told."""
    instruction = instruction_of(telling)
    if "email_sha256" not in instruction:
        raise NothingToNameThePersonBy
    return instruction


def instruction_of(telling: Telling) -> Instruction:
    """The instruction; its `id` stays the same however often it is given, and so does the rest of it.

    What names the person is the word of the round that was approved, in which nothing is gathered any more.
    """
    case = telling.case
    digests = [hashed(email) for email in emails_of(case)]
    return {
        "id": str(telling.request_id),
        "instruction": case.right,
        **({"email_sha256": digests[0]} if digests else {}),
        **({"other_email_sha256": sorted(digests[1:])} if digests[1:] else {}),
        "received_on": case.received_on().isoformat(),
        "reference": case.submission.reference,
        **(_correction(case) if case.right_asked == Right.CORRECT else {}),
    }


def emails_of(case: Case) -> list[str]:
    """By which a recipient may know the person, each once: those of the records, then the mailbox that wrote.

    The mailbox need not stand in the records, and then no recipient may have heard of it; one that does is the first.
    """
    in_records = {_as_hashed(email): email for email in _in_records(case)}
    mailbox = {_as_hashed(email): email for email in [case.submission.email] if email}
    is_in_records = mailbox.keys() <= in_records.keys()
    return list((mailbox | in_records if is_in_records else in_records | mailbox).values())


def may_mean_nobody(case: Case) -> bool:
    """Whether recipients are told of the mailbox alone, of somebody who is known to the company by something else.

    By an account that was proved or named, in whose records no map names an address: none of them may have heard of
    the one that wrote.
    """
    try:
        is_known_otherwise = case.route == Route.FULL or bool(case.submission.account_number)
        return is_known_otherwise and bool(case.submission.email) and not _in_records(case)
    except KeyDestroyed:  # the record has ended, and whatever was told was told
        return False


def _in_records(case: Case) -> Sequence[str]:
    return people.identifiers_of(case).get(IdentifierKind.EMAIL, [])


def hashed(email: str) -> str:
    """SHA-256 in hexadecimal of the address in small letters."""
    return hashlib.sha256(_as_hashed(email).encode()).hexdigest()


def _as_hashed(email: str) -> str:
    return email.strip().casefold()


def _correction(case: Case) -> dict[str, str]:
    """What was corrected, field by field, and who tells the values to a recipient that names the reference; and what
    was deleted in place of a correction, which needs no value.
    """
    corrected: dict[tuple[str, str], None] = {}
    deleted: dict[tuple[str, str], None] = {}
    for _asked, places in account.made(case):
        for place, done in places.items():
            collection = done.data_map.collection(place.collection)
            titles = collection.title.in_language("en"), collection.field(place.column).title.in_language("en")
            (deleted if done.is_deleted else corrected)[titles] = None
    told = _named("delete_", deleted) if deleted else {}
    if corrected or not deleted:
        told |= {**_named("", corrected), "value_from": case.submission.organisation.contact_email}
    return told


def _named(what: str, titles: Iterable[tuple[str, str]]) -> dict[str, str]:
    found = list(titles)
    return {
        f"{what}collection": "; ".join(collection for collection, _field in found),
        f"{what}field": "; ".join(field for _collection, field in found),
    }
