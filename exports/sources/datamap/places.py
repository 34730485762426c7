"""What the kinds of source differ in: the keys that a map has for one and not for another."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from exports.sources.datamap.model import (
    OWN_RECORD,
    Bucket,
    Change,
    Collection,
    FileFormat,
    Files,
    Keep,
    Owner,
    Service,
)
from exports.sources.datamap.section import Section, choice_of
from requests_app.law.words import Right

VARIABLE = re.compile(r"(?!DSAR_)[A-Z][A-Z0-9_]*")
MAILBOX = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+", re.ASCII)
LONGEST_MAILBOX = 254
REGION = re.compile(r"[a-z0-9-]{1,50}")
DEFAULT_REGION = "us-east-1"  # what servers of one's own are asked in, unless they were given another
MOST_OTHER_KEYS = 3  # each is one more call where the ones before are not known
RESTRICTING = frozenset({"sql", "http"})  # the connectors of sources in which a worker sets a restriction
MOST_DAYS = 60  # a law's whole time to answer, and more


@dataclass(frozen=True)
class Kind:
    """One kind of source: keys of the map and of its collections beside those that all kinds have."""

    top: tuple[str, ...] = ()
    top_optional: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    joins: bool = True  # whether collections are reached from others
    is_of_files: bool = False
    is_of_people: bool = False

    @property
    def keys_are_lines(self) -> bool:
        """Whether a row is known by its file and line, and a map names no key."""
        return self.is_of_files or self.is_of_people


KINDS: Mapping[str, Kind] = {
    "sql": Kind(top_optional=("left_out",), required=("table", "key"), optional=("schema",)),
    "files": Kind(
        top_optional=("bucket",),
        required=("files", "format"),
        optional=("encoding", "delimiter"),
        is_of_files=True,
    ),
    "http": Kind(top=("service",), required=("key",), joins=False),
    "manual": Kind(top=("owner",), joins=False, is_of_people=True),
    OWN_RECORD: Kind(required=("key",), joins=False),
}


def service_of(top: Section) -> Service | None:
    """What the service of a source behind HTTP offers."""
    if "service" not in top:
        return None
    what = "'service' of the map"
    optional = ("other_keys", "changing_key", "changes", "near_misses")
    service = Section(top.node_of("service"), what, top.faults, required=("signing_key",), optional=optional)
    keys = (_variable(service, "signing_key", "ORDERS_SIGNING_KEY"), *_other_keys(service))
    changing = _variable(service, "changing_key", "ORDERS_CHANGING_KEY") if "changing_key" in service else ""
    changes = [
        choice_of(node, f"a change in {what}", top.faults, Change, Change.DELETE) for node in service.items("changes")
    ]
    return Service(
        signing_keys=keys,
        changing_keys=(changing,) if changing else keys,
        changes=frozenset(changes),
        offers_near=service.flag("near_misses"),
    )


def _other_keys(service: Section) -> tuple[str, ...]:
    """The variables of the keys that are tried where the first is not known."""
    names = service.texts("other_keys")
    if not all(not name or VARIABLE.fullmatch(name) for name in names) or service.text("signing_key") in names:
        service.note(
            "other_keys", "'other_keys' are variables in capitals that do not begin with DSAR_, and not 'signing_key'."
        )
    if len(names) > MOST_OTHER_KEYS:
        service.note(
            "other_keys", f"'other_keys' are at most {MOST_OTHER_KEYS}: take those away that are used no more."
        )
    return names


def bucket_of(top: Section) -> Bucket | None:
    """The bucket in which the files of a source lie; None for a folder."""
    if "bucket" not in top:
        return None
    what = "'bucket' of the map"
    bucket = Section(
        top.node_of("bucket"), what, top.faults, required=("access_key", "secret_key"), optional=("region",)
    )
    region = bucket.text("region") if "region" in bucket else DEFAULT_REGION
    if region and not REGION.fullmatch(region):
        bucket.note("region", f"'region' of {what} is a name such as eu-west-1.")
    return Bucket(
        access_key=_variable(bucket, "access_key", "PARTNER_ACCESS_KEY"),
        secret_key=_variable(bucket, "secret_key", "PARTNER_SECRET_KEY"),
        region=region,
    )


def _variable(section: Section, key: str, example: str) -> str:
    """The name of an environment variable that holds a secret."""
    name = section.text(key)
    if name and not VARIABLE.fullmatch(name):
        section.note(
            key,
            f"{key!r} of {section.what} names an environment variable in capitals that does not begin with DSAR_, such"
            f" as {example}; the key itself stands in no map.",
        )
    return name


class _Language(StrEnum):
    EN = "en"
    ES = "es"


class _Standing(StrEnum):
    INSIDER = "insider"
    OUTSIDER = "outsider"


def owner_of(top: Section) -> Owner | None:
    """The registered owner of a source in which a person looks."""
    if "owner" not in top:
        return None
    what = "'owner' of the map"
    owner = Section(top.node_of("owner"), what, top.faults, required=("email", "is", "days"), optional=("language",))
    email, days = owner.text("email"), owner.number("days")
    if email and (len(email) > LONGEST_MAILBOX or not MAILBOX.fullmatch(email)):
        owner.note("email", f"'email' of {what} is one address such as archive@example.com, without a name.")
    if days > MOST_DAYS:
        owner.note("days", f"'days' of {what} are at most {MOST_DAYS}: the person has to be answered in time.")
    return Owner(
        email=email,
        language=owner.choice("language", _Language, _Language.EN).value,
        days=days,
        is_insider=owner.choice("is", _Standing, _Standing.OUTSIDER) is _Standing.INSIDER,
    )


def check_offered(top: Section, service: Service | None, collections: tuple[Collection, ...]) -> None:
    """What a map promises of a service, the service has to offer; and nobody is asked while a person waits.

    Nothing else than the service corrects what is in it, or sets flags there.
    """
    if "owner" in top and any(field.reliable for found in collections for field in found.fields):
        top.note(
            "owner",
            "a person answers no probe: take 'reliable' away from the fields; what proves who asks is elsewhere.",
        )
    correctable = any(field.correctable for found in collections for field in found.fields)
    if top.text("connector") == OWN_RECORD:
        if correctable or any(found.suppress or not isinstance(found.on_delete, Keep) for found in collections):
            top.note(
                "connector",
                "the record of requests is kept and never changed (11 CCR 7101): write {keep: …} at each 'on_delete',"
                " and take 'correctable' and 'suppress' away.",
            )
        return
    restricts = any(found.suppression(Right.RESTRICT) for found in collections)
    if restricts and top.text("connector") not in RESTRICTING:
        top.note(
            "connector",
            "nobody is asked to set a restriction in such a source by a task: take 'restrict' and 'lift_restriction'"
            " out of 'suppress', and stop the processing there by hand.",
        )
    if service is None:
        return
    for change, is_promised, key in (
        (Change.CORRECT, correctable, "correctable"),
        (Change.SUPPRESS, any(found.suppress for found in collections), "suppress"),
    ):
        if is_promised and change not in service.changes:
            top.note("service", f"'changes' of the service lacks {change.value}; add it, or take {key!r} away below.")


def files_of(entry: Section) -> Files:
    """The files of a collection."""
    form = entry.choice("format", FileFormat, FileFormat.CSV)
    pattern, delimiter = entry.text("files"), _delimiter(entry)
    parts = PurePosixPath(pattern).parts
    if pattern and (pattern != str(PurePosixPath(*parts)) or {"..", "**", "/", "."} & set(parts) or "\\" in pattern):
        entry.note(
            "files",
            f"'files' of {entry.what} is a path below the source's folder, such as letters.csv or 2026-*/orders.csv:"
            " without .., ** and \\.",
        )
    if "delimiter" in entry and form is not FileFormat.CSV:
        entry.note("delimiter", f"'delimiter' of {entry.what} is for csv; take it away.")
    return Files(pattern, form, _encoding(entry), delimiter)


def _delimiter(entry: Section) -> str:
    if "delimiter" not in entry:
        return ","
    delimiter = str(getattr(entry.node_of("delimiter"), "value", ""))
    if len(delimiter) != 1 or delimiter in '"\r\n\0 ':
        entry.note("delimiter", f'\'delimiter\' of {entry.what} is one sign, such as ";" or "\\t", and no quote.')
        return ","
    return delimiter


def _encoding(entry: Section) -> str:
    """UTF-8, with or without a byte order mark, unless another is declared."""
    if "encoding" not in entry:
        return "utf-8-sig"
    name = entry.text("encoding")
    try:
        codec = codecs.lookup(name).name if name else "utf-8"
        "a,\n".encode(codec).decode(codec)
    except (LookupError, ValueError):  # unknown, one that turns bytes into bytes, or no name at all
        entry.note("encoding", f"there is no encoding {name!r} of text; such as utf-8, cp1252 or iso8859-15.")
        return "utf-8-sig"
    return "utf-8-sig" if codec == "utf-8" else codec
