"""Whether a value that is never disclosed stands in a person's rows of a source: yes or no, and nothing else.

Owns the comparison; keeps and logs no value. Where another value is held, and where none is, the answer is the same.
Passwords, answers to security questions and measured bodies are not compared: they are no numbers that a person
could have corrected, and a "yes" would open accounts.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable, Iterator

from exports.fulfil import choosing, trouble
from exports.models import DataSource
from exports.sources.connector import Mode
from exports.sources.datamap import DataMap, NeverDisclose
from exports.sources.values import Json
from requests_app.models import Case
from requests_app.ports import CorrectableField
from requests_app.services import people

COMPARED = frozenset(
    {
        NeverDisclose.SOCIAL_SECURITY_NUMBER,
        NeverDisclose.DRIVER_LICENCE_NUMBER,
        NeverDisclose.GOVERNMENT_ID_NUMBER,
        NeverDisclose.FINANCIAL_ACCOUNT_NUMBER,
        NeverDisclose.HEALTH_INSURANCE_OR_MEDICAL_ID,
    }
)


def fields(maps: Iterable[DataMap], language: str) -> Iterator[CorrectableField]:
    """What may be asked about, in the order of the maps."""
    for data_map in maps:
        if data_map.owner is not None:  # whom only a person can ask
            continue
        for collection, field, kind in data_map.never_disclosed_fields():
            if kind in COMPARED:
                slug = f"{data_map.source}.{collection.name}.{field.column}"
                yield CorrectableField(slug, field.title.in_language(language))


def holds(case: Case, slug: str, value: str) -> bool:
    """Whether a row of this person holds the value; every row is looked at, whatever an earlier one holds.

    Only where all that is reached is this person's for certain: a "yes" about somebody else behind the same mailbox
    would give away what may never be told. Else raises WhichOfThese or TwoPeople, whoever was chosen meanwhile: a
    person answers then.
    """
    name, collection, column = slug.split(".")
    source = DataSource.objects.get(slug=name)
    typed, is_held = _compared(value), False
    data_map = source.map_version.as_map()
    if not any(slug == known.slug for known in fields([data_map], "en")):  # the map has been changed since
        raise trouble.MapDoesNotFit(name)
    known, identifiers = list(choosing.candidates_of(case, source)), people.identifiers_of(case)
    with trouble.for_a_person(), source.open(choosing.narrowed_by_choice(data_map, known)) as connector:
        choosing.check_one_person(connector, identifiers, known)
        pages = connector.pages(collection, identifiers, mode=Mode.PLAN, fields=(column,))
        for page in pages:
            for record in page.records:
                is_held |= hmac.compare_digest(_compared(record[column]), typed)
    return is_held


def _compared(value: Json) -> bytes:
    """Letters and digits alone, for people and systems group numbers as they like."""
    text = unicodedata.normalize("NFKC", "" if value is None else str(value)).casefold()
    return "".join(sign for sign in text if sign.isalnum()).encode()
