"""The first step where somebody only decides: proof is asked for where a law of the case wants some, else none."""

from __future__ import annotations

from datetime import datetime

from requests_app import guards
from requests_app.events import EventKind
from requests_app.law.words import Degree
from requests_app.models import Case
from requests_app.roles import SYSTEM
from requests_app.services.history import change_state


def begin(case: Case, *, at: datetime) -> None:
    """Ask for proof, or begin with the decision."""
    if guards.requirement(case).degree > Degree.NONE:
        change_state(case, EventKind.ASK_PROOF, case.ask_proof, by=SYSTEM, at=at)
    else:
        change_state(case, EventKind.TAKE_UP, case.take_up, by=SYSTEM, at=at)
