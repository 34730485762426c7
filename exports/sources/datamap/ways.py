"""How a recipient is told what to delete, correct or stop: one way a recipient, each with what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from yaml.nodes import MappingNode

from exports.sources.datamap.places import LONGEST_MAILBOX, MAILBOX, VARIABLE
from exports.sources.datamap.section import Section
from exports.sources.datamap.telling import Batch, Impossible, OpenDsr, Plain, Push, TaskFor, Way
from requests_app.law.words import Text

WHAT = "'tell' of a recipient"
MOST_LETTERS = 200
DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
HOW = (
    "say how it learns what to delete, correct or stop: {batch: {}} for a file a day that you hand over,"
    " {http: {url: …, key_env: …}}, {opendsr: {…}}, {task: {to: …}} for a person of yours who writes or calls, or"
    " {impossible: {because: {en: …, es: …}}}"
)


class _Format(StrEnum):
    """How OpenDSR writes an identity; md5 and sha1, which it knows too, are too weak to stand for anybody."""

    SHA256 = "sha256"
    RAW = "raw"


class _Standing(StrEnum):
    INSIDER = "insider"
    OUTSIDER = "outsider"


def way_of(entry: Section) -> Way:
    """The way that a recipient's `tell` names; without one, or with several, a fault that says what to write."""
    node = entry.node_of("tell")
    if "tell" not in entry:
        entry.note("tell", f"a recipient lacks 'tell': {HOW}.")
        return Batch()
    if not isinstance(node, MappingNode):
        entry.note("tell", f"{WHAT} is one way, and no text: {HOW}.")
        return Batch()
    told = Section(node, WHAT, entry.faults, required=(), optional=tuple(READERS))
    name = _only(told, READERS)
    return READERS[name](told) if name else Batch()


def _only(told: Section, names: Collection[str]) -> str:
    """The one way that is named; empty, and a fault, if it is none or several."""
    named = [name for name in names if name in told]
    if len(named) == 1:
        return named[0]
    found = " and ".join(named) or "none"
    told.faults.note(told.node, f"{told.what} names exactly one way, and this is {found}: {HOW}.")
    return ""


def _within(told: Section, way: str, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Section:
    what = f"'{way}' in {told.what}"
    return Section(told.node_of(way), what, told.faults, required=required, optional=optional)


def _batch(told: Section) -> Plain:
    _within(told, "batch", required=())
    return Batch()


def _push(told: Section) -> Plain:
    way = _within(told, "http", required=("url", "key_env"))
    return Push(_url(way), _variable(way, "key_env"))


def _opendsr(told: Section) -> Way:
    way = _within(
        told,
        "opendsr",
        required=("url", "domain", "controller_id", "otherwise"),
        optional=("authorization_env", "identity_format"),
    )
    domain = way.text("domain")
    if domain and not DOMAIN.fullmatch(domain):
        way.note(
            "domain", f"'domain' of {way.what} is the name in the processor's certificate, such as dsr.example.com."
        )
    otherwise = Section(
        way.node_of("otherwise"), f"'otherwise' of {way.what}", way.faults, required=(), optional=tuple(PLAIN)
    )
    plain = _only(otherwise, PLAIN) if "otherwise" in way else ""
    return OpenDsr(
        url=_url(way),
        domain=domain,
        controller_id=way.text("controller_id"),
        authorization_env=_variable(way, "authorization_env") if "authorization_env" in way else "",
        hashes=way.choice("identity_format", _Format, _Format.SHA256) is _Format.SHA256,
        otherwise=PLAIN[plain](otherwise) if plain else Batch(),
    )


def _task(told: Section) -> Plain:
    way = _within(told, "task", required=("to",), optional=("is",))
    to = way.text("to")
    if len(to) > MOST_LETTERS:
        way.note("to", f"'to' of {way.what} has at most {MOST_LETTERS} characters; make it shorter.")
    if "@" in to and (len(to) > LONGEST_MAILBOX or not MAILBOX.fullmatch(to)):
        way.note("to", f"'to' of {way.what} is one address such as vendors@example.com, or a name without an @.")
    if "is" in way and "@" not in to:
        way.note("is", f"'is' of {way.what} is for an address: the desk does what a name alone stands for.")
    return TaskFor(to, is_insider=way.choice("is", _Standing, _Standing.INSIDER) is _Standing.INSIDER)


def _impossible(told: Section) -> Plain:
    way = _within(told, "impossible", required=("because",))
    because = Text("", "")
    if "because" in way:
        what = f"'because' of {way.what}"
        words = Section(way.node_of("because"), what, way.faults, required=("en", "es"))
        because = Text(words.text("en"), words.text("es"))
    return Impossible(because)


def _url(way: Section) -> str:
    url = way.text("url")
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
        is_plain = parts.username is None and not parts.query and not parts.fragment
    except ValueError:
        is_good = is_plain = False
    if url and not (is_good and is_plain and url.isascii() and url.isprintable() and " " not in url):
        way.note(
            "url", f"'url' of {way.what} is an address such as https://example.com/privacy, without user, ? and #."
        )
    return url.rstrip("/")


def _variable(way: Section, key: str) -> str:
    name = way.text(key)
    if name and not VARIABLE.fullmatch(name):
        way.note(
            key,
            f"{key!r} of {way.what} names an environment variable in capitals that does not begin with DSAR_, such as"
            " LISTS_SIGNING_KEY; the key itself stands in no map.",
        )
    return name


# What an OpenDSR recipient is told by where the protocol has no words: it knows no correction and no opt-out.
PLAIN: Mapping[str, Callable[[Section], Plain]] = {
    "batch": _batch,
    "http": _push,
    "task": _task,
    "impossible": _impossible,
}
READERS: Mapping[str, Callable[[Section], Way]] = {**PLAIN, "opendsr": _opendsr}
