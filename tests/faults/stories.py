"""What the rounds are played with: an access case, and each kind of act that changes data; Django must be up."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from exports.models import Act, ErasedIdentifier, ErasedRow, Telling, TellingWay
from requests_app.law.words import Right
from requests_app.models import Case
from tests.exports.fulfil.recipient import Recipient, told_by
from tests.exports.house import APPROVER, House, files_of

TOLD_WHEN_MADE = {"manifest.json", "manifest.sig", "index.html", "README.txt"}
BY_CALL = ("Cardinal Pay Inc.", "Brightpath Media LLC")  # the others find it in their file of the day
TOKEN = re.compile(r"[0-9a-f]{16,}")
KEY_VARIABLE = "FAULTS_KEY"


@dataclass(frozen=True)
class Story:
    """One kind of case: how it comes to where every round begins, and what comes of it beside events and letters."""

    right: Right
    first_job: str  # of those that the rounds are about
    changes: Mapping[str, str] = field(default_factory=dict)

    def begin(self, house: House, recipient: Recipient) -> Case:
        """Bring a case to where every round begins."""
        case = house.reviewing(self.right)
        house.move(case, "start_gathering")
        return case

    def holds(self, house: House, case: Case) -> dict[str, bytes]:
        """What the person, the sources and the recipients have of it, by name."""
        return {name: content for name, content in files_of(case).items() if name not in TOLD_WHEN_MADE}

    def faults(self, case: Case, recipient: Recipient) -> list[str]:
        """What must never be, however often something is repeated."""
        return []


class Change(Story):
    """An act on the sources: it begins with the approval, and its recipients are told by file and by call."""

    def begin(self, house: House, recipient: Recipient) -> Case:
        for name in BY_CALL:
            told_by(name, {"http": {"url": recipient.url, "key_env": KEY_VARIABLE}})
        if self.right == Right.OPT_OUT_SALE_SHARE:  # nobody approves it
            return house.file(self.right).cases.get()
        case = house.deciding(self.right, **self.changes)
        house.move(case, "approve", APPROVER)
        return case

    def holds(self, house: House, case: Case) -> dict[str, bytes]:
        tellings = Telling.objects.filter(case=case).values_list("recipient", "state", "way")
        found = {f"told {name}": f"{state} by {way}" for name, state, way in tellings}
        for act in Act.objects.filter(case=case).select_related("source"):
            proof = {name: entry | {"keys": ""} for name, entry in act.proof.items()}  # under a key made that day
            found[f"act {act.source} {act.kind} {act.round}"] = json.dumps([proof, act.looked_again], sort_keys=True)
        found["replay list"] = f"{ErasedRow.objects.count()} rows, {ErasedIdentifier.objects.count()} identifiers"
        found |= {f"instructions to {name}": str(count) for name, count in _instructions().items()}
        found |= {f"{name}.{table}": rows for name in ("shop", "web_log") for table, rows in _tables(house, name)}
        return {name: text.encode() for name, text in found.items()}

    def faults(self, case: Case, recipient: Recipient) -> list[str]:
        """Whoever is told by a call got it, each time the same under the same key."""
        bodies = defaultdict(set)
        for call in recipient.calls:
            bodies[call.headers["idempotency-key"]].add(call.body)
        tellings = Telling.objects.filter(case=case, way=TellingWay.HTTP)
        keys = {f'"{telling.request_id}"': telling.recipient for telling in tellings}
        never = [f"{name} was never called" for key, name in keys.items() if key not in bodies]
        changed = [f"{keys.get(key)} was told two things" for key, told in bodies.items() if len(told) > 1]
        # A case that is begun anew gives its instructions anew: of those that it has forgotten nobody may be left.
        return never + changed + ["an instruction that no row knows" for key in bodies if key not in keys]


PHONE = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}
STORIES: Mapping[str, Story] = {
    "access": Story(Right.KNOW_SPECIFIC, "gather_source"),
    "delete": Change(Right.DELETE, "carry_out"),
    "correct": Change(Right.CORRECT, "carry_out", PHONE),
    "opt_out": Change(Right.OPT_OUT_SALE_SHARE, "carry_out"),
}


def _instructions() -> Counter[str]:
    """How many instructions lie for each recipient; one that a day later stands in a second file is one."""
    given = defaultdict(set)
    for path in Path(settings.DATA_DIR).glob("recipients/*/*.jsonl"):
        _first, *lines = path.read_text().splitlines()
        given[path.parent.name] |= {json.loads(line)["id"] for line in lines}
    return Counter({name: len(ids) for name, ids in given.items()})


def _tables(house: House, name: str) -> list[tuple[str, str]]:
    """Every table of a system with a digest of all its rows, whatever their order; a random token is any token."""
    tables = house.sql(name, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [(str(table), _digest(house.sql(name, f"SELECT * FROM {table}"))) for (table,) in tables]


def _digest(rows: list[tuple[object, ...]]) -> str:
    told = sorted(repr([_untold(value) for value in row] if "[deleted]" in row else row) for row in rows)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _untold(value: object) -> object:
    """Of a de-identified row: what stands for a token, which is another one each time."""
    return "a token" if isinstance(value, str) and TOKEN.fullmatch(value) else value
