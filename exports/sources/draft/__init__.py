"""A data map proposed from the schema of a database: what it can know is filled in, what it can't is asked."""

from __future__ import annotations

from exports.sources.draft.guesses import Guess, guess
from exports.sources.draft.text import draft

__all__ = ["Guess", "draft", "guess"]
