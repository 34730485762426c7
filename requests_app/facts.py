"""Codes in the facts of events as words: what the desk's history and the case report say alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext_lazy

from requests_app.law import packs
from requests_app.law.agents import Requester
from requests_app.law.words import DutyKind, Right, Sureness
from requests_app.models import Channel, HoldKind, LimitChoice, Routine
from requests_app.states import Outcome

DUTY_LABELS = {
    DutyKind.ACKNOWLEDGE: gettext_lazy("Acknowledge receipt"),
    DutyKind.ANSWER: gettext_lazy("Answer"),
    DutyKind.OPT_OUT_DONE: gettext_lazy("Carry the opt-out out"),
    DutyKind.RECIPIENTS_TOLD: gettext_lazy("Tell recipients"),
    DutyKind.RESTRICTED: gettext_lazy("Restrict the use"),
    DutyKind.OPT_OUT_OFFERED: gettext_lazy("Offer the opt-out"),
}
SURENESS_LABELS = {
    Sureness.VERIFIED: gettext_lazy("verified"),
    Sureness.COMMENTARY: gettext_lazy("from commentary"),
    Sureness.INTERPRETATION: gettext_lazy("our reading"),
    Sureness.FROM_MEMORY: gettext_lazy("from memory"),
}
REQUESTERS = {
    Requester.SELF: gettext_lazy("the person"),
    Requester.AGENT: gettext_lazy("an agent"),
    Requester.ATTORNEY: gettext_lazy("an agent under a power of attorney"),
    Requester.PARENT: gettext_lazy("a parent"),
    Requester.GUARDIAN: gettext_lazy("a guardian"),
    Requester.EXECUTOR: gettext_lazy("an executor"),
}
# Codes that are words of the law or of the house already.
SPACED = frozenset({"act", "because", "degree", "how", "letter", "paper", "reopened_for", "review", "seen", "step"})


def in_words(name: str, code: str) -> str:
    """The value of a fact in words; what is no code that this release knows stays as it is."""
    if name in _WORDS:
        return _WORDS[name](code) or code
    return code.replace("_", " ") if name in SPACED else code


def _right(code: str) -> str:
    return Right(code).label if code in list(Right) else ""


def _law(code: str) -> str:
    pack = packs.all_packs().get(code)
    return str(pack.short_title) if pack else ""


def _ground(code: str) -> str:
    """A ground's title; any law's, since an event keeps the code alone."""
    grounds = (ground for pack in packs.all_packs().values() for ground in pack.exemptions)
    return next((str(ground.title) for ground in grounds if ground.code == code), "")


_WORDS: Mapping[str, Callable[[str], str]] = {
    "right": _right,
    "answered_as": _right,
    "law": _law,
    "laws": _law,
    "code": _ground,
    "duty": lambda code: str(DUTY_LABELS[DutyKind(code)]) if code in list(DutyKind) else "",
    "requester": lambda code: str(REQUESTERS[Requester(code)]) if code in list(Requester) else "",
    "outcome": lambda code: str(Outcome(code).label) if code in Outcome.values else "",
    "choice": lambda code: str(LimitChoice(code).label) if code in LimitChoice.values else "",
    "hold_kind": lambda code: str(HoldKind(code).label) if code in HoldKind.values else "",
    "rule": lambda code: str(Routine(code).label) if code in Routine.values else "",
    "channel": lambda code: str(Channel(code).label) if code in Channel.values else "",
}
