"""Answers situations in words of facts with the law layer: deadlines, identity, limits, grounds, records, signals."""

from requests_app.law.solving.facts import FactError
from requests_app.law.solving.kinds import KINDS
from requests_app.law.solving.situations import Solved, solve, solve_all

__all__ = ["KINDS", "FactError", "Solved", "solve", "solve_all"]
