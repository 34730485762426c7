"""What follows when somebody's identity could not be verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from requests_app.law import exemptions, identity
from requests_app.law.solving.questions import Keys, Question
from requests_app.law.wording import spell_date
from requests_app.law.words import Degree, Ground, ProvisionKind, RefusalPart, Right

DEGREES = {degree.name.lower(): degree for degree in Degree}
VERIFIED = {"no": Degree.NONE, "yes": Degree.REASONABLY_HIGH}
SPECIFIC = frozenset({Right.KNOW_SPECIFIC, Right.PORTABILITY})
FRAUD = "documented_fraud_belief"


@dataclass(frozen=True)
class Outcome:
    """How far verification came: whether the degree was missed, and as what the request is looked at instead."""

    failed: bool
    instead: Right | None
    shown_instead: bool


def failed_verification(question: Question) -> Keys:
    """What is still disclosed, whether the request may be denied, and what the person is told."""
    right = question.right()
    on = question.day_of(right)
    fraud = _fraud(question, right, on)
    if _needed(question, right, on) is Degree.NONE:
        question.because("Such a request is not verified, and can't fail at it.", question.pack.degree_rule(right, on))
        return {"may_deny": fraud, "inform_cannot_verify": False, "explanation_required": fraud}
    outcome = _outcome(question, right, on)
    may_deny = fraud or (outcome.failed and not outcome.shown_instead and _is_ground(question, right, on))
    keys: Keys = {
        "may_deny": may_deny,
        "inform_cannot_verify": outcome.failed,
        "explanation_required": may_deny,
        "point_to_privacy_policy": may_deny and _names_policy(question, outcome.instead or right, on),
    }
    if outcome.instead:
        keys["reevaluate_as"] = question.pack.given(outcome.instead, on).slugs[0]
    return keys | _disclosed(question, right, on, outcome) | _after_the_period(question, right, outcome)


def _outcome(question: Question, right: Right, on: date) -> Outcome:
    reached, needed = _reached(question), _needed(question, right, on)
    rule = question.pack.degree_rule(right, on)
    if reached >= needed:
        question.because(f"The degree {_spelt(needed)} is needed, and was reached.", rule)
        return Outcome(failed=False, instead=None, shown_instead=False)
    question.because(f"The degree {_spelt(needed)} is needed and was not reached: the person is told so.", rule)
    instead = identity.falls_back_to([question.pack], right, on=on)
    if instead is None:
        return Outcome(failed=True, instead=None, shown_instead=False)
    question.because(
        f"It is then looked at as {instead.label}, for which {_spelt(_needed(question, instead, on))} is enough.",
        question.pack.given(right, on),
        question.pack.degree_rule(instead, on),
    )
    return Outcome(failed=True, instead=instead, shown_instead=reached >= _needed(question, instead, on))


def _reached(question: Question) -> Degree:
    degree = question.facts.word("verified_degree", DEGREES)
    verified = question.facts.word("verified", VERIFIED)
    if degree is not None:
        return DEGREES[degree]
    if verified is None:
        question.because("No degree is told: none is taken as reached.")
    return VERIFIED[verified or "no"]


def _needed(question: Question, right: Right, on: date) -> Degree:
    return identity.required([question.pack], right, on=on, data_degree=None).degree


def _disclosed(question: Question, right: Right, on: date, outcome: Outcome) -> Keys:
    """Which of a request to know is disclosed."""
    keys: Keys = {}
    if right in SPECIFIC:
        keys["disclose_specific_pieces"] = not outcome.failed
    if right is Right.KNOW_CATEGORIES or outcome.instead is Right.KNOW_CATEGORIES:
        keys["disclose_categories"] = outcome.shown_instead or not outcome.failed
    elif right is Right.KNOW_SPECIFIC and question.pack.gives(Right.KNOW_CATEGORIES, on):
        keys["disclose_categories"] = not outcome.failed
    return keys


def _is_ground(question: Question, right: Right, on: date) -> bool:
    """Whether the law lets a request be denied because identity was not verified."""
    for item in exemptions.fitting([question.pack], right, on):
        if item.ground is Ground.NOT_VERIFIED:
            question.because(f"Not verified is a ground to deny it: {item.code}.", item)
            return True
    return False


def _fraud(question: Question, right: Right, on: date) -> bool:
    """Whether a documented belief in fraud lets the request be denied, with an explanation."""
    if not question.facts.flag(FRAUD):
        return False
    for item in exemptions.fitting([question.pack], right, on):
        if FRAUD in item.conditions:
            question.because(
                f"Fraud, believed in good faith and documented, is a ground: {item.code}. Explain it.", item
            )
            return True
    return False


def _names_policy(question: Question, right: Right, on: date) -> bool:
    for text in question.pack.refusal_texts_for(right, on):
        if text.part is RefusalPart.PRIVACY_POLICY:
            question.because("Denied, the person is pointed to the privacy policy.", text)
            return True
    return False


def _after_the_period(question: Question, right: Right, outcome: Outcome) -> Keys:
    """The end of the first period, from when on a request that could not be verified may be denied for that."""
    received_on = question.facts.day_or_none("received_on")
    as_of = question.facts.day_after("as_of", "received_on")
    owed = question.to_answer(right, received_on) if received_on else None
    if owed is None:
        return {}
    question.explain(owed)
    rule = question.provision(ProvisionKind.REFUSED_IF_UNVERIFIED, right, owed.working.start)
    if rule is None or as_of is None:
        return {"due": owed.due_on}
    due = spell_date(owed.due_on, "en")
    question.because(f"Who can't be verified within the period may be denied when it ends, on {due}.", rule)
    return {"due": owed.due_on, "may_deny_for_not_verified": outcome.failed and as_of >= owed.due_on}


def _spelt(degree: Degree) -> str:
    return degree.name.lower().replace("_", " ")
