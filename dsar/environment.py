"""The one place that reads the environment: every setting with its type, its check and its cure.

A missing or bad value stops the program with all faults at once, each as
``NAME: what is wrong: what to set``.
"""

from __future__ import annotations

import base64
import binascii
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import dj_email_url
import environs
from django.core.exceptions import ImproperlyConfigured
from environs import validate

BASE_DIR = Path(__file__).resolve().parent.parent

CURES = {
    "DSAR_SECRET_KEY": "at least 32 random characters; `python -m dsar.first_run FILE` writes a first set of secrets",
    "DSAR_MASTER_KEY": "the vault's key, from `python -m dsar.first_run FILE`; or a file named in DSAR_MASTER_KEY_FILE",
    "DSAR_SIGNING_KEY": "the key that signs the audit's checkpoints; `openssl rand -base64 32` prints one",
    "DSAR_LANGUAGE": "en or es: the language of those who ask for none",
    "DSAR_TIME_ZONE": "the zone in which receipt dates are counted, e.g. America/Los_Angeles",
    "DSAR_BASE_URL": "the public address of this site, e.g. https://privacy.example.com",
    "DATABASE_URL": "e.g. postgresql://dsar@/dsar?host=/run/postgresql or sqlite:////srv/dsar/dsar.sqlite3",
    "KEYS_DATABASE_URL": "the key store: a database of its own, apart from DATABASE_URL and its backups",
    "REDIS_URL": "e.g. redis://localhost:6379/0; leave it out to run on one machine with `manage.py worker`",
    "EMAIL_URL": "e.g. submission://user:password@mail.example.com:587/",
    "DSAR_CONTENT_DAYS": "how many days after closing findings and bundles live, e.g. 45; then their key is destroyed",
    "DSAR_DATA_DIR": "a folder that web server and worker can write to; sealed files live here",
}


@dataclass(frozen=True)
class Environment:
    """What the environment says, checked."""

    debug: bool
    secret_key: str
    master_key: str
    signing_key: str
    time_zone: str
    base_url: str
    allowed_hosts: list[str]
    data_dir: Path
    content_days: int
    database: dict[str, Any]
    keys_database: dict[str, Any]
    redis_url: str
    email: dict[str, Any]
    from_email: str
    language: str


def read_environment(source: environs.Env | None = None) -> Environment:
    """Read and check all settings; raises ImproperlyConfigured that lists every fault with its cure."""
    env = source or environs.Env(eager=False)
    env_file = env.str("DSAR_ENV_FILE", "")
    if env_file and not Path(env_file).is_file():
        raise ImproperlyConfigured(f"DSAR_ENV_FILE: there is no file {env_file}: name the one with the settings.")
    if env_file:
        env.read_env(env_file, recurse=False, override=False)
    debug = env.bool("DSAR_DEBUG", False)
    data_dir = Path(env.str("DSAR_DATA_DIR", str(BASE_DIR / "var")))
    found = {
        "debug": debug,
        "secret_key": env.str("DSAR_SECRET_KEY", validate=validate.Length(min=32)),
        "master_key": _master_key(env),
        "signing_key": env.str("DSAR_SIGNING_KEY", "", validate=_is_seed),
        "time_zone": env.str("DSAR_TIME_ZONE", "America/Los_Angeles", validate=_is_zone),
        "base_url": env.str(
            "DSAR_BASE_URL",
            "http://localhost:8000",
            validate=validate.URL(schemes={"http", "https"}, require_tld=False),
        ),
        "allowed_hosts": env.list("DSAR_ALLOWED_HOSTS", ["localhost", "127.0.0.1"]),
        "data_dir": data_dir,
        "content_days": env.int("DSAR_CONTENT_DAYS", 45, validate=validate.Range(min=1, max=3650)),
        "database": env.dj_db_url("DATABASE_URL", f"sqlite:///{data_dir / 'dsar.sqlite3'}"),
        "keys_database": env.dj_db_url("KEYS_DATABASE_URL", f"sqlite:///{data_dir / 'keys.sqlite3'}"),
        "redis_url": env.str("REDIS_URL", ""),
        "email": dj_email_url.parse(env.str("EMAIL_URL", "console://", validate=_is_mail) or "console://"),
        "from_email": env.str("DSAR_FROM_EMAIL", "privacy@localhost"),
        "language": env.str("DSAR_LANGUAGE", "en", validate=validate.OneOf(["en", "es"])),
    }
    try:
        env.seal()
    except environs.EnvValidationError as error:
        raise ImproperlyConfigured(_faults(error)) from None
    return Environment(**found)


def _master_key(env: environs.Env) -> str:
    path = env.str("DSAR_MASTER_KEY_FILE", "")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"DSAR_MASTER_KEY_FILE: {path} cannot be read ({error.strerror})") from None
    return env.str("DSAR_MASTER_KEY")


def _is_seed(text: str) -> None:
    try:
        seed = base64.b64decode(text, validate=True)
    except binascii.Error:
        seed = b""
    if text and len(seed) != 32:
        raise environs.ValidationError("It is not the base64 of 32 bytes.")


def _is_mail(url: str) -> None:
    scheme = url.partition(":")[0]
    if scheme not in dj_email_url.SCHEMES:
        raise environs.ValidationError(
            f"{scheme!r} is no way to send mail: use one of {', '.join(dj_email_url.SCHEMES)}."
        )


def _is_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise environs.ValidationError(f"{name!r} is no time zone")


def _faults(error: environs.EnvValidationError) -> str:
    lines = []
    for name, messages in cast("Mapping[str, list[str]]", error.error_messages).items():
        cure = CURES.get(name, "see docs/operations.md")
        lines.append(f"{name}: {' '.join(map(str, messages))} Set {name}: {cure}.")
    return "Settings that are missing or wrong:\n  " + "\n  ".join(lines)
