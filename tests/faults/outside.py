"""Those outside the house that its workers call: they live on when a worker dies, and know what they were told."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from exports.models import DataSource
from tests.exports.fulfil.processor import CONTROLLER, DOMAIN, Processor, certified, key_of
from tests.exports.fulfil.receiving import Bank, receiving
from tests.exports.fulfil.recipient import KEY, Recipient, serving, told_by
from tests.exports.house import NOW, person
from tests.exports.sources import service
from tests.exports.sources.service import MAP, Service
from tests.journeys.premises import Database

KEYS = {"FAULTS_KEY": KEY, "LISTS_TOKEN": "Bearer 0123456789", "CLUB_SIGNING_KEY": service.KEY}
BY_CALL = ("Cardinal Pay Inc.", "Brightpath Media LLC")
BY_OPENDSR = "Summit Lists LLC"  # of a deletion; of anything else, and Northgate of all, in the file of the day


@dataclass
class Outside:
    """Recipients that are called, one of them by OpenDSR, a club with a service of its own, and a bank."""

    recipient: Recipient
    lists: Recipient
    processor: Processor
    club: Service
    bank: Bank
    written_down: list[bool] = field(default_factory=list)  # in our books, whenever the club was ordered to delete

    def register(self) -> None:
        """The registers say from now on that recipients are called."""
        for name in BY_CALL:
            told_by(name, {"http": {"url": self.recipient.url, "key_env": "FAULTS_KEY"}})
        way: dict[str, object] = {"url": self.lists.url, "domain": DOMAIN, "controller_id": CONTROLLER}
        told_by(BY_OPENDSR, {"opendsr": way | {"authorization_env": "LISTS_TOKEN", "otherwise": {"batch": {}}}})

    def join_club(self) -> None:
        """The club is a source from now on, and the person one of its members."""
        self.club.members[0]["email"] = person().email
        DataSource.set_up(
            MAP, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=9, at=timezone.now()
        )

    def remember(self) -> None:
        """What holds at the beginning of each round."""
        self._kept = deepcopy((self.club.members, self.club.orders))

    def restore(self) -> None:
        """Back to that; nobody has called."""
        self.club.members, self.club.orders = deepcopy(self._kept)
        for calls in (self.recipient.calls, self.lists.calls, self.processor.asked, self.bank.got, self.written_down):
            calls.clear()

    def bodies(self) -> dict[str, set[bytes]]:
        """What came under each idempotency key; once is as good as twice, and two things under one key are a fault."""
        found = defaultdict(set)
        for call in (*self.recipient.calls, *self.bank.got):
            found[call.headers["idempotency-key"].strip('"')].add(call.body)
        for call in self.lists.calls:
            if call.method == "POST":
                found[self._request_id(call.body)].add(call.body)
        return found

    def _request_id(self, body: bytes) -> str:
        asked = next(asked for asked in self.processor.asked if str(asked["subject_request_id"]).encode() in body)
        return str(asked["subject_request_id"])

    def watch_orders(self, books: Database) -> None:
        """Look into our books whenever the club is ordered to delete: what is given has to stand there before."""
        delete = self.club.delete

        def watched(order: dict[str, Any]) -> dict[str, Any]:
            self.written_down.append(bool(books.run("SELECT 1 FROM exports_actbegun LIMIT 1")))
            return delete(order)

        self.club.delete = watched  # type: ignore[method-assign]


@contextmanager
def opened(folder: Path, books: Database) -> Iterator[Outside]:
    """All of them on this machine, with their addresses and keys in the environment of the workers."""
    with serving() as recipient, serving() as lists, service.running() as club, receiving() as bank:
        lists.url = lists.url.replace("/privacy", "/v2")
        os.environ |= KEYS | {"CLUB_URL": club.url, "SSL_CERT_FILE": str(folder / "authorities.pem")}
        processor = Processor(lists.url, certificate=certified(DOMAIN, key_of("ec"), days=_these_days()))
        processor.status = "completed"  # when it is asked, on the next day
        lists.usual = processor.reply
        (folder / "authorities.pem").write_bytes(
            certified("authority", key_of("authority"), by="authority", days=_these_days()).public_bytes(Encoding.PEM)
        )
        around = Outside(recipient, lists, processor, club, bank)
        around.watch_orders(books)
        yield around


def _these_days() -> tuple[int, int]:
    """For the clock is the real one here."""
    since = (timezone.now() - NOW) // timedelta(days=1)
    return since - 1, since + 90
