"""Which server and database, file, folder or bucket an address means: what of it may be shown, and is accepted by two.

Users and passwords are left out. Web processes ask this, too, so that it needs no driver; an address that could be read
in more ways than one is refused, for half a password must not be taken for the name of a database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from exports.sources.datamap import DataMap
from exports.sources.errors import NotSetUpError

DATABASE = re.compile(  # as SQLAlchemy reads it
    r"(?P<kind>[a-z][a-z0-9_]*)(?:\+\w+)?://(?:[^:/@]*(?::[^@]*)?@)?(?P<host>\[[^\]@/?]+\]|[^@/?:\[]*)(?::(?P<port>\d+))?"
    r"(?:/(?P<name>[^@?]*))?(?:\?(?P<query>.*))?"
)
SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(?P<path>[^?]*)(?:\?.*)?")
PORTS = {"postgresql": "5432", "postgres": "5432", "mysql": "3306", "mariadb": "3306"}
WHOLE = "odbc_connect"  # an address of its own, with whatever is in it
# Parameters of drivers by which an address leads to another server, database or schema than it begins with.
ELSEWHERE = frozenset({
    *("host", "hostaddr", "port", "dbname", "service", "servicefile"),
    *("unix_socket", "database", "db", "read_default_file", "read_default_group"),
    "options",  # may name a search_path
})  # fmt: skip
SECRET = re.compile(r"pass|pwd|secret|token|key|user|uid|login|cred|auth")  # parameters that are shown to nobody
WRITTEN = re.compile(r"[^\s@]+(?: [^\s@]+)*")  # a folder may have blanks in its name
LONGEST = 500


@dataclass(frozen=True)
class Hosts:
    """Where a source is read and written; empty where nothing is named."""

    read: str = ""
    write: str = ""

    @classmethod
    def named(cls, data_map: DataMap, read_url: str, write_url: str | None) -> Hosts:
        """Those that two addresses mean; raises NotSetUpError, without the address."""
        return cls(host_of(data_map, read_url), host_of(data_map, write_url or ""))


def host_of(data_map: DataMap, url: str) -> str:
    """What an address of a source means; empty of an empty one, and where a map has no address."""
    if not url or not data_map.has_address:
        return ""
    try:
        found = _found(data_map, url)
    except ValueError:
        found = ""
    if not is_host(found):
        raise NotSetUpError(
            f"{data_map.source}: its URL is not understood, or has an @ that belongs to neither user nor password"
        )
    return found


def is_host(text: str) -> bool:
    """Whether a text can be what an address means: nothing with a user in it, and no whole URL."""
    return len(text) <= LONGEST and bool(WRITTEN.fullmatch(text)) and "://" not in text and text.isprintable()


def _found(data_map: DataMap, url: str) -> str:
    if data_map.connector == "sql":
        return _of_database(url)
    if data_map.connector == "files" and data_map.bucket is None:
        return url
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    path = parts.path.rstrip("/") if data_map.connector == "files" else ""
    return f"{parts.hostname or ''}{port}{path}"


def _of_database(url: str) -> str:
    if found := SQLITE.fullmatch(url):
        return found["path"]
    if not (found := DATABASE.fullmatch(url)):
        return ""
    host, port = found["host"].lower(), found["port"] or PORTS.get(found["kind"], "")
    given = parse_qsl(found["query"] or "")
    if any(key.lower() == WHOLE for key, _ in given):
        return ""
    moved = [f"{key}={value}" for key, value in given if _may_lead_elsewhere(found["kind"], key.lower())]
    server = f"{host}:{port}" if host and port else host
    return f"{server}/{found['name'] or ''}" + (f"?{'&'.join(moved)}" if moved else "")


def _may_lead_elsewhere(kind: str, parameter: str) -> bool:
    """Of a kind of database that is not known here, nobody knows which of its driver's parameters do: each may."""
    return parameter in ELSEWHERE if kind in PORTS else not SECRET.search(parameter)
