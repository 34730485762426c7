"""What may and must be asked of who makes a request, to know who that is."""

from __future__ import annotations

from datetime import date

from requests_app.law import identity
from requests_app.law.solving.questions import Keys, Question
from requests_app.law.values import DegreeRule
from requests_app.law.words import Degree, ProvisionKind, Right

RISKS = {"low": Degree.REASONABLE, "high": Degree.REASONABLY_HIGH}
DATA = {"browsing_history": Degree.REASONABLE, "family_photographs": Degree.REASONABLY_HIGH}
NOTARY = "notarised_affidavit"
SIGNAL = "gpc_signal"


def verification(question: Question) -> Keys:
    """What the law makes, lets and forbids to ask before such a request is carried out."""
    right = question.right()
    on = question.day_of(right)
    rule = question.pack.degree_rule(right, on)
    if rule.degree is Degree.NONE:
        question.because("Proof of identity may not be demanded: only what is needed to find the person.", rule)
        keys = _unverified(question, right, on)
    else:
        keys = _how_certain(question, right, on, rule) | _signed_in(question, right, on, rule)
    return (
        keys | _contested(question, right, on) | _demanded(question, right, on, rule) | _accounts(question, right, on)
    )


def _unverified(question: Question, right: Right, on: date) -> Keys:
    keys: Keys = {
        "verification_required": False,
        "may_require_verification": False,
        "may_ask_identifying_info_needed_to_act": True,
        "reauthentication_required": False,
        "further_verification_required": False,
        "may_fulfil_now": True,
    }
    nothing = question.provision(ProvisionKind.SIGNAL_ASKS_NOTHING, right, on)
    if nothing and question.facts.word("channel") == SIGNAL:
        question.because("A signal is obeyed without more information.", nothing)
        keys |= {"may_ask_identifying_info_needed_to_act": False, "may_require_more_information": False}
    return keys


def _how_certain(question: Question, right: Right, on: date, rule: DegreeRule) -> Keys:
    """Whether identity is verified, to which degree, and what reaches that for somebody without an account."""
    doubts = question.facts.flag("suspected_fraud")
    keys: Keys = {"may_ask_identifying_info_needed_to_act": True}
    if rule.on_doubt_only:
        question.because("Proof of identity may be asked for on reasonable doubts only.", rule)
        return keys if doubts is None else keys | {"verification_required": doubts, "may_require_verification": doubts}
    needed = identity.required([question.pack], right, on=on, data_degree=_degree_of_data(question, rule))
    question.because(f"Identity is verified to the degree {_spelt(needed.degree)}.", *needed.citations)
    keys |= {"verification_required": True, "may_require_verification": True, "degree": needed.degree.name.lower()}
    if _has_account(question):
        return keys
    question.because(
        f"Without an account that is {needed.data_points} matching data points"
        f"{' and a signed declaration, which is kept' if needed.declaration else ''}.",
        *needed.citations,
    )
    return keys | {
        "data_points": needed.data_points,
        "signed_declaration": needed.declaration,
        "keep_declaration": needed.declaration,
    }


def _degree_of_data(question: Question, rule: DegreeRule) -> Degree | None:
    """What the data and the harm ask for, where the law leaves the degree to them; None: not known, so the highest."""
    risk = question.facts.word("risk_of_harm", RISKS)
    data = question.facts.word("data")
    told = [RISKS[risk]] if risk else []
    if data in DATA:
        told.append(DATA[data])
    if rule.degree is None and not told:
        question.because("How sensitive the data is, is not told: the highest degree is taken.", rule)
    return max(told, default=None)


def _signed_in(question: Question, right: Right, on: date, rule: DegreeRule) -> Keys:
    """What an account shows; and what is done where fraud is suspected."""
    facts = question.facts
    fraud = facts.flag("suspected_fraud")
    keys: Keys = {}
    if fraud is not None:
        keys["further_verification_required"] = fraud
    if fraud:
        question.because("Where fraud is suspected, identity is verified further before anything is done.", rule)
        keys["may_fulfil_now"] = False
    account = [item for item in question.pack.evidence if item.account and item.holds(on)]
    if account and _has_account(question):
        question.because("An account's own sign-in is enough, unless fraud is suspected.", account[0])
        keys["existing_authentication_sufficient"] = not fraud
        again = question.provision(ProvisionKind.SIGN_IN_AGAIN, right, on)
        if again:
            question.because("The person signs in again before anything is disclosed or changed.", again)
            keys["reauthentication_required"] = True
    return keys


def _contested(question: Question, right: Right, on: date) -> Keys:
    field = question.facts.word("contested_field")
    if field is None:
        return {}
    return {"excluded_identifiers": sorted(identity.may_not_prove([question.pack], right, on=on, contested=[field]))}


def _demanded(question: Question, right: Right, on: date, rule: DegreeRule) -> Keys:
    """Whether what was demanded may be, where the law says."""
    answers = [_document(question, right, on, rule), _confirmation(question, right, on, rule)]
    known = [answer for answer in answers if answer is not None]
    return {"may_require": all(known)} if known else {}


def _document(question: Question, right: Right, on: date, rule: DegreeRule) -> bool | None:
    document = question.facts.word("asked_document")
    if document is None:
        return None
    if rule.degree is Degree.NONE:
        return False
    paid = question.provision(ProvisionKind.NOTARY_IF_PAID, right, on)
    if document == NOTARY and paid:
        question.because("A notary may be demanded only by a business that pays for it.", paid)
        return bool(question.facts.flag("business_reimburses"))
    if rule.on_doubt_only and question.facts.flag("suspected_fraud") is False:
        return False
    question.because("The law names no such document: never ask for more than is needed.", rule)
    return None


def _confirmation(question: Question, right: Right, on: date, rule: DegreeRule) -> bool | None:
    if not question.facts.flag("email_confirmation_demanded"):
        return None
    steps = question.provision(ProvisionKind.TWO_STEPS, right, on)
    if steps:
        question.because("Such a request may be asked for and confirmed in two steps.", steps)
        return True
    if rule.degree is Degree.NONE:
        question.because("Such a request may not wait for a click in a confirmation e-mail.", rule)
        return False
    return None


def _accounts(question: Question, right: Right, on: date) -> Keys:
    """Whether an account may be demanded: a new one, or the one that there is."""
    none_new = question.provision(ProvisionKind.NO_NEW_ACCOUNT, right, on)
    if none_new is None:
        return {}
    question.because("Nobody must open an account to make a request.", none_new)
    keys: Keys = {"may_require_new_account": False}
    through_account = question.provision(ProvisionKind.EXISTING_ACCOUNT, right, on)
    has_account = _has_account(question)
    if through_account and has_account is not None:
        question.because("Who has an account may be made to ask through it.", through_account)
        keys["may_require_existing_account"] = has_account
    elif through_account is None and question.pack.degree_rule(right, on).degree is Degree.NONE:
        question.because("Such a request may be made without an account by those who have one, too.", none_new)
        keys["may_require_existing_account"] = False
    return keys


def _has_account(question: Question) -> bool | None:
    """Whether the person has an account; who is signed in has one, though nothing else tells."""
    return True if question.facts.flag("logged_in") else question.facts.flag("has_account")


def _spelt(degree: Degree) -> str:
    return degree.name.lower().replace("_", " ")
