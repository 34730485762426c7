"""A receiver of direct transfers: a real web server that takes files, and the key that opens them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
from django.utils import timezone

from exports.bundle.contents import VERIFIER
from exports.fulfil import receivers
from exports.models import Receiver, ReceiverWay
from tests.exports.fulfil.web_server import Call, Reply, answering
from tests.exports.house import ANALYST, APPROVER


@dataclass
class Bank:
    """What came, and what is answered: ``answers`` in turn, then 201."""

    identity: pyrage.x25519.Identity = field(default_factory=pyrage.x25519.Identity.generate)
    url: str = ""
    got: list[Call] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    @property
    def public_key(self) -> str:
        """What is registered."""
        return str(self.identity.to_public())

    def opened(self, encrypted: bytes) -> bytes:
        """What was meant for it."""
        return bytes(pyrage.decrypt(encrypted, [self.identity]))

    def registered(self, **changes: object) -> Receiver:
        """Entered by one, accepted by another."""
        receiver = self.proposed(**changes)
        return receivers.accept(receiver.pk, by=APPROVER, at=timezone.now())

    def proposed(self, **changes: object) -> Receiver:
        """Entered only."""
        usual: dict[str, object] = {
            "name": "First Harbor Bank, N.A.",
            "contact": "privacy@bank.example",
            "public_key": self.public_key,
            "way": ReceiverWay.UPLOAD,
            "url": self.url,
        }
        proposal = receivers.Proposal(**{**usual, **changes})  # type: ignore[arg-type]
        return receivers.propose(proposal, by=ANALYST, at=timezone.now())


@contextmanager
def receiving() -> Iterator[Bank]:
    """The receiver's server, in a thread."""
    bank = Bank()

    def answer(call: Call) -> Reply:
        bank.got.append(call)
        status, headers = bank.answers.pop(0) if bank.answers else (201, {})
        return status, headers, b"received"

    with answering(answer) as address:
        bank.url = f"{address}/import"
        yield bank


def verified(bundle: bytes, folder: Path, *options: str) -> str:
    """What verify.py says of a bundle, run as its receiver runs it; it must be in order."""
    path = folder / "received.zip"
    path.write_bytes(bundle)
    command = [sys.executable, VERIFIER, path, *options]
    told = subprocess.run(command, text=True, capture_output=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout
