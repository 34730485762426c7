"""The smallest company that a portal can stand in front of: two fields to correct, two questions, no systems."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from requests_app.law.words import Degree, Right
from requests_app.models import Case
from requests_app.ports import CorrectableField, Matched, Receiver
from requests_app.roles import Actor

QUESTIONS = {
    "email": {"en": "E-mail address", "es": "Correo electrónico"},
    "account_number": {"en": "Account number", "es": "Número de cuenta"},
    "postal_code": {"en": "Postal code of your address", "es": "Código postal de su domicilio"},
    "phone": {"en": "Telephone number", "es": "Número de teléfono"},
}


class SmallCompany:
    """Both sides of the ports: answers questions about systems, and does no work."""

    def __init__(self) -> None:
        self.registered: tuple[Receiver, ...] = ()
        self.chosen: list[str] = []

    def probe(self, points: Mapping[str, str]) -> Matched:
        """Everything matches."""
        return Matched(frozenset(points), frozenset(points))

    def data_degree(self, right: Right) -> Degree | None:
        """Nothing is marked: the highest."""
        return None

    def correctable_fields(self, language: str) -> tuple[CorrectableField, ...]:
        """Two fields; one of them is a day."""
        phone = {"en": "Telephone number", "es": "Número de teléfono"}[language]
        born = {"en": "Date of birth", "es": "Fecha de nacimiento"}[language]
        return (
            CorrectableField("shop.customers.phone", phone),
            CorrectableField("shop.customers.born", born, kind="birth_date"),
        )

    def receivers(self) -> tuple[Receiver, ...]:
        """Those that were registered."""
        return self.registered

    def choose_receiver(self, case: Case, key: str, *, by: Actor, at: datetime) -> None:
        """Note it."""
        self.chosen.append(key)

    def confirmable_fields(self, language: str) -> tuple[CorrectableField, ...]:
        """One number that is never told."""
        title = {"en": "Driver's licence number", "es": "Número de licencia"}[language]
        return (CorrectableField("shop.customers.licence", title),)

    def fault_of_paper(self, content: bytes, language: str) -> str:
        """It opens everything but what says that it is broken."""
        return "This file can't be opened." if b"broken" in content else ""

    def question_titles(self, language: str) -> Mapping[str, str]:
        """The fixed questions."""
        return {kind: titles[language] for kind, titles in QUESTIONS.items()}

    def gather(self, case: Case, *, at: datetime) -> None:
        """Nothing to search."""

    def open_sources(self, case: Case) -> tuple[str, ...]:
        """Nothing to wait for."""
        return ()

    def shut_because(self, case: Case) -> str:
        """Nothing is in the way."""
        return ""

    def grounds_of(self, case: Case) -> tuple[str, ...]:
        """Nothing is kept."""
        return ()

    def begun_because(self, case: Case) -> str:
        """Nothing is done in parts here."""
        return ""

    def restrict(self, case: Case) -> None:
        """No system of it restricts anybody."""

    def stuck_in(self, case: Case) -> tuple[str, ...]:
        """Nothing fails here."""
        return ()

    def carry_out(self, case: Case, *, at: datetime) -> None:
        """Nothing to do."""

    def is_carried_out(self, case: Case) -> bool:
        """Nothing is left to do."""
        return True

    def withheld(self, case: Case) -> int:
        """Nothing is kept back."""
        return 0

    def account_of(self, case: Case, language: str) -> tuple[str, ...]:
        """One sentence."""
        return ("Nothing was found.",)
