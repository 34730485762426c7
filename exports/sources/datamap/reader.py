"""The strict reader of data maps: nothing unknown, nothing doubled, nothing that points nowhere.

All faults are found at once, each with its line and a cure. The format, with every key, is shown by the maps of
the example company; each key is explained where `exports.sources.datamap.model` declares it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yaml.nodes import MappingNode, Node, ScalarNode

from exports.sources.datamap.columns import check_never_disclosed, check_volatile
from exports.sources.datamap.comparisons import NAME, match_of
from exports.sources.datamap.left_out import left_out_of
from exports.sources.datamap.model import (
    FILE_KEY,
    LIFT,
    Category,
    Clear,
    Collection,
    Constant,
    DataMap,
    Deidentify,
    Delete,
    Field,
    Given,
    Keep,
    KeyedHash,
    NeverDisclose,
    RandomToken,
    Replacement,
    Suppression,
    Truncate,
    Year,
)
from exports.sources.datamap.places import KINDS, Kind, bucket_of, check_offered, files_of, owner_of, service_of
from exports.sources.datamap.reaching import back_to, check_ways_back, ways_to
from exports.sources.datamap.register import automated_decisions_of, pointers, recipients_of, role_of
from exports.sources.datamap.section import (
    Faults,
    NotReadableError,
    Section,
    instead,
    note_undecided,
    plain,
    root_node,
    scalar_of,
    text_of,
    words_of,
)
from requests_app.law.packs import all_packs
from requests_app.law.words import Degree, Right, Text
from requests_app.rights import BY_FLAGS

SLUG = re.compile(r"[a-z0-9_]{1,50}")
MASKS = "clear, random, keyed_hash, year, {truncate: …}, {constant: …} or keep"
BY_WORD: Mapping[str, Replacement] = {
    "clear": Clear(),
    "random": RandomToken(),
    "keyed_hash": KeyedHash(),
    "year": Year(),
}
# What the tables of this system hold.
MOST_YEARS = 200  # a ground ends, if late
MOST_LETTERS = {"title": 200, "kind": 20, "column": 100, "place": 100}


class DataMapError(ValueError):
    """The map can't be used; `faults` are sentences that begin with the line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Degree(StrEnum):
    REASONABLE = "reasonable"
    REASONABLY_HIGH = "reasonably_high"


@dataclass(frozen=True)
class _Names:
    """What a collection may point to: names given at the top of the file."""

    purposes: Mapping[str, Text]
    origins: Mapping[str, Text]
    kind: Kind


@lru_cache(maxsize=64)
def read_data_map(text: str) -> DataMap:
    """The data map that a YAML (or canonical JSON) text holds; raises DataMapError with every fault.

    A draft in which something is still to be decided is refused with the questions.
    """
    faults = Faults()
    try:
        node = root_node(text)
    except NotReadableError as error:
        raise DataMapError([str(error)]) from None
    note_undecided(node, faults)
    if faults.sentences():  # what else is wrong shows when all is decided
        raise DataMapError(faults.sentences())
    found = _data_map(node, faults)
    if faults.sentences():
        raise DataMapError(faults.sentences())
    return found


def _data_map(node: Node, faults: Faults) -> DataMap:
    kind = _kind(node)
    top = Section(
        node,
        "the map",
        faults,
        required=(*("source", "title", "connector", "role", "purposes", "origins", "collections"), *kind.top),
        optional=("recipients", "automated_decisions", "timezone", *kind.top_optional),
    )
    names = _Names(_words_by_name(top, "purposes"), _words_by_name(top, "origins"), kind)
    if top.text("connector") not in (*KINDS, ""):
        known = ", ".join(sorted(KINDS))
        top.note("connector", f"there is no connector {top.text('connector')!r}; it is one of {known}.")
    title = _words(top, "title")
    _check_length(top, "title", title.in_language("en"), "title")
    service, collections = service_of(top), _collections(top, names)
    check_offered(top, service, collections)
    processor_for, contact = role_of(top)
    return DataMap(
        source=_slug(top, "source", "the map"),
        title=title,
        connector=top.text("connector"),
        service=service,
        owner=owner_of(top),
        processor_for=processor_for,
        purposes=names.purposes,
        origins=names.origins,
        recipients=recipients_of(top, names.purposes),
        collections=collections,
        canonical_text=json.dumps(plain(node), sort_keys=True, ensure_ascii=False, separators=(",", ":")),
        processor_contact=contact,
        automated_decisions=automated_decisions_of(top),
        left_out=left_out_of(top, collections),
        bucket=bucket_of(top),
        timezone=_timezone(top),
    )


def _timezone(top: Section) -> str:
    name = top.text("timezone")
    if not name:
        return ""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        top.note("timezone", f"there is no time zone {name!r}; write one such as Europe/Berlin or UTC.")
        return ""
    return name


def _kind(node: Node) -> Kind:
    """The kind of source, looked up before anything is checked: which keys there are hangs on it."""
    pairs = node.value if isinstance(node, MappingNode) else []
    named = (str(value.value) for key, value in pairs if key.value == "connector")
    return KINDS.get(next(named, ""), KINDS["sql"])


def _slug(section: Section, key: str, what: str) -> str:
    """A name that becomes a path in the person's file: the same on every system, whatever it does with case."""
    name = section.text(key)
    if name and not SLUG.fullmatch(name):
        section.note(
            key,
            f"{key!r} of {what} has 1 to 50 small letters, digits or underscores, such as web_log; {name!r} would be no"
            " path that every system knows.",
        )
    return name


def _check_length(section: Section, key: str, text: str, what: str) -> None:
    if len(text) > MOST_LETTERS[what]:
        section.note(key, f"{key!r} of {section.what} has at most {MOST_LETTERS[what]} characters; make it shorter.")


def _words_by_name(top: Section, key: str) -> Mapping[str, Text]:
    return MappingProxyType(
        {name: words_of(node, f"{name!r} in {key!r}", top.faults) for name, node in top.entries(key)}
    )


def _words(section: Section, key: str) -> Text:
    return section.words(key) or Text("", "")


def _collections(top: Section, names: _Names) -> tuple[Collection, ...]:
    found: dict[str, Collection] = {}
    nodes: dict[str, Node] = {}
    for node in top.items("collections"):
        collection = _collection(node, top.faults, names, above=found)
        if len(f"{top.text('source')}.{collection.name}") > MOST_LETTERS["place"]:
            top.faults.note(node, f"source and collection {collection.name!r} have 99 characters together at most.")
        if collection.name in found:
            top.faults.note(node, f"there are two collections {collection.name!r}; give one another name.")
        found[collection.name], nodes[collection.name] = collection, node
    if not found:
        top.note("collections", "a map has at least one collection.")
    check_ways_back(found, nodes, top.faults)
    return tuple(found.values())


def _collection(node: Node, faults: Faults, names: _Names, *, above: Mapping[str, Collection]) -> Collection:
    entry = Section(
        node,
        "a collection",
        faults,
        required=(
            *("name", "title", "provided_by_person", "reached", "on_delete", "purposes", "collected_from", "fields"),
            *names.kind.required,
        ),
        optional=(
            *("back", "one_per_person", "degree", "gives", "received_at", "came_at", "soft_deleted_at", "suppress"),
            "retention",
            *names.kind.optional,
        ),
    )
    entry.what = f"collection {entry.text('name')!r}"
    provided, fields = entry.flag("provided_by_person"), _fields(entry, names)
    columns = frozenset(field.column for field in fields)
    found = Collection(
        name=_slug(entry, "name", entry.what),
        title=_words(entry, "title"),
        table=entry.text("table"),
        schema=entry.text("schema") or None,
        files=files_of(entry) if names.kind.is_of_files else None,
        key=FILE_KEY if names.kind.keys_are_lines else _key(entry),
        one_per_person=entry.flag("one_per_person"),
        degree=_degree(entry),
        provided_by_person=provided,
        reached=ways_to(entry, above, names.kind),
        back=back_to(entry, names.kind),
        gives=_gives(entry, columns),
        received_at=entry.text("received_at") or None,
        came_at=entry.text("came_at") or None,
        soft_deleted_at=entry.text("soft_deleted_at") or None,
        on_delete=_on_delete(entry, columns, names.kind),
        suppress=_suppressions(entry),
        fields=fields,
    )
    check_never_disclosed(entry, found)
    check_volatile(entry, found, above)
    return found


def _degree(entry: Section) -> Degree | None:
    if "degree" not in entry:
        return None
    return Degree[entry.choice("degree", _Degree, _Degree.REASONABLY_HIGH).name]


def _key(entry: Section) -> tuple[str, ...]:
    key = entry.texts("key")
    if not key and "key" in entry:
        entry.note("key", f"'key' of {entry.what} names the columns that make a row unique.")
    return key


def _gives(entry: Section, columns: frozenset[str]) -> tuple[Given, ...]:
    found = []
    for node in entry.items("gives"):
        given = Section(node, f"an identifier given by {entry.what}", entry.faults, required=("kind", "column"))
        _check_is_field(given, "column", given.text("column"), columns)
        _check_length(given, "kind", given.text("kind"), "kind")
        if given.text("kind") == NAME:
            given.note("kind", "a name finds more than one person: it is no identifier to carry on; take it away.")
        found.append(Given(given.text("kind"), given.text("column")))
    return tuple(found)


def _check_is_field(section: Section, key: str, column: str, columns: frozenset[str]) -> None:
    if column and column not in columns:
        section.note(key, f"{column!r} is no field of the collection; describe it among 'fields'.")


def _on_delete(entry: Section, columns: frozenset[str], kind: Kind) -> Delete | Deidentify | Keep:
    node = entry.node_of("on_delete")
    if isinstance(node, ScalarNode) and node.value == "delete":
        return Delete()
    if not isinstance(node, MappingNode) or "on_delete" not in entry:
        if "on_delete" in entry:
            entry.note("on_delete", "'on_delete' is delete, {deidentify: {…}} or {keep: {…}}.")
        return Delete()
    how = Section(node, f"'on_delete' of {entry.what}", entry.faults, required=(), optional=("deidentify", "keep"))
    if ("deidentify" in how) == ("keep" in how):
        entry.note("on_delete", "'on_delete' is delete, {deidentify: {…}} or {keep: {…}}.")
        return Delete()
    return _deidentify(how, entry, columns, kind) if "deidentify" in how else _keep(how)


def _keep(how: Section) -> Keep:
    keep = Section(
        how.node_of("keep"),
        f"'keep' in {how.what}",
        how.faults,
        required=("ground", "years"),
        optional=("counted_from",),
    )
    _check_ground(keep)
    return Keep(keep.text("ground"), keep.number("years", most=MOST_YEARS), keep.text("counted_from") or None)


def _check_ground(keep: Section) -> None:
    """Known to a law at all; whether it fits a case, its law and its date, is asked when that case is approved."""
    known = {item.code for pack in all_packs().values() for item in pack.exemptions if Right.DELETE in item.rights}
    ground = keep.text("ground")
    if ground and ground not in known:
        keep.note("ground", f"no law has a ground {ground!r} to keep data from deletion; {instead(ground, known)}.")


def _deidentify(how: Section, entry: Section, columns: frozenset[str], kind: Kind) -> Deidentify:
    replaced, named = [], set()
    for column, node in how.entries("deidentify"):
        _check_is_field(how, "deidentify", column, columns)
        named.add(column)
        replacement = _replacement(node, f"{column!r} in {how.what}", how.faults)
        if replacement:
            _check_can_be_made(how, column, replacement, kind)
            replaced.append((column, replacement))
    for column in sorted(columns - named):
        how.note("deidentify", f"{column!r} is not named in {how.what}; write {MASKS}.")
    for column in set(entry.texts("key")) & {column for column, _ in replaced}:
        how.note("deidentify", f"{column!r} is the key of {entry.what} and has to stay: delete the rows, or keep it.")
    return Deidentify(tuple(sorted(replaced, key=lambda pair: pair[0])))


def _replacement(node: Node, what: str, faults: Faults) -> Replacement | None:
    """None: the column keeps its value, because someone decided so."""
    if isinstance(node, MappingNode):
        return _replacement_with_a_value(node, what, faults)
    word = str(node.value) if isinstance(node, ScalarNode) else ""
    if word in BY_WORD:
        return BY_WORD[word]
    if word != "keep":
        faults.note(node, f"{what} is {MASKS}.")
    return None


def _replacement_with_a_value(node: MappingNode, what: str, faults: Faults) -> Replacement | None:
    how = Section(node, what, faults, required=(), optional=("constant", "truncate"))
    if ("constant" in how) == ("truncate" in how):
        faults.note(node, f"{what} is {MASKS}.")
        return None
    if "truncate" in how:
        return Truncate(how.number("truncate"))
    return Constant(scalar_of(how.node_of("constant"), what, faults))


def _check_can_be_made(how: Section, column: str, by: Replacement, kind: Kind) -> None:
    """What a person replaces by hand is made without our key."""
    if isinstance(by, KeyedHash) and kind.keys_are_lines:
        how.note(
            "deidentify", f"{column!r}: a person who changes it by hand has no key; write clear or {{truncate: 3}}."
        )


def _suppressions(entry: Section) -> tuple[Suppression, ...]:
    by_slug = {LIFT: Right.RESTRICT, **{right.value: right for right in Right}}
    found = []
    for slug, node in entry.entries("suppress"):
        if slug not in by_slug:
            entry.faults.note(node, f"there is no right {slug!r}; such as opt_out_sale_share or limit_sensitive.")
            continue
        if by_slug[slug] not in BY_FLAGS | {Right.RESTRICT}:
            entry.faults.note(
                node, f"no worker sets a flag for {slug!r}, a person decides it; take it out of 'suppress'."
            )
            continue
        if not isinstance(node, MappingNode) or not node.value:
            entry.faults.note(node, f"{slug!r} in 'suppress' sets columns: {{sale_opt_out: true}}.")
            continue
        what = f"{slug!r} in 'suppress'"
        pairs = tuple(
            (text_of(key, what, entry.faults), scalar_of(value, what, entry.faults)) for key, value in node.value
        )
        columns = tuple(sorted(pairs, key=lambda pair: pair[0]))
        found.append(Suppression(by_slug[slug], columns, lifts=slug == LIFT))
    _check_can_be_lifted(entry, found)
    return tuple(sorted(found, key=lambda suppression: (suppression.right, suppression.lifts)))


def _check_can_be_lifted(entry: Section, found: Sequence[Suppression]) -> None:
    """A restriction ends: what sets it says what takes it off, in the same columns."""
    columns = {
        flags.lifts: {name for name, _value in flags.columns} for flags in found if flags.right is Right.RESTRICT
    }
    if columns and columns.get(True) != columns.get(False):
        entry.note(
            "suppress",
            f"'restrict' and {LIFT!r} in 'suppress' of {entry.what} have to set the same columns, each to a value of"
            " its own.",
        )


def _fields(entry: Section, names: _Names) -> tuple[Field, ...]:
    found: dict[str, Field] = {}
    for node in entry.items("fields"):
        field = _field(node, entry, names)
        if field.column in found:
            entry.faults.note(node, f"{entry.what} describes {field.column!r} twice; leave one.")
        found[field.column] = field
    if not found and "fields" in entry:
        entry.note("fields", f"{entry.what} has at least one field.")
    return tuple(found.values())


def _field(node: Node, entry: Section, names: _Names) -> Field:
    field = Section(
        node,
        f"a field of {entry.what}",
        entry.faults,
        required=("column", "title", "category"),
        optional=(
            *("sensitive", "never_disclose", "match", "reliable", "correctable", "volatile"),
            *("provided_by_person", "purposes", "collected_from", "retention"),
        ),
    )
    _check_column(field)
    return Field(
        column=field.text("column"),
        title=_words(field, "title"),
        category=field.choice("category", Category, Category.IDENTIFIERS),
        sensitive=field.flag("sensitive"),
        never_disclose=_never_disclose(field),
        match=match_of(field),
        reliable=field.flag("reliable"),
        correctable=field.flag("correctable"),
        volatile=field.flag("volatile"),
        provided_by_person=field.flag("provided_by_person", default=entry.flag("provided_by_person")),
        purposes=pointers(field if "purposes" in field else entry, "purposes", names.purposes),
        collected_from=pointers(field if "collected_from" in field else entry, "collected_from", names.origins),
        retention=field.words("retention") or entry.words("retention"),
    )


def _check_column(field: Section) -> None:
    column = field.text("column")
    _check_length(field, "column", column, "column")
    if "." in column:
        field.note("column", f"{column!r}: a column's name has no dot, for fields are named source.collection.column.")
    if "never_disclose" in field and field.flag("correctable"):
        field.note("correctable", f"{column!r} is never disclosed, not even to correct it; take 'correctable' away.")


def _never_disclose(field: Section) -> NeverDisclose | None:
    if "never_disclose" not in field:
        return None
    return field.choice("never_disclose", NeverDisclose, NeverDisclose.GOVERNMENT_ID_NUMBER)
