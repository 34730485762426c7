"""A draft as YAML: what the schema says, guesses with reasons as comments, "decide: …" where a person decides."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import yaml

from exports.sources.connector import Survey
from exports.sources.datamap import DECIDE, E164, WHOLE_SCHEMA, Category, Comparison, Join, Root
from exports.sources.draft.guesses import Guess, guess
from exports.sources.draft.paths import Guesses, Reached, Unreached, find_paths
from exports.sources.draft.rules import CUSTOMER_ID, ROW_NUMBER, WORK, Leads
from exports.sources.draft.undeclared import nouns_of
from exports.sources.draft.volatile import why_volatile
from exports.sources.draft.words import words_of
from exports.sources.schema import Column, Kind, Schema

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*[A-Za-z0-9_]|[A-Za-z_]")
GIVEN = "device_id"  # the kind that one source gives to those walked later
LONGEST_COLUMN = 100
KEY_OF_PERSON = "part of a key, a number that stands for the person or their row"
KEY_OF_WHOM = "part of a foreign key; where it points to another person, take the field out"
NUMBERS = (None, ROW_NUMBER, CUSTOMER_ID, WORK)  # whose number an employee_id is, the foreign key says
LINE = 120
FEW = 3  # columns that a question about all of them names
WITHOUT_NAME = "a column has no name: such a table can't be read; give it one, or make a view that does, and draft anew"
NO_SAMPLE = "  # no sample: the role may not read it, or it is too slow"

HEAD = """\
# The draft of a data map, made from the schema of a database. It is not accepted as long as a "decide: …" stands in it:
# put the answer in its place, in the form that it names, quotes away. The rest is a proposal, too: read it. A comment
# says why a column is taken for what it is; category, "sensitive", "never_disclose", "volatile", "reliable": guesses.
# Every key, those not proposed as well (degree, correctable, received_at, came_at, soft_deleted_at, suppress,
# retention), is explained in exports/sources/datamap/model.py. What you take out, name under left_out at the end, a
# table or table.column with the reason: the source is incomplete as long as the map is silent about anything.
"""
CATEGORIES = f"# The categories are {', '.join(Category)}."
ORIGINS = """\
origins:
  person: {en: You, es: Usted}
  us: {en: Our own records of our dealings with you, es: Nuestros propios registros de la relación con usted}
"""


LEFT_OUT = """\
# Not described, and so in no answer and in no deletion. Describe it above by hand, or put the reason that holds in the
# place of "decide: …".
left_out:
"""


def draft(source: str, survey: Survey) -> str:
    """The whole text. The survey's samples sharpen the guesses; none of them is written."""
    samples, (schema, without_name) = survey.samples, _readable(survey.schema)
    nouns = nouns_of(survey.schema)
    guesses = {
        table.place: {
            column.name: guess(column, samples.get(table.place, {}).get(column.name, ()), noun=nouns[table.place])
            for column in table.columns
        }
        for table in survey.schema.tables
    }
    paths = find_paths(schema, guesses, source)
    lines = [*_top(source, _clocks(schema, paths.reached)), *(["collections:"] if paths.reached else _no_way())]
    for reached in paths.reached:
        unread = [NO_SAMPLE] if reached.table.place in survey.unread else []
        lines += ["", *unread, *_collection(schema, reached, guesses[reached.table.place])]
    unreached = (*paths.unreached, *without_name)
    left_out = [*_columns_left_out(schema, paths.reached), *_tables_left_out(schema, unreached, guesses)]
    if left_out or schema.not_read:
        lines += ["", *LEFT_OUT.splitlines(), *left_out, *map(_schema_left_out, schema.not_read)]
    return "\n".join(lines) + "\n"


def _readable(schema: Schema) -> tuple[Schema, list[Unreached]]:
    """The schema without the tables of which a column has no name, as SQLite lets it: nobody can ask for their rows."""
    without = {table.place: table for table in schema.tables if not all(column.name for column in table.columns)}
    tables = tuple(table for table in schema.tables if table.place not in without)
    pointers = tuple(key for key in schema.pointers if without.keys().isdisjoint({key.child, key.parent}))
    left = [Unreached(table, WITHOUT_NAME) for table in without.values()]
    return replace(schema, tables=tables, pointers=pointers), left


@lru_cache(maxsize=4096)  # the same questions and names come again and again
def scalar(text: str) -> str:
    """A text as YAML reads it back, in quotes where it would be taken for something else."""
    if PLAIN.fullmatch(text) and yaml.safe_load(text) == text:
        return text
    return yaml.dump(text, default_style='"', allow_unicode=True, width=10**9).strip()


def _decide(what: str) -> str:
    return scalar(f"{DECIDE} {what}")


def _clocks(schema: Schema, described: Iterable[Reached]) -> list[str]:
    """The columns with moments that name no zone."""
    return [
        f"{schema.name(reached.table.place)}.{column.name}"
        for reached in described
        for column in reached.table.columns
        if column.names_no_zone
    ]


def _zone(clocks: Sequence[str]) -> str:
    more = f" and {len(clocks) - FEW} more" if len(clocks) > FEW else ""
    named = f"{', '.join(clocks[:FEW])}{more}"
    return _decide(
        f"the zone of the clock by which {named} are written, for they name none, such as Europe/Berlin or UTC; take"
        " the line out if nobody knows, and a look-back counts from the earlier of our own day and that of UTC"
    )


def _top(source: str, clocks: Sequence[str]) -> Iterator[str]:
    yield from HEAD.splitlines()
    yield from textwrap.wrap(CATEGORIES, LINE, subsequent_indent="# ")
    yield f"source: {source}"
    yield f"title: {scalar(_title(source))}"
    yield "connector: sql"
    yield f"role: {_decide('controller, or {processor_for: legal name of the controller}')}"
    if clocks:
        yield f"timezone: {_zone(clocks)}"
    yield ""
    yield "purposes:"
    yield f"  main: {_decide('what the data is used for, as people read it; a line with a name for each purpose')}"
    yield ""
    yield from ORIGINS.splitlines()
    yield ""
    yield f"recipients: {_decide('[] if nobody gets data from here, else a list as in dsar/demo/maps/shop.yaml')}"
    yield ""


def _no_way() -> Iterator[str]:
    yield "# No column of the database looks like an identifier (e-mail address, account number, telephone, device)."
    yield f"collections: {_decide('no table is reached; describe by hand those that hold data of people')}"


def _title(name: str) -> str:
    return (" ".join(words_of(name)) or name).capitalize()[:200]


def _collection(schema: Schema, reached: Reached, guesses: Mapping[str, Guess]) -> Iterator[str]:
    table = reached.table
    for note in reached.notes:
        yield f"  # {_one_line(note)}"
    if table.is_view:
        yield "  # a view: leave it out if the tables that it shows are described"
    yield f"  - name: {scalar(reached.name)}"
    yield f"    title: {scalar(_title(table.place.table))}"
    yield f"    table: {scalar(table.place.table)}"
    if table.place.schema != schema.default:
        yield f"    schema: {scalar(table.place.schema)}"
    yield f"    key: {_key(reached, guesses)}"
    if reached.is_root or reached.is_person:
        yield f"    one_per_person: {_decide('true if two rows are two people, else false')}"
    yield f"    provided_by_person: {_decide('true if people gave it themselves, false if we made or observed it')}"
    yield f"    purposes: {_decide('a list of names from purposes at the top, such as [main]')}"
    yield f"    collected_from: {_decide('a list of names from origins at the top, such as [person, us]')}"
    yield f"    reached: {_ways(reached)}"
    if reached.back:
        yield f"    back: {_way(reached.back)}  # to all that the person has here, whichever of them is known"
    given = [name for name, found in guesses.items() if _gives(reached, name, found)]
    if given:
        yield f"    gives: [{', '.join(f'{{kind: {GIVEN}, column: {scalar(name)}}}' for name in given)}]"
    on_delete = (
        "delete, {keep: {ground: …, years: …}} with a ground of the law, or {deidentify: {each column: clear, random,"
    )
    on_delete += " keyed_hash, year, {truncate: …}, {constant: …} or keep}}"
    yield f"    on_delete: {_decide(on_delete)}"
    yield "    fields:"
    for column in table.columns:
        yield from _field(reached, column, guesses[column.name])


def _key(reached: Reached, guesses: Mapping[str, Guess]) -> str:
    key = reached.table.key
    secret = [name for name in key if (rule := guesses[name].rule) and rule.never]
    if secret:
        return _decide(f"another key: {', '.join(secret)} looks like what is never disclosed, and keys are kept")
    if not key:
        return _decide("the columns that make a row unique, never NULL; the database declares none")
    return f"[{', '.join(map(scalar, key))}]"


def _ways(reached: Reached) -> str:
    ways = f"[{', '.join(map(_way, reached.ways))}]"
    if reached.is_sure:
        return ways
    which = "which of these lead" if len(reached.ways) > 1 else "whether this leads"
    return _decide(f"{which} to rows of the person, and not of another: {ways}")


def _way(way: Root | Join) -> str:
    if isinstance(way, Root):
        shared = ", shared: true" if way.shared else ""
        return f"{{by: {way.by}, column: {scalar(way.column)}, compare: {_compared(way.compare)}{shared}}}"
    pairs = ", ".join(f"{scalar(own)}: {scalar(parent)}" for own, parent in way.columns)
    return f"{{from: {scalar(way.parent)}, columns: {{{pairs}}}}}"


def _compared(compare: Comparison) -> str:
    """As a map says it; of numbers the country is asked for."""
    return f"{{e164: {scalar(compare.country)}}}" if isinstance(compare, E164) else compare.value


def _gives(reached: Reached, name: str, found: Guess) -> bool:
    """Whether the column holds an identifier that another source may know, and does not lead here itself."""
    is_way = any(isinstance(way, Root) and way.column == name for way in reached.ways)
    return bool(found.rule and found.rule.leads is Leads.ALONE and _kind(found) == GIVEN and not is_way)


def _kind(found: Guess) -> str:
    return found.rule.match.kind if found.rule and found.rule.match else ""


def _field(reached: Reached, column: Column, found: Guess) -> Iterator[str]:
    name = scalar(column.name)
    if not _can_be_described(column):
        yield f"      # {name} can't be described: its name has a dot, or is too long; see left_out"
        return
    why, category = found.why, found.rule.category if found.rule else None
    if column.kind is not Kind.DATE and (number := _number(reached, column.name, found)):
        why, category = number, Category.IDENTIFIERS
    names_a_row = found.rule is CUSTOMER_ID and column.name not in _leading(reached)  # and nothing that a person knows
    match = found.rule.match if found.rule and not names_a_row and reached.is_root else None
    used = match or column.name in _technical(reached) | _leading(reached) or (found.rule and found.rule.never)
    volatile = "" if used else why_volatile(column)
    yield f"      # {name}, {_one_line(column.type)}: {_one_line('; '.join(filter(None, (why, volatile))))}"
    yield f"      - column: {name}"
    yield f"        title: {scalar(_title(column.name))}"
    yield f"        category: {category or _decide('which category')}"
    if found.rule and found.rule.sensitive:
        yield "        sensitive: true"
    if found.rule and found.rule.never:
        yield f"        never_disclose: {found.rule.never}"
    if volatile:
        yield "        volatile: true"
    if found.rule and match:
        yield f"        match: {{kind: {match.kind}, compare: {_compared(match.compare)}}}"
        if found.rule.reliable:
            sure = "true" if reached.is_sure else _decide("true if the value is that of whose row it is, else false")
            yield f"        reliable: {sure}"


def _number(reached: Reached, name: str, found: Guess) -> str:
    """Of what the column is a number, where the name says no more than that; empty if the schema says nothing."""
    if found.rule not in NUMBERS:
        return ""
    if name in reached.things:
        return f"points to {reached.things[name]}"
    if name in reached.table.key or (reached.is_sure and name in _technical(reached)):
        return KEY_OF_PERSON
    return KEY_OF_WHOM if name in _technical(reached) | reached.others else ""


def _leading(reached: Reached) -> set[str]:
    """Columns by whose identifiers the rows are reached."""
    return {way.column for way in reached.ways if isinstance(way, Root)}


def _technical(reached: Reached) -> set[str]:
    """Columns of keys and foreign keys that are followed."""
    own = {own for way in (*reached.ways, reached.back) if isinstance(way, Join) for own, _ in way.columns}
    return own | set(reached.table.key)


def _can_be_described(column: Column) -> bool:
    return "." not in column.name and len(column.name) <= LONGEST_COLUMN


def _columns_left_out(schema: Schema, described: Iterable[Reached]) -> Iterator[str]:
    why = "its name has a dot, or is too long: why it stays out, or make a view that renames it, and describe that"
    for reached in described:
        for column in reached.table.columns:
            if not _can_be_described(column):
                yield f"  {scalar(f'{schema.name(reached.table.place)}.{column.name}')}: {_decide(why)}"


def _tables_left_out(schema: Schema, unreached: Iterable[Unreached], guesses: Guesses) -> Iterator[str]:
    for entry in unreached:
        place = entry.table.place
        personal = [(name, found) for name, found in guesses[place].items() if found.is_personal]
        looks = "; ".join(f"{name}: {found.what}" for name, found in personal)
        holds = f"LOOKS PERSONAL ({looks})" if personal else "holds nothing about people, as far as names tell"
        yield f"  {scalar(schema.name(place))}: {_decide(_one_line(f'{holds}; {entry.reason}'))}"


def _schema_left_out(name: str) -> str:
    return f"  {scalar(f'{name}.{WHOLE_SCHEMA}')}: {_decide('a schema at which this draft did not look')}"


def _one_line(text: str) -> str:
    """For a comment: nothing in a name may end it."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
