"""What the rounds are played with: an access case, and acts that change data; Django must be up."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from exports.fulfil import hand_over
from exports.models import Act, Bundle, Corrected, ErasedIdentifier, ErasedRow, Telling, TellingWay
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Message, MessageState, OptIn, Suppression
from requests_app.services import closing as ending
from requests_app.services import identity, opting_in
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports import loyalty_cards
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import APPROVER, House, fresh
from tests.exports.sources.service import ORDERS
from tests.faults.outside import Outside

MORE_THAN_A_PART = 16  # rows of a service, which gives two at a time
TOKEN = re.compile(r"[0-9a-f]{16,}")
OPT_IN_CODE = re.compile(r"/opt-in/R-\S+/([2-9A-Z]{8})/")


@dataclass
class LivingHouse(House):
    """A house in which workers die; `before` holds the company's systems as they are where each round begins."""

    before: Path = Path()


@dataclass(frozen=True)
class Story:
    """One kind of case: how it comes to where every round begins, what people do, and what comes of it.

    What comes of it is beside events, letters and mails, which are compared for every story.
    """

    right: Right
    first_job: str  # of those that the rounds are about

    def begin(self, house: House, outside: Outside) -> Case:
        """Bring a case to where every round begins."""
        case = house.reviewing(self.right)
        house.move(case, "start_gathering")
        return case

    def go_on(self, house: House, case: Case) -> None:
        """What people do once the workers rest: approve, if it can be, for texts may have to be looked through."""
        if case.state == State.DECIDING:
            with suppress(MoveShut):
                house.move(case, "approve", APPROVER)

    def is_over(self, case: Case) -> bool:
        """Whether nobody has to do anything any more."""
        return bool(case.state == State.CLOSED)

    def noted_each_time(self) -> frozenset[str]:
        """Events of what people do again if nobody knows whether it was done; a second one is right."""
        return frozenset()

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        """What the person, the sources and the recipients have of it beside a bundle, by name."""
        return {}

    def bundle(self, house: House, case: Case, outside: Outside) -> bytes | None:
        """What the person, or a receiver, is given."""
        return None

    def faults(self, case: Case, outside: Outside) -> list[str]:
        """What must never be, however often something is repeated."""
        return []


class Answer(Story):
    """Data of the person's, gathered and handed over; some of it from a service, which is walked by its cursors."""

    def begin(self, house: House, outside: Outside) -> Case:
        outside.join_club()
        outside.club.orders = [
            {**ORDERS[0], "id": f"o{number}", "at": "2023-01-01"} for number in range(MORE_THAN_A_PART)
        ]
        return super().begin(house, outside)

    def bundle(self, house: House, case: Case, outside: Outside) -> bytes | None:
        return b"".join(hand_over.start_download(Bundle.objects.get(case=case), at=timezone.now()))


@dataclass(frozen=True)
class Change(Story):
    """An act on the sources: it begins with the approval, and its recipients are told by file, call and OpenDSR."""

    first_job: str = "carry_out"
    changes: Mapping[str, Any] = field(default_factory=dict)
    at_a_service: bool = False  # too: at the club's

    def begin(self, house: House, outside: Outside) -> Case:
        outside.register()
        if self.at_a_service:
            outside.join_club()
        return self.approved(house)

    def approved(self, house: House) -> Case:
        """The case, from here on the workers'."""
        case = house.deciding(self.right, **self.changes)
        house.move(case, "approve", APPROVER)
        return case

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        found = {f"told {one.recipient}": _how_told(one) for one in Telling.objects.filter(case=case)}
        for act in Act.objects.filter(case=case).select_related("source"):
            proof = {name: entry | {"keys": ""} for name, entry in act.proof.items()}  # under a key made that day
            found[f"act {act.source} {act.kind} {act.round}"] = json.dumps([proof, act.looked_again], sort_keys=True)
        found["replay list"] = f"{ErasedRow.objects.count()} rows, {ErasedIdentifier.objects.count()} identifiers"
        found["corrected"] = f"{Corrected.objects.count()} fields"
        in_force = Suppression.objects.in_force().values_list("right", "kind")
        found["opted out"] = str(sorted(in_force)) + f", {OptIn.objects.count()} opted in"
        found |= {f"instructions to {name}": str(count) for name, count in instructions().items()}
        found |= {f"{name}.{table}": rows for name in ("shop", "web_log") for table, rows in tables(house, name)}
        found["club"] = json.dumps([outside.club.members, outside.club.orders])
        return {name: text.encode() for name, text in found.items()}

    def faults(self, case: Case, outside: Outside) -> list[str]:
        """Whoever is told by a call got it, each time the same under the same key."""
        bodies = outside.bodies()
        tellings = Telling.objects.filter(case=case, way__in=(TellingWay.HTTP, TellingWay.OPENDSR))
        keys = {str(telling.request_id): telling.recipient for telling in tellings}
        never = [f"{name} was never called" for key, name in keys.items() if key not in bodies]
        changed = [f"{keys.get(key)} was told two things" for key, told in bodies.items() if len(told) > 1]
        if not all(outside.written_down):
            never.append("the club was ordered to delete before that was written down")
        # A case that is begun anew gives its instructions anew: of those that it has forgotten nobody may be left.
        return never + changed + ["an instruction that no row knows" for key in bodies if key not in keys]


class Shared(Change):
    """A deletion of rows of which some stay, because somebody else's point to them, too."""

    def begin(self, house: House, outside: Outside) -> Case:
        loyalty_cards.handed_out(house)
        return super().begin(house, outside)

    def faults(self, case: Case, outside: Outside) -> list[str]:
        """What stays is told as such, and does not go after a restore."""
        entry = Act.objects.get(case=case, source__slug="shop").proof["loyalty_cards"]
        told = (entry["rows"], entry.get("still_needed", 0))
        return super().faults(case, outside) + ([] if told == (1, 1) else [f"told of the cards: {told}"])


class AtOnce(Change):
    """What nobody approves: it is in force with the request."""

    def approved(self, house: House) -> Case:
        return house.file(self.right, **self.changes).cases.get()


class ByFlags(AtOnce):
    """What is in force at once, where a data map has flags for it."""

    flags: Mapping[Right, str] = {
        Right.WITHDRAW_CONSENT: "withdraw_consent: {marketing_email: false}",
        Right.OPT_IN: "opt_in: {sale_opt_out: false}",
    }

    def begin(self, house: House, outside: Outside) -> Case:
        there = "      limit_sensitive: {sensitive_limited: true}\n"
        load_anew("shop", there, f"{there}      {self.flags[self.right]}\n")
        return super().begin(house, outside)


class ByHand(AtOnce):
    """What no data map has flags for: a person does it and notes it."""

    def go_on(self, house: House, case: Case) -> None:
        if case.state == State.CARRYING_OUT and not case.hand_work.exists():
            house.move(case, "note_done", proof="Taken off the list of the newsletter.")


class OptingIn(ByFlags):
    """Opted out first; then the choice, and its second step with the code that was mailed."""

    def approved(self, house: House) -> Case:
        house.file(Right.OPT_OUT_SALE_SHARE)
        house.work()
        return super().approved(house)

    def go_on(self, house: House, case: Case) -> None:
        letter = case.messages.filter(letter=Letter.OPT_IN_CONFIRM, state=MessageState.ACCEPTED).first()
        if case.state == State.RECEIVED and letter is not None:
            code = OPT_IN_CODE.search(letter.text)
            assert code is not None
            assert opting_in.confirm(case.submission, code[1], at=timezone.now()), "the code opens nothing any more"

    def faults(self, case: Case, outside: Outside) -> list[str]:
        """Of the choice alone: those who were told of the opt-out before stand with another case."""
        asked = Message.objects.filter(case=case, letter=Letter.OPT_IN_CONFIRM).count()
        return super().faults(case, outside) + ([] if asked == 1 else [f"{asked} letters with a code"])


class Restricted(ByFlags):
    """A restriction: set in sources once the mailbox is confirmed, lifted there once the notice of its end is out."""

    flags = {Right.OBJECT: "restrict: {sensitive_limited: true}\n      lift_restriction: {sensitive_limited: false}"}

    def begin(self, house: House, outside: Outside) -> Case:
        for member in outside.club.members:
            member["restricted"] = False
        return super().begin(house, outside)

    def approved(self, house: House) -> Case:
        if self.at_a_service:
            at_the_club = "restrict: {restricted: true}, lift_restriction: {restricted: false}"
            load_anew("club", "suppress: {", f"suppress: {{{at_the_club}, ")
        case = super().approved(house)
        identity.note_mailbox(case.submission, at=timezone.now())
        return case

    def go_on(self, house: House, case: Case) -> None:
        """The person takes it back, once it is set wherever a map says how."""
        is_set = case.restrictions_in_sources.filter(is_set=True).count() == 1 + self.at_a_service
        if case.state == State.DECIDING and is_set:
            ending.withdraw(case.pk, at=timezone.now())

    def is_over(self, case: Case) -> bool:
        return super().is_over(case) and not case.is_restricted

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        told = case.restrictions_in_sources.values_list("source__slug", "is_set", "kinds", "rows")
        return super().holds(house, case, outside) | {"restrictions": str(list(told)).encode()}


class Answered(Change):
    """What a person decides and answers, and all recipients are told of."""

    def approved(self, house: House) -> Case:
        case = house.file(self.right, **self.changes).cases.get()
        identity.note_mailbox(case.submission, at=timezone.now())
        house.work()
        if fresh(case).state == State.VERIFYING:
            house.prove(case.submission)
        balancing = {"balancing": "Nothing outweighs it."} if self.right == Right.OBJECT else {}
        house.move(case, "write_answer", text="Done.", proof="Looked into it.", **balancing)
        house.move(case, "approve", APPROVER)
        return case


class DeletedInstead(Change):
    """A value that is emptied where a correction was asked for."""

    def approved(self, house: House) -> Case:
        case = house.deciding(self.right, **self.changes)
        decided = {"verdict": "deleted", "found": "1", "condition": "no_harm", "shown": "No order needs it."}
        house.move(case, "decide_correction", correction="1", reason="All was weighed.", **decided)
        house.move(case, "approve", APPROVER)
        return case


def _how_told(telling: Telling) -> str:
    confirmed = "confirmed" if telling.confirmed_at else "not confirmed"
    return f"{telling.state} by {telling.way}, {len(telling.receipts)} receipts, {confirmed}"


def instructions() -> Counter[str]:
    """How many instructions lie for each recipient; one that a day later stands in a second file is one."""
    given = defaultdict(set)
    for path in Path(settings.DATA_DIR).glob("recipients/*/*.jsonl"):
        _first, *lines = path.read_text().splitlines()
        given[path.parent.name] |= {json.loads(line)["id"] for line in lines}
    return Counter({name: len(ids) for name, ids in given.items()})


def tables(house: LivingHouse, name: str) -> list[tuple[str, str]]:
    """Every table of a system with what differs there from where the round began; a random token is any token.

    The database compares, row by row: Python would need three times as long as the rest of a round.
    """
    with closing(sqlite3.connect(house.database(name))) as connection:
        connection.execute("ATTACH ? AS before", [str(house.before / f"{name}.sqlite3")])
        found = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name")
        return [(table, _differs(connection, table)) for (table,) in found.fetchall()]


def _differs(connection: sqlite3.Connection, table: str) -> str:
    """The rows that are gone, by their numbers, and those that are new or hold something else."""
    columns = [column for _number, column, *_more in connection.execute(f'PRAGMA main.table_info("{table}")')]
    both = f'main."{table}" AS now LEFT JOIN before."{table}" AS old ON now.rowid = old.rowid'
    changed = " OR ".join(f'now."{column}" IS NOT old."{column}"' for column in columns)
    now = connection.execute(f"SELECT now.* FROM {both} WHERE old.rowid IS NULL OR {changed}").fetchall()
    numbers = f'SELECT rowid FROM before."{table}" EXCEPT SELECT rowid FROM main."{table}" ORDER BY 1'
    told = sorted(repr([_untold(value) for value in row] if "[deleted]" in row else row) for row in now)
    return f"{connection.execute(numbers).fetchall()} {told}"


def _untold(value: object) -> object:
    """Of a de-identified row: what stands for a token, which is another one each time."""
    return "a token" if isinstance(value, str) and TOKEN.fullmatch(value) else value
