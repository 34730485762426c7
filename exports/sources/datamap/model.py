"""What a data map says, as frozen values."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection as Several
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias
from zoneinfo import ZoneInfo

from exports.sources.datamap.telling import Way
from exports.sources.values import Key
from requests_app.law.words import Degree, Right, Text


class Category(StrEnum):
    """The statutory categories of personal information, Cal. Civ. Code § 1798.140(v)(1)(A)-(L)."""

    IDENTIFIERS = "identifiers"
    CUSTOMER_RECORDS = "customer_records"
    PROTECTED_CHARACTERISTICS = "protected_characteristics"
    COMMERCIAL = "commercial"
    BIOMETRIC = "biometric"
    INTERNET_ACTIVITY = "internet_activity"
    GEOLOCATION = "geolocation"
    SENSORY = "sensory"
    EMPLOYMENT = "employment"
    EDUCATION = "education"
    INFERENCES = "inferences"
    SENSITIVE = "sensitive"


class NeverDisclose(StrEnum):
    """What is described and never disclosed, however well the person is verified: 11 CCR 7024(d)."""

    SOCIAL_SECURITY_NUMBER = "social_security_number"
    DRIVER_LICENCE_NUMBER = "driver_licence_number"
    GOVERNMENT_ID_NUMBER = "government_id_number"
    FINANCIAL_ACCOUNT_NUMBER = "financial_account_number"
    HEALTH_INSURANCE_OR_MEDICAL_ID = "health_insurance_or_medical_id"
    ACCOUNT_PASSWORD = "account_password"  # noqa: S105 - a kind of data, not a password
    SECURITY_QUESTIONS_AND_ANSWERS = "security_questions_and_answers"
    UNIQUE_BIOMETRIC_DATA = "unique_biometric_data"


class Compare(StrEnum):
    """How a value is compared with what a column holds; always the whole value, never a part of it."""

    EXACT = "exact"
    CASEFOLD = "casefold"
    EMAIL = "email"  # without regard to case; an international domain equals its ASCII form
    DIGITS = "digits"  # only the digits count: for phone and card numbers


@dataclass(frozen=True, slots=True)
class E164:
    """Compared as telephone numbers: equal are two valid ones of the same E.164 form, however each is written."""

    country: str  # ISO 3166-1, two letters: whose number it is without a country code

    def __str__(self) -> str:
        return f"{{e164: {self.country}}}"


Comparison: TypeAlias = Compare | E164


class FileFormat(StrEnum):
    """What a drop's files are."""

    CSV = "csv"  # RFC 4180, with a first line that names the columns
    JSON_LINES = "json_lines"  # one object a line


class Change(StrEnum):
    """What a company's service may offer beside the lookup, by its own endpoints."""

    DELETE = "delete"
    CORRECT = "correct"
    SUPPRESS = "suppress"


class Relation(StrEnum):
    """What a recipient of personal data is to the company."""

    SOLD = "sold"
    SHARED = "shared"  # for cross-context behavioural advertising, § 1798.140(ah)
    DISCLOSED = "disclosed"  # to a third party, for a business purpose
    SERVICE_PROVIDER = "service_provider"
    DIRECT_MARKETING = "direct_marketing"  # for the recipient's own marketing, § 1798.83


LIFT = "lift_restriction"  # among what a map suppresses by: the columns that take a restriction back again
OWN_RECORD = "own_record"  # the connector of this system itself: earlier requests of the person
FILE_KEY = ("$file", "$line")  # no column of a file is called so by anybody who does not mean to


@dataclass(frozen=True, slots=True)
class Match:
    """A field that typed data points can be compared with in a probe."""

    kind: str
    compare: Comparison


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a collection."""

    column: str
    title: Text
    category: Category
    sensitive: bool  # § 1798.140(ae), beside its category
    never_disclose: NeverDisclose | None
    match: Match | None
    reliable: bool  # counts as a data point in a probe
    correctable: bool
    volatile: bool  # the company's programs write it all the time: a change of it since an approval means nothing
    provided_by_person: bool
    purposes: tuple[str, ...]  # names in DataMap.purposes
    collected_from: tuple[str, ...]  # names in DataMap.origins
    retention: Text | None

    @property
    def categories(self) -> tuple[Category, ...]:
        """Its statutory category, and the sensitive one where it is that as well."""
        if self.sensitive and self.category is not Category.SENSITIVE:
            return (self.category, Category.SENSITIVE)
        return (self.category,)


@dataclass(frozen=True, slots=True)
class Root:
    """Rows are the person's if `column` equals an identifier of the kind `by`."""

    by: str
    column: str  # empty where a service or a person finds the rows by what is not given out
    compare: Comparison
    shared: bool = False  # people share what it holds: by it alone rows are shown as near misses, and never gathered
    without: frozenset[str] = frozenset()  # values that lead to somebody else as well, as a person decided

    def values(self, identifiers: Mapping[str, Several[str]], *, chosen: bool = False) -> tuple[str, ...]:
        """The values by which it leads to rows of the person, of identifiers by kind.

        `chosen`: it leads on to rows that somebody chose, and so a value that leads to others too takes none of theirs.
        """
        if self.shared:
            return ()
        without = frozenset() if chosen else self.without
        return tuple(value for value in identifiers.get(self.by, ()) if value not in without)


@dataclass(frozen=True, slots=True)
class Join:
    """Rows are the person's if they belong to a row of `parent` that is: pairs of (own column, parent's column)."""

    parent: str
    columns: tuple[tuple[str, str], ...]
    to_chosen: bool = False  # somebody chose among the rows that it leads to

    def turned_round(self, child: str) -> Join:
        """From the rows of its parent to those of the child that it leads to."""
        return Join(child, tuple(sorted((parents, own) for own, parents in self.columns)))


@dataclass(frozen=True, slots=True)
class Given:
    """An identifier that rows of the collection give to the sources walked later."""

    kind: str
    column: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Replaced by NULL."""


@dataclass(frozen=True, slots=True)
class RandomToken:
    """Replaced by a random token, so that unique columns stay unique."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Replaced by the same value in every row."""

    value: str | int | bool


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """Replaced by a digest of its value under a key of the organisation, another key a source.

    Equal values stay equal, so that rows can still be joined and counted; nobody without the key can try names on it.
    """


@dataclass(frozen=True, slots=True)
class Truncate:
    """Cut down to its first letters."""

    letters: int


@dataclass(frozen=True, slots=True)
class Year:
    """A date becomes the first day of its year."""


Replacement: TypeAlias = Clear | RandomToken | Constant | KeyedHash | Truncate | Year


@dataclass(frozen=True, slots=True)
class Delete:
    """A deletion request deletes the person's rows."""


@dataclass(frozen=True, slots=True)
class Deidentify:
    """A deletion request keeps the rows and replaces what identifies: pairs of (column, by what)."""

    columns: tuple[tuple[str, Replacement], ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """A deletion request leaves the rows, all of them, on a ground.

    `years` after the date in `counted_from` say for how long it holds. Rows past their time are counted, for the desk
    to have them deleted by the source's own schedule; a request leaves them as well.
    """

    ground: str  # a code of an exemption that a law knows
    years: int
    counted_from: str | None  # None: as long as the rows that these belong to

    def over_before(self, on: date) -> date:
        """Whatever is dated before that day is past its time on the day `on`."""
        try:
            return on.replace(year=on.year - self.years)
        except ValueError:  # 29 February
            return on.replace(year=on.year - self.years, day=28)


@dataclass(frozen=True, slots=True)
class Suppression:
    """The columns that carry a right out in the source: pairs of (column, value to set).

    ``lifts``: those that take it back again, of the one right that ends by itself: a restriction.
    """

    right: Right
    columns: tuple[tuple[str, str | int | bool], ...]
    lifts: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a drop that hold one collection."""

    pattern: str  # below the source's folder, with * and ? inside of a name; the same with .gz behind it is meant too
    format: FileFormat
    encoding: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Service:
    """What a company's service offers, and by which keys it knows us; keys are named by environment variables."""

    signing_keys: tuple[str, ...]  # the first is used; a service that does not know it yet is tried with the next
    changing_keys: tuple[str, ...]  # the same for orders
    changes: frozenset[Change]
    offers_near: bool = False  # finds rows by what stands in a column alone: near misses are looked for there


@dataclass(frozen=True, slots=True)
class Bucket:
    """How a bucket of files knows us: environment variables, never the keys themselves."""

    access_key: str
    secret_key: str
    region: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who looks into a source that no program reads, and how the person is reached."""

    email: str
    language: str  # of the mails: "en" or "es"
    days: int  # within which to answer
    is_insider: bool  # signs in to the admin as a source owner; who does not gets a link, opened with a code


@dataclass(frozen=True, slots=True)
class Collection:
    """A table or view of the source, a kind of its files, or what its service calls so; in the words of the map."""

    name: str  # small letters, digits, underscores: a path in the person's file
    title: Text
    table: str  # of a source behind SQL; else empty
    schema: str | None
    files: Files | None  # of a source of files
    key: tuple[str, ...]  # unique, never NULL; of files, and of what a person brings, always FILE_KEY
    one_per_person: bool  # two rows found are two people
    degree: Degree | None  # to delete or correct; unmarked counts as reasonably high
    provided_by_person: bool
    reached: tuple[Root | Join, ...]
    back: Join | None  # all rows of whom some of them lead to: `parent` stands below, and is reached from here
    gives: tuple[Given, ...]
    received_at: str | None  # when the data was: an answer that goes back to a day leaves what is older
    came_at: str | None  # when the row came, where answers don't go by it: a replay of a deletion does
    soft_deleted_at: str | None
    on_delete: Delete | Deidentify | Keep
    suppress: tuple[Suppression, ...]
    fields: tuple[Field, ...]
    only: frozenset[Key] | None = None  # where somebody chose among its rows: those, and no others, whatever leads here

    @property
    def roots(self) -> tuple[Root, ...]:
        """The ways that lead here from an identifier."""
        return tuple(way for way in self.reached if isinstance(way, Root))

    @property
    def dated_by(self) -> str | None:
        """The column that tells when a row came."""
        return self.came_at or self.received_at

    @property
    def joins(self) -> tuple[Join, ...]:
        """The ways that lead here from another collection."""
        return tuple(way for way in self.reached if isinstance(way, Join))

    @property
    def every_way(self) -> tuple[Root | Join, ...]:
        """All ways that lead here, with the way back."""
        return self.reached if self.back is None else (*self.reached, self.back)

    @property
    def every_join(self) -> tuple[Join, ...]:
        """The ways that lead here from another collection, with the way back."""
        return tuple(way for way in self.every_way if isinstance(way, Join))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of its fields, in the order of the map."""
        return tuple(field.column for field in self.fields)

    def field(self, column: str) -> Field:
        """The field of that column; KeyError without one."""
        for field in self.fields:
            if field.column == column:
                return field
        raise KeyError(column)

    def suppression(self, right: Right, *, lifts: bool = False) -> Suppression | None:
        """How the right is carried out here, or taken back; None where it is not."""
        return next((flags for flags in self.suppress if flags.right is right and flags.lifts is lifts), None)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets personal data from the source, by legal name."""

    name: str
    kind: Text  # the category of third party that a disclosure names
    relation: Relation
    since: date
    until: date | None
    categories: tuple[Category, ...]
    tell: Way  # to delete, correct or stop
    purposes: tuple[str, ...] = ()  # names in DataMap.purposes: why they get it
    address: str = ""  # by post, as a letter writes it: § 1798.83(a)(2)
    business: Text | None = None  # what they sell, where their name does not tell: § 1798.83(a)(2)
    country: Text | None = None  # where data leaves the EEA, or the UK, with them
    safeguard: Text | None = None  # and what keeps it safe there: Arts. 15(2), 45, 46 GDPR

    def received_between(self, since: date | None, until: date) -> bool:
        """Whether it was a recipient on any day of the range, ends included."""
        return self.since <= until and (self.until is None or since is None or self.until >= since)


@dataclass(frozen=True, slots=True)
class AutomatedDecision:
    """What is decided about people by the source without anybody, Art. 22(1) GDPR, in the words of Art. 15(1)(h)."""

    title: Text
    logic: Text
    consequences: Text


@dataclass(frozen=True)
class DataMap:
    """A source and its collections, each after those that it is reached from."""

    source: str  # small letters, digits, underscores: a path in the person's file
    title: Text
    connector: str
    service: Service | None  # of a source behind HTTP
    owner: Owner | None  # of a source in which a person looks
    processor_for: str | None  # legal name of the controller; None: we are the controller
    purposes: Mapping[str, Text]
    origins: Mapping[str, Text]  # from whom data is collected
    recipients: tuple[Recipient, ...]
    collections: tuple[Collection, ...]
    canonical_text: str  # JSON of the map, sorted: equal maps, equal text; read_data_map reads it back
    processor_contact: Text | None = None  # how people reach that controller
    automated_decisions: tuple[AutomatedDecision, ...] = ()
    is_loosened: bool = False  # leads to near misses alone: each way has a kind of its own, and nothing is joined
    left_out: Mapping[str, str] = dataclasses.field(default_factory=dict)  # reasons by table, table.column or schema.*
    bucket: Bucket | None = None  # of a source of files that lie in one; None: they lie in a folder
    timezone: str = ""  # by which its moments are written that name none; empty: nobody says

    def suppresses(self, right: Right) -> bool:
        """Whether it says how a right is set in data that is ours."""
        return self.processor_for is None and any(found.suppression(right) for found in self.collections)

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def has_address(self) -> bool:
        """Whether a program reaches it by an address: not where a person looks, nor where it is this system itself."""
        return self.owner is None and self.connector != OWN_RECORD

    @property
    def has_schema(self) -> bool:
        """Whether it is a database, whose tables can be compared with the map."""
        return self.connector == "sql"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical text, in hexadecimal: the map's version."""
        return hashlib.sha256(self.canonical_text.encode()).hexdigest()

    @cached_property
    def _by_name(self) -> Mapping[str, Collection]:
        return {collection.name: collection for collection in self.collections}

    def collection(self, name: str) -> Collection:
        """The collection of that name; KeyError without one."""
        return self._by_name[name]

    @property
    def root_collections(self) -> tuple[Collection, ...]:
        """Collections that an identifier of one person leads to."""
        return tuple(found for found in self.collections if any(not root.shared for root in found.roots))

    @property
    def kinds_asked(self) -> frozenset[str]:
        """Kinds of identifier that lead to rows of the source."""
        return frozenset(root.by for found in self.collections for root in found.roots if not root.shared)

    @property
    def kinds_shared(self) -> frozenset[str]:
        """Kinds of identifier that lead to near misses alone."""
        return frozenset(root.by for found in self.collections for root in found.roots if root.shared)

    @property
    def kinds_given(self) -> frozenset[str]:
        """Kinds of identifier that the source gives to later ones."""
        return frozenset(given.kind for collection in self.collections for given in collection.gives)

    def kinds_leading_to(self, collection: Collection) -> frozenset[str]:
        """Kinds of identifier that lead to its rows, by themselves or by way of the collections it is reached from."""
        parents = (self.kinds_leading_to(self.collection(join.parent)) for join in collection.joins)
        return frozenset(root.by for root in collection.roots if not root.shared).union(*parents)

    def probe_fields(self) -> tuple[tuple[Collection, Field, Match], ...]:
        """The reliable fields of root collections: what a probe may ask, and nothing else."""
        return tuple(
            (collection, field, field.match)
            for collection in self.root_collections
            for field in collection.fields
            if field.reliable and field.match
        )

    def correctable_fields(self) -> tuple[tuple[Collection, Field], ...]:
        """Fields that a person may ask to have corrected."""
        return tuple((c, field) for c in self.collections for field in c.fields if field.correctable)

    def never_disclosed_fields(self) -> tuple[tuple[Collection, Field, NeverDisclose], ...]:
        """Fields that no bundle may hold, with their kind."""
        return tuple(
            (c, field, field.never_disclose) for c in self.collections for field in c.fields if field.never_disclose
        )

    def categories(self) -> frozenset[Category]:
        """Statutory categories that the source may hold."""
        return frozenset(category for c in self.collections for field in c.fields for category in field.categories)
