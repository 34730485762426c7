"""Who asks for somebody else."""

from __future__ import annotations

from requests_app.law.solving.questions import Keys, Question
from requests_app.law.words import LawError

NOTHING, PERMISSION, POWER = "nothing", "signed_permission", "power_of_attorney"


def agent(question: Question) -> Keys:
    """What may be asked of an agent and of the person, and whether the agent may be refused."""
    right = question.right()
    rule = question.pack.agent_rule(right, question.day_of(right))
    if rule is None:
        raise LawError(
            f"The pack of {question.pack.short_title} says nothing of agents for {right.label}: ask for another right.",
            question.pack.citation,
        )
    has = question.facts.word("agent_has", (NOTHING, PERMISSION, POWER))
    spared = has == POWER and rule.power_of_attorney_suffices
    if spared:
        question.because("A power of attorney is enough: neither the agent nor the person is asked for more.", rule)
    permission = rule.signed_permission and not spared
    confirmation = rule.identity_or_confirmation and not spared
    question.because(_sentence(permission=permission, confirmation=confirmation), rule)
    keys: Keys = {
        "may_require_signed_permission": permission,
        "may_require_consumer_verification_or_direct_confirmation": confirmation,
    }
    if has is not None:
        keys["may_deny"] = has == NOTHING and rule.may_refuse_without_permission
    demanded = _demanded(question, confirmation=confirmation)
    if demanded:
        keys["may_require"] = all(demanded)
    return keys


def _demanded(question: Question, *, confirmation: bool) -> list[bool]:
    """Whether each thing that was demanded may be: a power of attorney never."""
    demanded = []
    if question.facts.flag("power_of_attorney_demanded"):
        question.because("A power of attorney is enough where there is one, and may never be demanded.", question.pack)
        demanded.append(False)
    if question.facts.flag("direct_confirmation_demanded"):
        demanded.append(confirmation)
    return demanded


def _sentence(*, permission: bool, confirmation: bool) -> str:
    asked = ["the signed permission of the agent"] if permission else []
    if confirmation:
        asked.append("of the person either proof of identity or a confirmation of the permission")
    if not asked:
        return "Nothing more may be asked for."
    return f"May be asked for: {' and '.join(asked)}."
