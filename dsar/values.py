"""What the values of settings must be like; each check says what is wrong, and never what stands there.

A value may be a secret, or hold one: passwords stand in addresses.
"""

from __future__ import annotations

import base64
import binascii
import re
import zoneinfo
from collections.abc import Callable, Collection
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from environs import ValidationError

from dsar.vault.ciphers import MasterKey
from dsar.vault.errors import MasterKeyUnreadable

Check = Callable[[str], None]
CheckAll = Callable[[Collection[str]], None]

POSTGRESQL = ("postgresql", "postgres")
REDIS = ("redis", "rediss", "redis+socket", "sentinel")
MAIL = ("submission", "submit", "smtp")
MAIL_THAT_REACHES_NOBODY = ("console", "file")
HOST = re.compile(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\]", re.IGNORECASE)
SINGLE_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]*:[0-9a-f:]*")
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def is_long_secret(text: str) -> None:
    """Nobody guesses it."""
    if len(text) < 32:
        raise ValidationError("It is too short.")


def is_master_key(text: str) -> None:
    """The vault can wrap keys with it."""
    try:
        MasterKey(text)
    except MasterKeyUnreadable:
        raise ValidationError("It is no master key.") from None


def is_key(text: str) -> None:
    """32 bytes in base64, or nothing."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if text and len(key) != 32:
        raise ValidationError("It is not the base64 of 32 bytes.")


def are_keys(texts: Collection[str]) -> None:
    """Each is 32 bytes in base64."""
    for text in texts:
        is_key(text)


def is_zone(name: str) -> None:
    """The system knows the time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name!r} is no time zone.")


def is_site(url: str) -> None:
    """Scheme and host of a web site, and nothing more."""
    parts = _parts(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValidationError("It is not the address of a site with http:// or https://.")
    if parts.username is not None or parts.path.strip("/") or parts.query:
        raise ValidationError("It has a user, a path or a query: the site has an address of its own.")


def are_hosts(hosts: Collection[str]) -> None:
    """Names of hosts, without scheme, port or path."""
    if not hosts:
        raise ValidationError("It names no host.")
    for host in hosts:
        if not HOST.fullmatch(host):
            raise ValidationError(f"{host!r} is no name of a host: leave scheme, port and path out.")


def are_single_hosts(hosts: Collection[str]) -> None:
    """Names or addresses of hosts, each written out in small letters; or none at all."""
    for host in hosts:
        if not SINGLE_HOST.fullmatch(host):
            raise ValidationError(f"{host!r} is no host by itself: small letters, without scheme, port, path or *.")


def is_sender(text: str) -> None:
    """An address of e-mail, alone or behind a name in angle brackets."""
    if not ADDRESS.fullmatch(parseaddr(text)[1]) or not text.isprintable():
        raise ValidationError("It is no address of e-mail.")


def is_address_or_nothing(text: str) -> None:
    """An address of e-mail, or nothing."""
    if text and not ADDRESS.fullmatch(text):
        raise ValidationError("It is no address of e-mail.")


def is_absolute(text: str) -> None:
    """A path that is the same whatever folder a process starts in."""
    if not Path(text).is_absolute():
        raise ValidationError("It is no absolute path.")


def is_folder(text: str) -> None:
    """A folder that is there, or that can be made where it is to be."""
    is_absolute(text)
    try:
        Path(text).mkdir(exist_ok=True)
    except FileNotFoundError:
        raise ValidationError("The folder above it is not there.") from None
    except OSError as error:
        raise ValidationError(f"There is no such folder, and it can't be made ({error.strerror}).") from None


def is_database(url: str) -> None:
    """A database of PostgreSQL, or a file of SQLite."""
    if url.startswith("sqlite:"):
        _is_file_of_sqlite(url)
    else:
        is_postgresql(url)


def is_postgresql(url: str) -> None:
    """A database of PostgreSQL, by its name."""
    parts = _parts(url)
    if parts.scheme not in POSTGRESQL:
        raise ValidationError("It is neither postgresql:// nor sqlite:///.")
    if not parts.path.strip("/"):
        raise ValidationError("It names no database.")


def _is_file_of_sqlite(url: str) -> None:
    if ":memory:" in url or url.rstrip("/") == "sqlite:":
        raise ValidationError("A database in memory is gone with its process, and no other process sees it.")
    parts = _parts(url)
    if parts.netloc or not Path(unquote(parts.path[1:])).is_absolute():
        raise ValidationError("Its path is not absolute: write four slashes before it, sqlite:////srv/….")


def is_redis(url: str) -> None:
    """A server of Redis that Celery can reach, or nothing."""
    if not url:
        return
    parts = _parts(url)
    if parts.scheme not in REDIS:
        raise ValidationError(f"It begins with none of {', '.join(f'{scheme}://' for scheme in REDIS)}.")
    if not (parts.path if parts.scheme == "redis+socket" else parts.hostname):
        raise ValidationError("It names no server.")


def is_mail(*, is_public: bool) -> Check:
    """The check for a way to send mail; from a public site it must reach people."""

    def check(url: str) -> None:
        scheme = url.partition(":")[0]
        if scheme not in (*MAIL, *MAIL_THAT_REACHES_NOBODY):
            ways = ", ".join((*MAIL, *MAIL_THAT_REACHES_NOBODY))
            raise ValidationError(f"{scheme[:20]!r} is no way to send mail: use one of {ways}.")
        if scheme in MAIL_THAT_REACHES_NOBODY and is_public:
            raise ValidationError("No letter would reach anybody, and the site is public (https://).")
        parts = _parts(url)
        if scheme in MAIL and not parts.hostname:
            raise ValidationError("It names no mail server.")
        if not parse_qs(parts.query).get("timeout", ["0"])[0].isdigit():
            raise ValidationError("Its timeout is no number of seconds.")
        if scheme == "file" and not parts.path[1:].startswith("/"):
            raise ValidationError("Its path is not absolute: write four slashes before it, file:////srv/….")

    return check


def _parts(url: str) -> SplitResult:
    """The parts of an address; what a password breaks is told without it."""
    if "#" in url:
        raise ValidationError("It has a # in it: write %23, and in passwords all that is no letter or digit as %XX.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValidationError(
            "It can't be read as an address: in passwords write all that is no letter or digit as %XX."
        ) from None
    return parts
