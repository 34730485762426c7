"""A recipient with a service of its own: a real web server on this machine, and a register that names it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import yaml

from exports.models import DataMapVersion, DataSource
from tests.exports.fulfil.web_server import Call, Reply, answering
from tests.exports.house import NOW

KEY = "a key that the recipient holds, too: 0123456789"
LISTED = "LO-100001"  # whose address finds nothing in the shop but the account


@dataclass
class Recipient:
    """What came, and what is answered: ``answers`` in turn, then what ``usual`` says."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[Reply] = field(default_factory=list)
    usual: Callable[[Call], Reply] = lambda _call: (200, {}, b'{"id": "theirs-1"}')


@contextmanager
def serving() -> Iterator[Recipient]:
    """The recipient's server, in a thread."""
    recipient = Recipient()

    def answer(call: Call) -> Reply:
        recipient.calls.append(call)
        return recipient.answers.pop(0) if recipient.answers else recipient.usual(call)

    with answering(answer) as address:
        recipient.url = f"{address}/privacy"
        yield recipient


def told_by(name: str, tell: dict[str, object]) -> None:
    """The registers say from now on that this recipient is told so."""
    for source in DataSource.objects.all():
        data_map = yaml.safe_load(source.map_version.text)
        entries = [entry for entry in data_map["recipients"] if entry["name"] == name]
        for entry in entries:
            entry["tell"] = json.loads(json.dumps(tell))
        if entries:
            source.map_version = DataMapVersion.accept(yaml.safe_dump(data_map, allow_unicode=True), at=NOW)
            source.save()


def gives_the_address() -> None:
    """The shop's map says from now on that a customer's record gives its address."""
    source = DataSource.objects.get(slug="shop")
    data_map = yaml.safe_load(source.map_version.text)
    (customers,) = (entry for entry in data_map["collections"] if entry["name"] == "customers")
    customers["gives"] = [{"kind": "email", "column": "email"}]
    source.map_version = DataMapVersion.accept(yaml.safe_dump(data_map, allow_unicode=True), at=NOW)
    source.save()
