"""What a recipient is told: the right, by what it knows the person, since when, and under which reference.

The person is named by the SHA-256 of the e-mail address, the form in which advertising partners match, never by the
address: files lie in the clear. For the same reason a correction names the field and who tells its new value, not the
value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from exports.fulfil.corrections import account
from exports.models import Telling
from requests_app.law.words import Right
from requests_app.models import Case, IdentifierKind
from requests_app.services import people


def instruction_of(telling: Telling) -> dict[str, str]:
    """The instruction; its `id` stays the same however often it is given."""
    case = telling.case
    email = email_of(case)
    return {
        "id": str(telling.request_id),
        "instruction": case.right,
        **({"email_sha256": hashed(email)} if email else {}),
        "received_on": case.received_on().isoformat(),
        "reference": case.submission.reference,
        **(_correction(case) if case.right_asked == Right.CORRECT else {}),
    }


def email_of(case: Case) -> str:
    """Whom the recipient knows: by the mailbox, or for who gave none by an address that stands in the records."""
    return case.submission.email or next(iter(people.identifiers_of(case).get(IdentifierKind.EMAIL, [])), "")


def hashed(email: str) -> str:
    """SHA-256 in hexadecimal of the address in small letters."""
    return hashlib.sha256(email.casefold().encode()).hexdigest()


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
