"""How certain it must be who asks, how certain it is, and what is still missing: never more asked than needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from requests_app.law.lawpack import LawPack
from requests_app.law.values import DegreeRule, EvidenceRule
from requests_app.law.wording import spell_list
from requests_app.law.words import Degree, LawError, Right, Sureness, Text, least_sure

DATA_POINTS = "data_points"
DECLARATION = "declaration"
RECORD_MAILBOX = "record_mailbox"


class VerificationForbidden(LawError):
    """The law forbids to ask for proof of identity before doing this: act at once."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be reached before acting, and what reaches it for somebody without an account.

    ``mailbox_suffices``: nobody doubts, and every law lets identity be asked for only on doubt; so a confirmed mailbox
    that stands in the record is enough. ``mailbox_doubted``: somebody does, and the mailbox is no point of its own.
    """

    degree: Degree
    data_points: int
    declaration: bool
    citations: tuple[str, ...]
    sureness: Sureness = Sureness.VERIFIED
    mailbox_suffices: bool = False
    mailbox_doubted: bool = False


def required(
    packs: Sequence[LawPack], right: Right, *, on: date, data_degree: Degree | None, doubted: bool = False
) -> Requirement:
    """The degree that this right needs under the laws of the case that give it.

    ``data_degree`` is what the data asked about needs, where the law leaves it to that; None (not known) is the
    highest. One law that forbids verification forbids it for all; else the highest degree counts. ``doubted``: there
    are reasonable doubts about who asks (GDPR Art. 12(6)). Raises RightNotGiven when no law gives the right.
    """
    rules = [(pack, pack.degree_rule(right, on)) for pack in _giving(packs, right, on)]
    forbidding = [rule for _pack, rule in rules if rule.degree is Degree.NONE]
    if forbidding:
        return Requirement(
            Degree.NONE, 0, declaration=False, citations=_citations(forbidding), sureness=_sureness(forbidding)
        )
    degree = max(_degree(rule, data_degree) for _pack, rule in rules)
    evidence = [_without_account(pack, degree, on) for pack, _rule in rules]
    values: list[DegreeRule | EvidenceRule] = [*(rule for _pack, rule in rules), *evidence]
    return Requirement(
        degree,
        max(rule.data_points for rule in evidence),
        declaration=any(rule.declaration for rule in evidence),
        citations=_citations(values),
        sureness=_sureness(values),
        mailbox_suffices=all(_not_to_ask(rule, doubted=doubted) for _pack, rule in rules),
        mailbox_doubted=doubted and any(rule.on_doubt_only for _pack, rule in rules),
    )


def check_may_verify(packs: Sequence[LawPack], right: Right, *, on: date) -> None:
    """Raise VerificationForbidden where proof of identity may not be asked for (G4)."""
    requirement = required(packs, right, on=on, data_degree=None)
    if requirement.degree is Degree.NONE:
        raise VerificationForbidden(
            f"Proof of identity may not be asked for before acting on this request ({right.label}): act at once, and"
            " ask only for what is needed to find the person.",
            "; ".join(requirement.citations),
        )


def reached(
    packs: Sequence[LawPack],
    right: Right,
    on: date,
    *,
    matched_points: int,
    declaration: bool,
    account_reauthenticated: bool = False,
    mailbox_in_record: bool = False,
    doubted: bool = False,
) -> Degree:
    """The degree that the evidence reaches under every law that gives the right.

    ``matched_points`` are reliable data points that met in one and the same record. An account counts only with a
    fresh sign-in (11 CCR 7061(a)). ``mailbox_in_record``: a confirmed mailbox that stands in the
    record; it is all that a law may ask which lets identity be asked for only on doubt, as long as nobody doubts. Once
    somebody does, it is no point of its own under such a law.
    """

    def under(pack: LawPack) -> Degree:
        degree_rule, points = pack.degree_rule(right, on), matched_points
        if mailbox_in_record and _not_to_ask(degree_rule, doubted=doubted):
            return max(Degree)
        if mailbox_in_record and degree_rule.on_doubt_only:
            points -= 1
        satisfied = (
            rule.degree
            for rule in pack.evidence
            if rule.holds(on) and _satisfied(rule, points, declaration, account_reauthenticated)
        )
        return max(satisfied, default=Degree.NONE)

    return min(under(pack) for pack in _giving(packs, right, on))


def missing(
    requirement: Requirement,
    *,
    matched_points: int,
    declaration: bool,
    account_reauthenticated: bool = False,
    mailbox_in_record: bool = False,
) -> tuple[str, ...]:
    """What is still missing, as codes: ``data_points:1``, ``declaration``; nothing after an account's fresh sign-in."""
    if account_reauthenticated or (requirement.mailbox_suffices and mailbox_in_record):
        return ()
    codes = []
    points = matched_points - 1 if requirement.mailbox_doubted and mailbox_in_record else matched_points
    if points < requirement.data_points:
        codes.append(f"{DATA_POINTS}:{requirement.data_points - points}")
    if requirement.declaration and not declaration:
        codes.append(DECLARATION)
    return tuple(codes)


def sentence(codes: Sequence[str], language: str) -> str:
    """What is missing, in words for the staff; empty when nothing is.

    The requester is told only "enough" or "not enough": the number would tell a guesser which guesses are right.
    """
    if not codes:
        return ""
    items = spell_list([_in_words(code).in_language(language) for code in codes], language)
    return Text(f"Still missing: {items}.", f"Todavía falta: {items}.").in_language(language)


def may_not_prove(packs: Sequence[LawPack], right: Right, *, on: date, contested: Collection[str]) -> frozenset[str]:
    """Of the items whose accuracy is in dispute, those with which identity may not be proved (11 CCR 7060)."""
    rules = [pack.degree_rule(right, on) for pack in _giving(packs, right, on)]
    return frozenset(contested) if any(rule.not_by_contested for rule in rules) else frozenset()


def falls_back_to(packs: Sequence[LawPack], right: Right, *, on: date) -> Right | None:
    """The right as which the request is evaluated when identity isn't proved for this one; None where there is none."""
    for pack in _giving(packs, right, on):
        fallen = pack.given(right, on).falls_back_to
        if fallen:
            return fallen
    return None


def _giving(packs: Sequence[LawPack], right: Right, on: date) -> list[LawPack]:
    """The laws that give the right; raises RightNotGiven, in the words of the first, if none does."""
    giving = [pack for pack in packs if pack.gives(right, on)]
    if not giving:
        packs[0].given(right, on)
    return giving


def _not_to_ask(rule: DegreeRule, *, doubted: bool) -> bool:
    """Whether identity may not be asked for under this rule, since nobody doubts it."""
    return rule.on_doubt_only and not doubted


def _degree(rule: DegreeRule, data_degree: Degree | None) -> Degree:
    if rule.degree is not None:
        return rule.degree
    return Degree.REASONABLY_HIGH if data_degree is None else max(data_degree, Degree.REASONABLE)


def _without_account(pack: LawPack, degree: Degree, on: date) -> EvidenceRule:
    return next(rule for rule in pack.evidence if rule.degree is degree and not rule.account and rule.holds(on))


def _satisfied(rule: EvidenceRule, matched_points: int, declaration: bool, account: bool) -> bool:  # noqa: FBT001
    if rule.account:
        return account
    return matched_points >= rule.data_points and (declaration or not rule.declaration)


def _in_words(code: str) -> Text:
    kind, _separator, number = code.partition(":")
    if kind == DECLARATION:
        return Text("a signed declaration", "una declaración firmada")
    if kind == RECORD_MAILBOX:
        return Text(
            "a confirmation from a mailbox of the person that stands in our records",
            "una confirmación desde un buzón de la persona que conste en nuestros registros",
        )
    if number == "1":
        return Text("1 more data point that matches our records", "1 dato más que coincida con nuestros registros")
    return Text(
        f"{number} more data points that match our records", f"{number} datos más que coincidan con nuestros registros"
    )


def _sureness(values: Iterable[DegreeRule | EvidenceRule]) -> Sureness:
    """What rests on several values is only as sure as the least sure of them."""
    return reduce(least_sure, (value.sureness for value in values))


def _citations(values: Iterable[DegreeRule | EvidenceRule]) -> tuple[str, ...]:
    """Each citation once; one with which a longer one begins is said by that one."""
    cited = dict.fromkeys(value.citation for value in values)
    return tuple(one for one in cited if not any(other.startswith(f"{one};") for other in cited))
