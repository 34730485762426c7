"""Who asks for somebody else, and what they may be asked to show: never more than every law of the case admits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from requests_app.law.lawpack import LawPack
from requests_app.law.values import AgentRule
from requests_app.law.wording import spell_list
from requests_app.law.words import Degree, LawError, Right, Text

MAJORITY = 18  # up to when a parent asks for a child where a law names no other age


class Requester(StrEnum):
    """Who sends a request."""

    SELF = "self"
    AGENT = "agent"
    ATTORNEY = "attorney"  # under a power of attorney
    PARENT = "parent"
    GUARDIAN = "guardian"
    EXECUTOR = "executor"


class Asked(StrEnum):
    """What somebody who asks for another may be asked to show."""

    SIGNED_PERMISSION = "signed_permission"
    COURT_PAPER = "court_paper"  # that makes one guardian or executor
    PARENTHOOD = "parenthood"  # declared by the parent
    PARENT_SHOWN = "parent_shown"  # beyond a declaration, before a child's data may be sold
    IDENTITY_OR_CONFIRMATION = "identity_or_confirmation"  # by the person, who chooses one


IN_WORDS = {
    Asked.SIGNED_PERMISSION: Text("the person's signed permission", "la autorización firmada por la persona"),
    Asked.COURT_PAPER: Text(
        "the paper that makes the requester guardian or executor",
        "el documento que nombra tutor o albacea a quien lo pide",
    ),
    Asked.PARENTHOOD: Text("a signed declaration by the parent", "una declaración firmada por la madre o el padre"),
    Asked.PARENT_SHOWN: Text(
        "something that shows the parent: a signed form, as a file or by post, or a talk with our privacy team",
        "algo que muestre quién es la madre o el padre: un formulario firmado, como archivo o por correo, o una"
        " conversación con nuestro equipo de privacidad",
    ),
    Asked.IDENTITY_OR_CONFIRMATION: Text(
        "that the person confirms the permission, or proves who they are: one of the two",
        "que la persona confirme la autorización o demuestre quién es: una de las dos cosas",
    ),
}
INSTEAD = Text(
    "A power of attorney may be shown instead; nobody may be asked for one.",
    "Puede mostrarse en su lugar un poder notarial; no se le puede exigir a nadie.",
)


class MayNotAsk(LawError):
    """The law does not let the house ask for this."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown so far; ``identity`` and ``confirmation`` are acts of the person, the others of the requester."""

    signed_permission: bool = False
    power_of_attorney: bool = False
    court_paper: bool = False
    parenthood: bool = False
    parent_shown: bool = False
    identity: bool = False
    confirmation: bool = False


@dataclass(frozen=True, slots=True)
class ProofFor:
    """What may be asked of who asks for another, and what of it is missing.

    ``may_refuse``: whether the request may be refused for that. ``citations``: of the laws that say so; none where no
    law does.
    """

    requester: Requester
    may_ask: tuple[Asked, ...]
    missing: tuple[Asked, ...]
    may_refuse: bool
    citations: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def sentence(self, language: str) -> str:
        """What is missing, in words; empty when nothing is."""
        if not self.missing:
            return ""
        items = spell_list([IN_WORDS[item].in_language(language) for item in self.missing], language)
        said = Text(f"Still missing: {items}.", f"Todavía falta: {items}.").in_language(language)
        if Asked.SIGNED_PERMISSION in self.missing:
            return f"{said} {INSTEAD.in_language(language)}"
        return said


def proof_for(packs: Sequence[LawPack], right: Right, on: date, requester: Requester, shown: Shown) -> ProofFor:
    """What must be shown before anything is done or disclosed for somebody who asks for another.

    An agent may be asked for the person's signed permission; the person for one of two, identity or confirmation, never
    for both (11 CCR 7063(a)); neither with a power of attorney, which may never be demanded (7063(b), (c)). Where the
    law forbids verification (opt-outs), a parent, guardian or executor is asked for nothing, and an agent for the
    permission alone (7026(j), 7027(i)). A law that has no rule of its own restricts nothing that another one permits.

    To opt a child in loosens a protection: a reasonable method has to show that it is the parent or guardian who
    consents (7070(a)), and a declaration that anybody can sign is none. We ask so wherever the child lives.
    """
    match requester:
        case Requester.PARENT | Requester.GUARDIAN if right is Right.OPT_IN:
            return _of_consent(packs, on, requester, shown)
        case Requester.SELF:
            return ProofFor(requester, (), (), may_refuse=False, citations=())
        case Requester.AGENT | Requester.ATTORNEY:
            return _of_agent(packs, right, on, requester, shown)
        case Requester.PARENT:
            return _of_family(packs, right, on, requester, Asked.PARENTHOOD, is_shown=shown.parenthood)
        case _:
            return _of_family(packs, right, on, requester, Asked.COURT_PAPER, is_shown=shown.court_paper)


def check_may_ask(proof: ProofFor, asked: Asked) -> None:
    """Raise MayNotAsk for what may not be asked, or need not be any more."""
    if asked not in proof.may_ask:
        raise MayNotAsk(
            f"The law does not let us ask for {IN_WORDS[asked]} in such a request.", "; ".join(proof.citations)
        )
    if asked not in proof.missing:
        raise MayNotAsk(f"There is no need to ask for {IN_WORDS[asked]}: it was shown already.")


def age_on(born_on: date, on: date) -> int:
    """How old somebody is on a day; who was born on 29 February has the birthday on 1 March in other years."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def birthday(born_on: date, age: int) -> date:
    """The first day on which somebody is so old."""
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:  # 29 February, in a year without one
        return date(born_on.year + age, 3, 1)


def why_no_parent(packs: Sequence[LawPack], born_on: date, on: date) -> Text | None:
    """Why a parent can't ask for this child, and what to do; None if a parent can.

    Below the age that every law asks: 13 in California (Civ. Code 1798.120(c)), else the age of majority.
    """
    rules = [rule for pack in packs if (rule := pack.minors_rule(on)) is not None]
    under = min((rule.parent_under for rule in rules), default=MAJORITY)
    if born_on > on:
        return Text(
            "This day is still to come: give the day of birth.",
            "Ese día aún no ha llegado: indique la fecha de nacimiento.",
        )
    if age_on(born_on, on) < under:
        return None
    cited = f" ({'; '.join(dict.fromkeys(rule.citation for rule in rules))})" if rules else ""
    return Text(
        f"A parent asks for a child below {under}{cited}. From {under} on the young person asks: please let them send"
        " the request in their own name, or send it as their agent with a permission that they have signed.",
        f"La madre o el padre pide por un menor de {under} años{cited}. A partir de los {under} lo pide la propia"
        " persona: que envíe la solicitud en su nombre, o envíela usted como agente con una autorización firmada por"
        " ella.",
    )


def _of_agent(packs: Sequence[LawPack], right: Right, on: date, requester: Requester, shown: Shown) -> ProofFor:
    rules = list(_rules(packs, right, on))
    citations = tuple(dict.fromkeys(rule.citation for rule in rules))
    may_refuse = all(rule.may_refuse_without_permission for rule in rules)
    if shown.power_of_attorney and all(rule.power_of_attorney_suffices for rule in rules):
        return ProofFor(requester, (), (), may_refuse, citations)
    may_ask = []
    if all(rule.signed_permission for rule in rules):
        may_ask.append(Asked.SIGNED_PERMISSION)
    if rules and all(rule.identity_or_confirmation for rule in rules):
        may_ask.append(Asked.IDENTITY_OR_CONFIRMATION)
    has = {
        Asked.SIGNED_PERMISSION: shown.signed_permission or shown.power_of_attorney,
        Asked.IDENTITY_OR_CONFIRMATION: shown.identity or shown.confirmation,
    }
    missing = tuple(asked for asked in may_ask if not has[asked])
    return ProofFor(requester, tuple(may_ask), missing, may_refuse, citations)


def _of_family(
    packs: Sequence[LawPack], right: Right, on: date, requester: Requester, asked: Asked, *, is_shown: bool
) -> ProofFor:
    if any(pack.degree_rule(right, on).degree is Degree.NONE for pack in packs if pack.gives(right, on)):
        return ProofFor(requester, (), (), may_refuse=False, citations=())
    return ProofFor(requester, (asked,), () if is_shown else (asked,), may_refuse=True, citations=())


def _of_consent(packs: Sequence[LawPack], on: date, requester: Requester, shown: Shown) -> ProofFor:
    is_parent = requester is Requester.PARENT
    asked = Asked.PARENT_SHOWN if is_parent else Asked.COURT_PAPER
    is_shown = shown.parent_shown if is_parent else shown.court_paper
    rules = [rule for pack in packs if (rule := pack.minors_rule(on)) is not None]
    citations = tuple(dict.fromkeys(rule.citation for rule in rules))
    return ProofFor(requester, (asked,), () if is_shown else (asked,), may_refuse=True, citations=citations)


def _rules(packs: Sequence[LawPack], right: Right, on: date) -> Iterator[AgentRule]:
    for pack in packs:
        rule = pack.agent_rule(right, on) if pack.gives(right, on) else None
        if rule is not None:
            yield rule
