"""Who asks for somebody else at intake: whose address is whose, and how old a child is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from requests_app.identifying import AGENTS
from requests_app.law import agents
from requests_app.law.agents import Requester
from requests_app.law.words import Right

if TYPE_CHECKING:
    from requests_app.services.intake import Intake


def faults(intake: Intake, on: date, errors: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with asking for somebody else: whose mailbox it is, and how old a child is."""
    if intake.requester is Requester.SELF:
        return {}
    found = _faults_of_person(intake)
    if intake.requester is Requester.EXECUTOR and Right.OPT_IN in intake.rights:
        found["rights"] = _("To opt in again is the person's own choice: nobody makes it for somebody who died.")
    if intake.requester is Requester.PARENT:
        found |= _faults_of_age(intake, on, errors)
    return found


def _faults_of_person(intake: Intake) -> dict[str, str]:
    """By what we know the person: never by the mailbox of an agent."""
    if intake.requester in AGENTS and intake.email.casefold() == intake.requester_email.casefold():
        return {
            "email": _(
                "This is the same address as yours. Please give the person's own address, or ask in the person's own"
                " name."
            )
        }
    if not intake.email and not intake.account_number:
        return {"email": _("Please give an e-mail address or an account number by which we know the person.")}
    return {}


def _faults_of_age(intake: Intake, on: date, errors: Mapping[str, str]) -> dict[str, str]:
    """A parent asks for a child below the age that the laws of every right asked for name (Civ. Code 1798.120(c))."""
    if intake.born_on is None:
        return {"born_on": _("Please give the child's date of birth.")}
    if errors.keys() & {"residence", "rights"}:
        return {}
    laws = {pack for right in intake.rights for pack in intake.organisation.laws_for(intake.residence, right, on)}
    why = agents.why_no_parent(sorted(laws, key=lambda pack: pack.slug), intake.born_on, on)
    return {"born_on": why.in_language(get_language() or intake.language)} if why else {}
