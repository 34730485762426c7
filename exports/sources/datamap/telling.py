"""The ways in which a recipient of personal data is told what to delete, correct or stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from requests_app.law.words import Text


@dataclass(frozen=True, slots=True)
class Batch:
    """Told by one dated file a day, which somebody hands over or the recipient fetches."""


@dataclass(frozen=True, slots=True)
class Push:
    """Told by signed calls to its own service."""

    url: str
    key_env: str  # the environment variable that holds the key of the signatures


@dataclass(frozen=True, slots=True)
class TaskFor:
    """Told by a person of ours, who gets a task for it."""

    to: str  # an e-mail address, or a name: then the desk does it
    is_insider: bool  # signs in to the admin; who does not gets a link, opened with a code


@dataclass(frozen=True, slots=True)
class Impossible:
    """Not told: impossible or disproportionate, as explained in detail to the person (Civ. Code 1798.105(c)(1))."""

    because: Text


Plain: TypeAlias = Batch | Push | TaskFor | Impossible


@dataclass(frozen=True, slots=True)
class OpenDsr:
    """Told of a deletion by the OpenDSR protocol, and of everything else `otherwise`."""

    url: str  # with the major version, such as https://dsr.example.com/v2
    domain: str  # in the certificate with which the processor signs
    controller_id: str  # by which it knows us
    authorization_env: str  # the environment variable with the value of the Authorization header; empty: none is sent
    hashes: bool  # whether identities go as SHA-256, or else as they are
    otherwise: Plain


Way: TypeAlias = Plain | OpenDsr
