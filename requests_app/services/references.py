"""References: what a request is called in letters, on pages and by telephone."""

from __future__ import annotations

import secrets

from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.services import codes

REFERENCE_LENGTH = 8


def new_reference() -> str:
    """A reference that nobody can guess, without letters that look alike."""
    return as_reference("".join(secrets.choice(codes.ALPHABET) for _place in range(REFERENCE_LENGTH)))


def as_reference(letters_only: str) -> str:
    """A reference as it is written."""
    return f"R-{letters_only[:4]}-{letters_only[4:]}"


def read_reference(typed: str) -> str:
    """A reference as it is written, from one as it was typed; empty if it is none."""
    found = "".join(letter for letter in typed.upper() if letter in codes.ALPHABET)
    is_whole = len(found.removeprefix("R")) == REFERENCE_LENGTH or len(found) == REFERENCE_LENGTH
    return as_reference(found[-REFERENCE_LENGTH:]) if is_whole else ""


def find(reference: str) -> Submission | None:
    """The submission of a reference as typed: case, spaces and dashes don't matter."""
    typed = "".join(letter for letter in reference.upper() if letter in codes.ALPHABET)
    written = as_reference(typed[-REFERENCE_LENGTH:])
    return Submission.objects.select_related("organisation", "subject").filter(reference=written).first()


def about_what(case: Case | None, typed: str, right: Right) -> str:
    """The request that an appeal or a complaint is about; whether there is such a one, a job finds out later."""
    if case is not None:
        return case.submission.reference
    return read_reference(typed) if right == Right.COMPLAINT else ""
