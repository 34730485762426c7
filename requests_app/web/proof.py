"""What the case page says and asks about identity: enough, not enough, being checked, and never which point failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from requests_app.law.words import Route
from requests_app.models import Submission
from requests_app.services import identity
from requests_app.states import OPEN


class Standing(StrEnum):
    """How the proof of one submission stands."""

    ASKED = "asked"
    CHECKING = "checking"
    NOT_ENOUGH = "not_enough"
    NOT_COMPARED = "not_compared"
    NOTHING_TO_ASK = "nothing_to_ask"
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


def proof(submission: Submission, language: str) -> Proof | None:
    """How the proof stands; None where nothing has to be proved, such as for opt-outs, or nothing is open."""
    if not submission.cases.unproved().exists():  # they are also where a question of ours interrupts the proof
        was_proved = Q(route=Route.FULL) | Q(route=Route.DECIDE_ONLY, proved_by__isnull=False)
        proved = submission.cases.filter(was_proved, state__in=OPEN).exists()
        return Proof(Standing.ENOUGH, {}, "") if proved else None
    if submission.for_another and not identity.has_questions(submission):
        return None  # what is missing then stands beside it: a paper, or the person's own word
    # The service appends the typed name to this very text.
    text = identity.declaration(submission) if identity.wants_declaration(submission) else ""
    return Proof(_standing(submission), identity.questions(submission, language), text)


def _standing(submission: Submission) -> Standing:
    offered = list(submission.proofs_offered.all())
    if any(one.probed_at is None for one in offered):
        return Standing.CHECKING
    if not identity.has_questions(submission):
        return Standing.NOTHING_TO_ASK
    answers = [one for one in offered if not one.by_itself]
    if not answers:
        return Standing.ASKED
    return Standing.NOT_COMPARED if answers[-1].matched_points is None else Standing.NOT_ENOUGH
