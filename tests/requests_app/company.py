"""A company in memory: both sides of the ports, with people in its one system and workers that do as they are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists

from requests_app.guards import MoveShut
from requests_app.law.words import Degree, Right
from requests_app.models import Case
from requests_app.ports import Controller, CorrectableField, Doing, Foreseen, Matched, NoReceiver, Receiver, Told
from requests_app.rights import ANSWERED_WITH_DATA, BY_HAND_AT_ONCE
from requests_app.roles import Actor
from requests_app.services import closing, review
from requests_app.services.history import locked

TITLES = {
    "email": "E-mail address",
    "account_number": "Account number",
    "phone": "Telephone number",
    "postal_code": "Postal code",
    "birth_date": "Date of birth",
}
LICENCE = "D1234567"
FINDING = frozenset({"email", "account_number", "phone"})  # kinds by which its system is searched
SAM = {
    "email": "sam@example.com",
    "account_number": "A-1001",
    "phone": "415 555 0101",
    "postal_code": "94607",
    "birth_date": "1980-02-29",
}


class SourceDown(Exception):
    """The company's system does not answer."""


@dataclass
class Company:
    """What it holds, and what its workers still have to do."""

    people: list[Mapping[str, str]] = field(default_factory=lambda: [SAM])
    is_set_up: bool = True
    is_down: bool = False
    least_degree: Degree | None = None  # of the data in scope; None: not marked
    to_search: list[UUID] = field(default_factory=list)
    to_carry_out: list[UUID] = field(default_factory=list)
    kept_back: Counter[UUID] = field(default_factory=Counter)
    forgotten: list[UUID] = field(default_factory=list)
    left_to_do: set[UUID] = field(default_factory=set)
    hindrance: str = ""
    finds: bool = True
    meets_alike: bool = False
    grounds: tuple[str, ...] = ()
    with_nothing: tuple[str, ...] = ()
    draft: str = ""
    customers: tuple[Controller, ...] = ()
    registered: tuple[Receiver, ...] = ()
    ended: set[str] = field(default_factory=set)  # in the very moment in which somebody asks
    chosen: list[str] = field(default_factory=list)
    held: set[UUID] = field(default_factory=set)

    # Systems

    def are_known(self) -> bool:
        """Whether the one system was set up."""
        return self.is_set_up

    def probe(self, points: Mapping[str, str]) -> Matched:
        """The points that meet in the one person's record where most do."""
        if self.is_down:
            raise SourceDown(f"no answer for {points}")
        records = (self._meeting(person, points) for person in self.people)
        best = max(records, key=lambda kinds: (len(kinds), "email" in kinds), default=frozenset[str]())
        return Matched(best, best & FINDING)

    def source_titles(self) -> Mapping[str, str]:
        """Its one system."""
        return {"shop": "Shop"} if self.is_set_up else {}

    def data_degree(self, right: Right) -> Degree | None:
        """What the data is marked with."""
        return self.least_degree

    def correctable_fields(self, language: str) -> tuple[CorrectableField, ...]:
        """Three fields; two of them are asked as questions, too."""
        return (
            CorrectableField("shop.people.phone", TITLES["phone"], kind="phone"),
            CorrectableField("shop.people.birth_date", TITLES["birth_date"], kind="birth_date"),
            CorrectableField("shop.people.nickname", "Nickname"),
        )

    def confirmable_fields(self, language: str) -> tuple[CorrectableField, ...]:
        """One number that is never told."""
        return (CorrectableField("shop.people.licence", "Driver's licence number"),)

    def holds_value(self, case: Case, field: str, value: str) -> bool:
        """Whether it is the number that is held of everybody here."""
        if self.is_down:
            raise SourceDown(f"no answer for {value}")
        return value == LICENCE

    def controllers(self, language: str) -> tuple[Controller, ...]:
        """Its customers."""
        return self.customers

    def receivers(self) -> tuple[Receiver, ...]:
        """Those that were registered."""
        return self.registered

    def fault_of_paper(self, content: bytes, language: str) -> str:
        """It opens everything but what says that it is broken."""
        return "This file can't be opened." if b"broken" in content else ""

    def question_titles(self, language: str) -> Mapping[str, str]:
        """The fixed questions."""
        return TITLES

    # Work

    def gather(self, case: Case, *, at: datetime) -> None:
        """Have the shop searched."""
        self.to_search.append(case.pk)

    def choose_receiver(self, case: Case, key: str, *, by: Actor, at: datetime) -> None:
        """Note it."""
        if key in self.ended:
            raise NoReceiver
        self.chosen.append(key)

    def receiver_of(self, case: Case) -> str:
        """None: what was chosen is not noted by case."""
        return ""

    def open_sources(self, case: Case) -> tuple[str, ...]:
        """The shop, until it is searched."""
        return ("Shop",) if case.pk in self.to_search else ()

    def shut_because(self, case: Case, on: date) -> str:
        """Why what was found can't be carried out."""
        return self.hindrance

    def asks_which(self, case: Case) -> bool:
        """Whether there are records between which somebody decides."""
        return True

    def disclosed_to(self, field: str) -> tuple[str, ...]:
        """Whom it passes data on to in general."""
        return ("Northgate Parcel Inc.",)

    def grounds_of(self, case: Case) -> tuple[str, ...]:
        """The grounds on which a deletion would keep data."""
        return self.grounds

    def foreseen(self, case: Case) -> tuple[Foreseen, ...]:
        """Three records, of which the law wants two."""
        return (Foreseen("Shop", Doing.DELETE, 1), Foreseen("Shop", Doing.KEEP, 2, "ca_105d8_legal_obligation"))

    def is_held(self, case: Case, *, at: datetime) -> bool:
        """Whether a hold keeps something."""
        return case.pk in self.held

    def note_approval(self, case: Case, *, by: Actor, at: datetime) -> None:
        """Nothing is decided by an approval alone here."""

    def begun_because(self, case: Case) -> str:
        """Nothing is done in parts here."""
        return ""

    def stuck_in(self, case: Case) -> tuple[str, ...]:
        """Nothing fails here."""
        return ()

    def carry_out(self, case: Case, *, at: datetime) -> None:
        """Have the act done."""
        self.to_carry_out.append(case.pk)

    def restrict(self, case: Case) -> None:
        """No system of it restricts anybody."""

    def waits_for_a_person(self, case: Case) -> bool:
        """Of what holds at once its workers do the opt-outs of sale and of sensitive data."""
        return case.right_asked in BY_HAND_AT_ONCE

    def recipients_owed(self, case: Case, *, at: datetime) -> bool:
        """It passes data on to nobody."""
        return False

    def is_carried_out(self, case: Case) -> bool:
        """Whether nothing is left to do."""
        return case.pk not in self.left_to_do

    def nothing_found_in(self, case: Case) -> tuple[str, ...]:
        """The systems in which nothing was."""
        return self.with_nothing

    def anything_found(self, case: Case) -> bool:
        """Whether its system holds anything of the person."""
        return self.finds

    def looks_alike(self, case: Case) -> bool:
        """Whether a record that is not the person's looks like it."""
        return self.meets_alike

    def forget_content(self, case: Case) -> None:
        """Nothing of it is kept here."""
        self.forgotten.append(case.pk)

    def is_refused(self, case: Case) -> bool:
        """Nothing is decided part by part here."""
        return False

    def nothing_but_left_out(self, case: str) -> Exists:
        """Nothing is left out here."""
        return Exists(Case.objects.none())

    def rest_is_done(self, case: Case) -> bool:
        """All but what is kept back."""
        return True

    def is_not_held(self, case: Case) -> bool:
        """Nor is it here."""
        return False

    def withheld(self, case: Case) -> int:
        """How much is kept back."""
        return self.kept_back[case.pk]

    def account_of(self, case: Case, language: str) -> tuple[str, ...]:
        """One sentence."""
        return ("Shop: 3 records.",)

    def refusal_of(self, case: Case, language: str) -> Told:
        """Never asked for: nothing is refused here but by hand."""
        raise NotImplementedError

    def drafted_answer(self, case: Case) -> str:
        """What its systems know of who got data for their own marketing."""
        return self.draft if case.right_asked == Right.SHINE_THE_LIGHT else ""

    # The workers

    def work(self, at: datetime) -> bool:
        """Do what was asked for; False if there was nothing."""
        return any([*(self.search(at) for _ in list(self.to_search)), *(self.act(at) for _ in list(self.to_carry_out))])

    def search(self, at: datetime) -> bool:
        """Search the shop for the first case that waits."""
        case_id = self.to_search.pop(0)
        with transaction.atomic():
            review.source_done(locked(case_id), "shop", counts={"people": 1, "orders": 2}, at=at)
        return True

    def act(self, at: datetime) -> bool:
        """Carry out the first case that waits: released under the binding limit, or handed back."""
        case_id = self.to_carry_out.pop(0)
        try:
            with transaction.atomic():
                self.release(case_id, at)
        except MoveShut:
            with transaction.atomic():
                closing.hand_back(case_id, "limit_reached", at=at)
        return True

    @staticmethod
    def release(case_id: UUID, at: datetime) -> None:
        """What a worker does in its last transaction."""
        case = locked(case_id)
        if case.right_asked in BY_HAND_AT_ONCE:
            return
        if case.right_answered in ANSWERED_WITH_DATA:
            closing.check_release(case)
            closing.provided(case, at=at)
        closing.carried_out(case_id, at=at, recipients=0)

    @staticmethod
    def _meeting(person: Mapping[str, str], points: Mapping[str, str]) -> frozenset[str]:
        met = frozenset(kind for kind, value in points.items() if person.get(kind, "").casefold() == value.casefold())
        return met if met & FINDING else frozenset()
