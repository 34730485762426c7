"""The one place that reads the environment: every setting with its type, its check and its cure.

A missing or bad value stops the program with all faults at once, each as
``NAME: what is wrong: what to set``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import dj_database_url
import dj_email_url
import environs
from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values
from environs import validate

from dsar import values

BASE_DIR = Path(__file__).resolve().parent.parent

CURES = {
    "DSAR_SECRET_KEY": "at least 32 random characters; `python -m dsar.first_run FILE` writes a first set of secrets",
    "DSAR_MASTER_KEY": "the vault's key, from `python -m dsar.first_run FILE`; or a file named in DSAR_MASTER_KEY_FILE",
    "DSAR_SIGNING_KEY": "the key that signs checkpoints and bundles; `openssl rand -base64 32` prints one",
    "DSAR_OLD_PUBLIC_KEYS": "with commas, what `manage.py verify_audit --public-key` printed of each former key",
    "DSAR_CHECKPOINT_FILE": "the absolute path of the file that checkpoints are appended to",
    "DSAR_AUDITOR_EMAIL": "who is mailed a checkpoint a day, e.g. audit@example.com; leave it out for nobody",
    "DSAR_LANGUAGE": "en or es: the language of those who ask for none",
    "DSAR_TIME_ZONE": "the zone in which receipt dates are counted, e.g. America/Los_Angeles",
    "DSAR_BASE_URL": "the public address of this site, e.g. https://privacy.example.com",
    "DSAR_ALLOWED_HOSTS": "the names by which this site is asked for, with commas, e.g. privacy.example.com",
    "DSAR_SOURCE_SECONDS": "how many seconds one statement or call to a source may take, 5 to 300, e.g. 60",
    "DSAR_SOURCE_HOSTS": "with commas, the hosts of sources that may be private or without https, e.g. orders.internal",
    "DSAR_RECEIVER_HOSTS": "with commas, the hosts to which people may have files sent, e.g. import.bank.example",
    "DATABASE_URL": "e.g. postgresql://dsar@/dsar?host=/run/postgresql or sqlite:////srv/dsar/dsar.sqlite3",
    "DATABASE_OWNER_URL": "the main database as the role that owns its tables, e.g. postgresql://dsar_owner@db/dsar",
    "KEYS_DATABASE_URL": "the key store: a database of its own, apart from DATABASE_URL and its backups",
    "REDIS_URL": "e.g. redis://localhost:6379/0; leave it out to run on one machine with `manage.py worker`",
    "EMAIL_URL": "e.g. submission://user:password@mail.example.com:587/",
    "DSAR_FROM_EMAIL": "the sender of all letters, e.g. privacy@example.com or Privacy Office <privacy@example.com>",
    "DSAR_CONTENT_DAYS": "how many days after closing findings and bundles live, e.g. 45; then their key is destroyed",
    "DSAR_BUNDLE_DAYS": "how many days after closing a bundle can be fetched, e.g. 30; then the person may renew it",
    "DSAR_POST_DAYS": "how many days a posted letter is given to arrive, e.g. 5; from then on it counts",
    "DSAR_VALUE_TRIES": "how often in 30 days one person may ask if a number is the one held, 1 to 10, e.g. 3",
    "DSAR_LINK_DAYS": "how many days a link works that is mailed to the owner of a source, 1 to 60, e.g. 14",
    "DSAR_RENDER_UNLOCKED": "true where documents may be drawn by a process that limits alone hold, as on macOS",
    "DSAR_UPLOAD_MB": "how many megabytes such an owner may send at a time, 1 to 50, e.g. 10",
    "DSAR_ACCOUNT_SECRET": "at least 32 random characters that your account system holds too; or leave it out",
    "DSAR_LOOKUP_SECRET": "at least 32 random characters that systems hold which ask who opted out; or leave it out",
    "DSAR_DATA_DIR": "the absolute path of a folder that web server and worker can write to; sealed files live here",
}


@dataclass(frozen=True)
class Environment:
    """What the environment says, checked."""

    debug: bool
    secret_key: str
    master_key: str
    signing_key: str
    old_public_keys: list[str]
    checkpoint_file: Path
    auditor_email: str
    time_zone: str
    base_url: str
    allowed_hosts: list[str]
    data_dir: Path
    content_days: int
    bundle_days: int
    post_days: int
    value_tries: int
    link_days: int
    upload_mb: int
    render_unlocked: bool
    account_secret: str
    lookup_secret: str
    source_seconds: int
    source_hosts: list[str]
    receiver_hosts: list[str]
    database: dict[str, Any]
    owner_database: dict[str, Any] | None
    keys_database: dict[str, Any]
    redis_url: str
    email: dict[str, Any]
    from_email: str
    language: str


def read_environment(source: environs.Env | None = None) -> Environment:
    """Read and check all settings; raises ImproperlyConfigured that lists every fault with its cure."""
    env = source or environs.Env(eager=False)
    _read_file(env)
    base_url = _text(env, "DSAR_BASE_URL", "http://localhost:8000", values.is_site)
    is_public = base_url.lower().startswith("https:")
    data_dir = Path(env.str("DSAR_DATA_DIR", str(BASE_DIR / "var"), validate=values.is_folder) or BASE_DIR)
    hosts = ["localhost", "127.0.0.1", *filter(None, [urlsplit(base_url).hostname])]
    found: dict[str, Any] = {
        "debug": env.bool("DSAR_DEBUG", False),
        "secret_key": env.str("DSAR_SECRET_KEY", validate=validate.Length(min=32)),
        "master_key": _master_key(env),
        "signing_key": env.str("DSAR_SIGNING_KEY", "", validate=values.is_key),
        "old_public_keys": _list(env, "DSAR_OLD_PUBLIC_KEYS", [], values.are_keys),
        "checkpoint_file": Path(
            _text(env, "DSAR_CHECKPOINT_FILE", str(data_dir / "checkpoints.jsonl"), values.is_absolute)
        ),
        "auditor_email": env.str("DSAR_AUDITOR_EMAIL", "", validate=values.is_address_or_nothing),
        "time_zone": env.str("DSAR_TIME_ZONE", "America/Los_Angeles", validate=values.is_zone),
        "base_url": base_url,
        "allowed_hosts": _list(env, "DSAR_ALLOWED_HOSTS", hosts, values.are_hosts),
        "data_dir": data_dir,
        "content_days": env.int("DSAR_CONTENT_DAYS", 45, validate=validate.Range(min=1, max=3650)),
        "bundle_days": env.int("DSAR_BUNDLE_DAYS", 30, validate=validate.Range(min=1, max=3650)),
        "post_days": env.int("DSAR_POST_DAYS", 5, validate=validate.Range(min=0, max=30)),
        "value_tries": env.int("DSAR_VALUE_TRIES", 3, validate=validate.Range(min=1, max=10)),
        "link_days": env.int("DSAR_LINK_DAYS", 14, validate=validate.Range(min=1, max=60)),
        "upload_mb": env.int("DSAR_UPLOAD_MB", 10, validate=validate.Range(min=1, max=50)),
        "render_unlocked": env.bool("DSAR_RENDER_UNLOCKED", False),
        "account_secret": _text(env, "DSAR_ACCOUNT_SECRET", "", values.is_long_secret),
        "lookup_secret": _text(env, "DSAR_LOOKUP_SECRET", "", values.is_long_secret),
        "source_seconds": env.int("DSAR_SOURCE_SECONDS", 60, validate=validate.Range(min=5, max=300)),
        "source_hosts": _list(env, "DSAR_SOURCE_HOSTS", [], values.are_single_hosts),
        "receiver_hosts": _list(env, "DSAR_RECEIVER_HOSTS", [], values.are_single_hosts),
        "database": _text(env, "DATABASE_URL", "", values.is_database),
        "owner_database": _text(env, "DATABASE_OWNER_URL", "", values.is_postgresql),
        "keys_database": _text(env, "KEYS_DATABASE_URL", "", values.is_database),
        "redis_url": env.str("REDIS_URL", "", validate=values.is_redis),
        "email": _text(env, "EMAIL_URL", None if is_public else "console://", values.is_mail(is_public=is_public)),
        "from_email": env.str("DSAR_FROM_EMAIL", "privacy@localhost", validate=values.is_sender),
        "language": env.str("DSAR_LANGUAGE", "en", validate=validate.OneOf(["en", "es"])),
    }
    try:
        env.seal()
    except environs.EnvValidationError as error:
        raise ImproperlyConfigured(_faults(error)) from None
    environment = Environment(**found | _parsed(found))
    _check_roles(environment)
    return environment


def _check_roles(environment: Environment) -> None:
    """Who owns the main database's tables is another role than who works on them."""
    main, owner = environment.database, environment.owner_database
    if owner and (not main.get("USER") or main.get("USER") == owner["USER"]):
        raise ImproperlyConfigured(
            "DATABASE_OWNER_URL: DATABASE_URL names no other role, and what runs must not own the tables: set "
            "DATABASE_URL to the same database with a role of its own, e.g. postgresql://dsar@db/dsar."
        )


def _parsed(found: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are addresses, taken apart as Django wants them; all of them have been checked."""
    site = urlsplit(found["base_url"])
    return {
        "base_url": f"{site.scheme}://{site.netloc.lower()}",
        "database": _database(found["database"], found["data_dir"] / "dsar.sqlite3"),
        "owner_database": dj_database_url.parse(found["owner_database"]) if found["owner_database"] else None,
        "keys_database": _database(found["keys_database"], found["data_dir"] / "keys.sqlite3"),
        "email": _mail(found["email"]),
    }


def _mail(url: str) -> dict[str, Any]:
    """The way to send mail; a folder may have signs in its name that an address writes as %XX."""
    found = dict(dj_email_url.parse(url))
    return found | {"EMAIL_FILE_PATH": unquote(found["EMAIL_FILE_PATH"])}


def _database(url: str, file: Path) -> dict[str, Any]:
    """The database at this address, or in a file of SQLite."""
    if url:
        return dict(dj_database_url.parse(url))
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}


def _text(env: environs.Env, name: str, default: str | None, check: values.Check) -> str:
    """A text that may be left out, or be empty, which is the same; it must be there if there is no default."""
    if default is None:
        return str(env.str(name, validate=check) or "")
    return str(env.str(name, "", validate=lambda text: check(text) if text else None) or default)


def _list(env: environs.Env, name: str, default: list[str], check: values.CheckAll) -> list[str]:
    """Words between commas; spaces around them mean nothing."""
    text = env.str(name, None, validate=lambda text: check(_words(text)))
    return default if text is None else _words(text)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _read_file(env: environs.Env) -> None:
    """Take in the file with the settings, if one is named; what stands in the environment wins.

    What is no setting of ours, such as the addresses of sources, is put into the environment, where it is looked for.
    """
    name = env.str("DSAR_ENV_FILE", "")
    if not name:
        return
    if not Path(name).is_file():
        raise ImproperlyConfigured(f"DSAR_ENV_FILE: there is no file {name}: name the one with the settings.")
    try:
        env.read_env(name, recurse=False, override=False)
        others = {key: value for key, value in dotenv_values(name).items() if value and not _is_ours(key)}
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"DSAR_ENV_FILE: {name} can't be read ({_why(error)}).") from None
    os.environ.update({key: value for key, value in others.items() if key not in os.environ})


def _is_ours(name: str) -> bool:
    return name.startswith("DSAR_") or name in CURES


def _master_key(env: environs.Env) -> str:
    path = env.str("DSAR_MASTER_KEY_FILE", "")
    if not path:
        return env.str("DSAR_MASTER_KEY", validate=values.is_master_key)
    try:
        text = Path(path).read_text(encoding="ascii").strip()
        values.is_master_key(text)
    except (OSError, UnicodeDecodeError, environs.ValidationError) as error:
        raise ImproperlyConfigured(
            f"DSAR_MASTER_KEY_FILE: {path} can't be read as a master key ({_why(error)}). It holds what "
            "`python -m dsar.first_run FILE` writes behind DSAR_MASTER_KEY=, and nothing else."
        ) from None
    return text


def _why(error: Exception) -> str:
    """In a few words, and not with what stands in the file."""
    return str(getattr(error, "strerror", "") or "it holds something else")


def _faults(error: environs.EnvValidationError) -> str:
    lines = []
    for name, messages in cast("Mapping[str, list[str]]", error.error_messages).items():
        cure = CURES.get(name, "see docs/operations.md")
        lines.append(f"{name}: {' '.join(map(str, messages))} Set {name}: {cure}.")
    return "Settings that are missing or wrong:\n  " + "\n  ".join(lines)
