"""A mapping of a YAML file, read key by key: what is wrong is noted with its line and a cure, and reading goes on."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from enum import Enum
from typing import Protocol, TypeVar

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from requests_app.law.words import Text

TYPES_OF_TAGS = {
    "tag:yaml.org,2002:bool": "a yes or no",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "a date",
}
TEXT = "tag:yaml.org,2002:str"
TAGS = frozenset({TEXT, *TYPES_OF_TAGS, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
MOST = 1_000_000  # of whatever is counted
MOST_NESTED = 50  # lists and mappings in each other; a map has eight
DECIDE = "decide:"  # begins what a draft can't know
# The reader in C reads the same ten times as fast, where PyYAML was built with it.
LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
Choice = TypeVar("Choice", bound=Enum)
Scalar = str | int | bool


class Faults:
    """What is wrong with a file, in the order of its lines."""

    def __init__(self) -> None:
        self._found: set[tuple[int, str]] = set()

    def note(self, node: Node, sentence: str) -> None:
        """`sentence` says what is wrong and what to write instead."""
        self._found.add((node.start_mark.line + 1, sentence))

    def sentences(self) -> list[str]:
        """Each fault as "line 12: …"."""
        return [f"line {line}: {sentence}" for line, sentence in sorted(self._found)]


class Section:
    """A mapping with the keys that it must and may have."""

    def __init__(
        self, node: Node, what: str, faults: Faults, *, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> None:
        self.node = node
        self.what = what
        self.faults = faults
        self._values: dict[str, Node] = {}
        allowed = required + optional
        for key_node, value in _pairs(node, what, faults):
            key = str(key_node.value)
            if key not in allowed:
                faults.note(key_node, f"{what} knows no key {key!r}; {instead(key, allowed)}.")
            elif key in self._values:
                faults.note(key_node, f"{key!r} stands twice in {what}; leave one.")
            else:
                self._values[key] = value
        for key in required:
            if key not in self._values:
                faults.note(node, f"{what} lacks {key!r}; add it.")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def node_of(self, key: str) -> Node:
        """Where the value stands, or where the mapping begins."""
        return self._values.get(key, self.node)

    def note(self, key: str, sentence: str) -> None:
        """Note what is wrong with the value of `key`."""
        self.faults.note(self.node_of(key), sentence)

    def text(self, key: str) -> str:
        """A text; empty if it is absent."""
        node = self._values.get(key)
        return "" if node is None else text_of(node, f"{key!r} of {self.what}", self.faults)

    def words(self, key: str) -> Text | None:
        """What people read; None if it is absent."""
        node = self._values.get(key)
        return None if node is None else words_of(node, f"{key!r} of {self.what}", self.faults)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        node = self._values.get(key)
        if node is None:
            return default
        value = scalar_of(node, f"{key!r} of {self.what}", self.faults)
        if not isinstance(value, bool):
            self.note(key, f"{key!r} of {self.what} is true or false.")
            return default
        return value

    def number(self, key: str, *, most: int = MOST) -> int:
        """A whole number greater than 0."""
        node = self._values.get(key)
        value = 1 if node is None else scalar_of(node, f"{key!r} of {self.what}", self.faults)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
            self.note(key, f"{key!r} of {self.what} is a whole number from 1 to {most}.")
            return 1
        return value

    def day(self, key: str) -> date | None:
        """A date as YYYY-MM-DD; None if it is absent."""
        node = self._values.get(key)
        if node is None:
            return None
        try:
            return date.fromisoformat(str(node.value))
        except ValueError:
            self.note(key, f"{key!r} of {self.what} is a date such as 2026-01-31.")
            return None

    def choice(self, key: str, choices: type[Choice], default: Choice) -> Choice:
        """One of the values of an enumeration; `default` if it is absent or wrong."""
        node = self._values.get(key)
        return default if node is None else choice_of(node, f"{key!r} of {self.what}", self.faults, choices, default)

    def items(self, key: str) -> tuple[Node, ...]:
        """The entries of a list; none if it is absent."""
        node = self._values.get(key)
        if node is None:
            return ()
        if not isinstance(node, SequenceNode):
            self.note(key, f"{key!r} of {self.what} is a list: [one, two].")
            return ()
        return tuple(node.value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, each once."""
        found = tuple(text_of(node, f"{key!r} of {self.what}", self.faults) for node in self.items(key))
        if len(set(found)) < len(found):
            self.note(key, f"{key!r} of {self.what} names something twice; leave one.")
        return found

    def entries(self, key: str) -> Iterator[tuple[str, Node]]:
        """The pairs of a mapping of free names; none if it is absent."""
        node = self._values.get(key)
        if node is None:
            return
        what = f"{key!r} of {self.what}"
        seen: set[str] = set()
        for key_node, value in _pairs(node, what, self.faults):
            name = text_of(key_node, f"a name in {what}", self.faults)
            if name in seen:
                self.faults.note(key_node, f"{name!r} stands twice in {what}; leave one.")
            seen.add(name)
            yield name, value


class NotReadableError(ValueError):
    """The text is no YAML document that a map could be; the sentence says where and why."""


def root_node(text: str) -> Node:
    """The document of a YAML text; raises NotReadableError.

    Anchors are not taken: each fact stands where it applies, and a file can't unfold itself without end. Nor are tags
    beyond those of texts, numbers and the like.
    """
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        where = _place(error.problem_mark)
        raise NotReadableError(f"{where}: this is no YAML: {error.problem}.") from None
    except yaml.YAMLError:
        raise NotReadableError("line 1: this is no YAML text; characters stand in it that YAML forbids.") from None
    if node is None:
        raise NotReadableError("line 1: the file is empty.")
    _check_values(node)
    return node


def _check_events(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            where = _place(event.start_mark)
            raise NotReadableError(f"{where}: anchors (*{event.anchor}) are not taken; write it out.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_NESTED:
            raise NotReadableError(f"{_place(event.start_mark)}: lists and mappings stand in each other too deep.")


def _check_values(node: Node) -> None:
    """Each value is one that YAML reads by itself, and is what its tag says."""
    where = _place(node.start_mark)
    if node.tag not in TAGS:
        raise NotReadableError(f"{where}: what stands there is read as {node.tag}; if it is a text, put it in quotes.")
    if isinstance(node, ScalarNode):
        try:
            _constructed(node)
        except (ValueError, KeyError):
            name = TYPES_OF_TAGS[node.tag]
            raise NotReadableError(
                f"{where}: {node.value[:40]!r} is not {name}; if it is a text, put it in quotes."
            ) from None
        return
    for entry in node.value:
        for part in entry if isinstance(entry, tuple) else (entry,):
            _check_values(part)


def note_undecided(node: Node, faults: Faults) -> None:
    """Note every "decide: …" that a draft left to a person."""
    if isinstance(node, ScalarNode):
        if str(node.value).startswith(DECIDE):
            question = str(node.value).removeprefix(DECIDE).strip()
            faults.note(node, f'not decided yet: {question}; put the answer in the place of "{DECIDE} …".')
        return
    for entry in node.value:
        for part in entry if isinstance(entry, tuple) else (entry,):
            note_undecided(part, faults)


class _Mark(Protocol):
    @property
    def line(self) -> int: ...


def _place(mark: _Mark | None) -> str:
    return f"line {mark.line + 1 if mark else 1}"


def plain(node: Node) -> object:
    """The value of a node as JSON knows it: dates as text, everything else as YAML reads it."""
    if isinstance(node, MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [plain(entry) for entry in node.value]
    return _constructed(node)


def text_of(node: Node, what: str, faults: Faults) -> str:
    """The text of a node; a number or a yes is a fault, for YAML would have changed it."""
    if isinstance(node, ScalarNode) and node.tag == TEXT and node.value.strip():
        return str(node.value)
    if isinstance(node, ScalarNode) and node.tag in TYPES_OF_TAGS:
        faults.note(node, f"{what} is a text, and {node.value!r} reads as {TYPES_OF_TAGS[node.tag]}; put it in quotes.")
    else:
        faults.note(node, f"{what} is a text, and not an empty one.")
    return ""


def words_of(node: Node, what: str, faults: Faults) -> Text:
    """What people read: one text for all languages, or one a language."""
    if isinstance(node, ScalarNode):
        text = text_of(node, what, faults)
        return Text(text, text)
    languages = Section(node, what, faults, required=("en",), optional=("es",))
    english = languages.text("en")
    return Text(english, languages.text("es") if "es" in languages else english)


def scalar_of(node: Node, what: str, faults: Faults) -> Scalar:
    """A text, a whole number, true or false."""
    value = _constructed(node) if isinstance(node, ScalarNode) else None
    if isinstance(value, str | int):
        return value
    faults.note(node, f"{what} is one text, one whole number, true or false.")
    return ""


def choice_of(node: Node, what: str, faults: Faults, choices: type[Choice], default: Choice) -> Choice:
    """The member of an enumeration whose value the node names."""
    by_value: Mapping[str, Choice] = {str(choice.value): choice for choice in choices}
    name = str(node.value) if isinstance(node, ScalarNode) else ""
    if name not in by_value:
        faults.note(node, f"{what} can't be {name!r}; {instead(name, tuple(by_value))}.")
    return by_value.get(name, default)


def _constructed(node: Node) -> object:
    if node.tag in (TEXT, "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:float"):
        return str(node.value)
    return SafeConstructor().construct_object(node)


def _pairs(node: Node, what: str, faults: Faults) -> list[tuple[Node, Node]]:
    if not isinstance(node, MappingNode):
        faults.note(node, f"{what} is a mapping of keys to values.")
        return []
    return list(node.value)


def instead(name: str, allowed: Collection[str]) -> str:
    """What to write in its place: the nearest of what is allowed, or any of it."""
    near = difflib.get_close_matches(name, allowed, n=1)
    if near:
        return f"did you mean {near[0]!r}"
    return f"it is one of {', '.join(sorted(allowed))}"
