"""What the case page says and asks about identity: enough, not enough, or being checked; never which point failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from requests_app import guards
from requests_app.law.words import EvidenceKind, Route
from requests_app.models import Submission
from requests_app.services import identity
from requests_app.states import OPEN


class Standing(StrEnum):
    """How the proof of one submission stands."""

    ASKED = "asked"
    CHECKING = "checking"
    NOT_ENOUGH = "not_enough"
    ENOUGH = "enough"


@dataclass(frozen=True)
class Proof:
    """What is asked. ``declaration`` is the text to sign, empty where none is needed or it was signed already."""

    standing: Standing
    questions: dict[str, str]
    declaration: str

    @property
    def takes_answers(self) -> bool:
        """Whether there is something to answer or to sign now."""
        return self.standing != Standing.CHECKING and bool(self.questions or self.declaration)


def proof(submission: Submission) -> Proof | None:
    """How the proof stands; None where nothing has to be proved, such as for opt-outs, or nothing is open."""
    waiting = list(submission.cases.unproved())  # also where a question of ours interrupts the proof
    if not waiting:
        proved = submission.cases.filter(route=Route.FULL, state__in=OPEN).exists()
        return Proof(Standing.ENOUGH, {}, "") if proved else None
    signed = submission.evidence.filter(kind=EvidenceKind.DECLARATION).exists()
    wanted = not signed and any(guards.requirement(case).declaration for case in waiting)
    # The service appends the typed name to this very text.
    text = identity.DECLARATION[submission.language].format(name="").strip() if wanted else ""
    return Proof(_standing(submission), identity.questions(submission), text)


def _standing(submission: Submission) -> Standing:
    offered = submission.proofs_offered.all()
    if not offered:
        return Standing.ASKED
    return Standing.CHECKING if any(one.probed_at is None for one in offered) else Standing.NOT_ENOUGH
