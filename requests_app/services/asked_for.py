"""What is asked for by name: the rights of these slugs, and why a right or a day of receipt can't be taken.

Called by intake, and by the doors for what they can't hand to it: a fault has one sentence, with its rule, everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from requests_app.law import packs
from requests_app.law.wording import spell_citation, spell_date
from requests_app.law.words import Right
from requests_app.models import Organisation
from requests_app.residence import is_residence

if TYPE_CHECKING:
    from requests_app.services.intake import Intake

MOST_SHOWN = 40  # letters of a slug that nobody knows


def rights_named(slugs: Iterable[str]) -> tuple[tuple[Right, ...], tuple[str, ...]]:
    """The rights of these slugs, and those slugs that are of none."""
    named = tuple(slugs)
    known = frozenset(Right)
    return tuple(Right(slug) for slug in named if slug in known), tuple(slug for slug in named if slug not in known)


def not_offered(intake: Intake, offered: Collection[Right], on: date) -> str:
    """With the rule that says so; in the law's own words for staff, who may have mistyped the day."""
    missing = [right for right in intake.rights if right not in offered]
    reasons = [packs.why_not_given(intake.residence, right, on) for right in missing]
    sentence = _("One of these rights is not offered where you live.")
    if intake.unknown_rights:
        cited = _laws_of(intake.organisation, intake.residence, on) | {reason.citation for reason in reasons}
        return _with_rules(f"{sentence} {_no_such(intake.unknown_rights)}", cited)
    for right in missing:
        if laws := intake.organisation.laws_for(intake.residence, right, on):
            return _not_our_choice(laws[0].given(right, on).citation)
    later = [first for right in missing if (first := packs.given_from(intake.residence, right, on))]
    if intake.received_on is not None:
        return " ".join([sentence, *map(str, reasons)])
    if len(later) == len(missing):
        day = spell_date(max(later), get_language() or "en")
        sentence = _("This can be asked for from %(day)s on.") % {"day": day}
    return _with_rules(sentence, {reason.citation for reason in reasons})


def still_to_come(organisation: Organisation, residence: str, rights: Iterable[Right], today: date) -> str:
    """What is said of a day of receipt in the future, with the rules by which an answer is owed from it on."""
    sentence = _("This day is still to come: give the day on which it arrived.")
    return _with_rules(sentence, _rules_of_answers(organisation, residence, rights, today))


def no_day(organisation: Organisation, residence: str, rights: Iterable[Right], today: date) -> str:
    """The same of a day of receipt that is no day."""
    sentence = _("Please give a day such as 2026-11-23: every date of the law counts from it.")
    return _with_rules(sentence, _rules_of_answers(organisation, residence, rights, today))


def counted_here(organisation: Organisation, residence: str, rights: Iterable[Right], today: date) -> str:
    """The same to a program that gives the day of receipt."""
    sentence = _("The day of receipt is the day on which a request arrives here: leave it out.")
    return _with_rules(sentence, _rules_of_answers(organisation, residence, rights, today))


def applied_here(organisation: Organisation, residence: str, today: date) -> str:
    """What is said to a program that names a law, or a ground of one."""
    sentence = _("Which laws and which of their exemptions apply is found out here: leave it out.")
    return _with_rules(sentence, _laws_of(organisation, residence, today))


def _no_such(slugs: Iterable[str]) -> str:
    shown = ", ".join(repr(slug[:MOST_SHOWN]) for slug in dict.fromkeys(slugs))
    return _("There is no right called %(slugs)s.") % {"slugs": shown}


def _not_our_choice(citation: str) -> str:
    """The law gives the appeal only where we rely on it; else people opt out, which is no less."""
    sentence = _("We offer no human appeal of automated decisions: you may opt out of them instead.")
    return _with_rules(sentence, {citation})


def _rules_of_answers(organisation: Organisation, residence: str, rights: Iterable[Right], on: date) -> set[str]:
    """What the laws of the place say of the answer, which is owed from the day of receipt on."""
    if not is_residence(residence):
        return set()
    laws = [(pack, right) for right in rights for pack in organisation.laws_for(residence, right, on)]
    return {rule.citation for pack, right in laws for rule in pack.duty_rules(right, on)}


def _laws_of(organisation: Organisation, residence: str, on: date) -> set[str]:
    """The laws that are in force there, or the policy where none is."""
    named = organisation.laws_everywhere
    laws = [pack for pack in packs.all_packs().values() if residence in pack.applies or pack.slug in named]
    return {pack.citation for pack in laws if pack.since <= on} or {packs.house().citation}


def _with_rules(sentence: str, citations: Collection[str]) -> str:
    language = get_language() or "en"
    cited = "; ".join(sorted(spell_citation(citation, language) for citation in citations))
    return f"{sentence} ({cited})" if cited else sentence
