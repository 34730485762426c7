"""Decisions that end the review: approve, or refuse with a ground."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from requests_app import guards, identifying, supporting, who_asks
from requests_app.events import EventKind
from requests_app.law import refusals
from requests_app.law.values import Exemption
from requests_app.law.words import DutyKind, Level, Right
from requests_app.models import Case, ExemptionClaim
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.ports import work
from requests_app.roles import Actor
from requests_app.services import answering, appeals, duties, letters, opt_outs
from requests_app.services.history import change_state


@performs("approve")
def approve(case: Case, *, actor: Actor, at: datetime, keys: Sequence[uuid.UUID]) -> None:
    """The decision stands: workers carry it out and tell the person. A granted appeal opens the case it is about.

    It signs off what was found, and by name the sources in which nothing was.
    """
    change_state(
        case,
        EventKind.APPROVE,
        lambda: case.approve(at=at),
        by=actor,
        at=at,
        four_eyes=guards.needs_second_person(case),
        nothing_found_in=list(work().nothing_found_in(case)),
    )
    if case.right_asked == Right.APPEAL:
        appeals.grant(case, actor=actor, at=at, keys=keys)
    work().note_approval(case, by=actor, at=at)
    work().carry_out(case, at=at)


@performs("refuse")
def refuse(case: Case, *, actor: Actor, at: datetime, code: str, explanation: str, reason: str, balancing: str) -> None:
    """Close with a ground that every law of the case knows; the letter cites and explains it (G10, G11).

    The answer stays owed until that letter is accepted for delivery.
    """
    ground = _claim(case, code, explanation, reason, actor=actor, at=at)
    change_state(
        case,
        EventKind.REFUSE,
        lambda: case.refuse(at=at),
        by=actor,
        at=at,
        code=ground.code,
        citation=ground.citation,
    )
    answering.note_balancing(case, balancing, actor=actor, at=at)
    duties.drop_unmet(case, but=(DutyKind.ACKNOWLEDGE, DutyKind.ANSWER))
    if opt_outs.must_offer(case):
        duties.owe_after_refusal(case)
    _tell(case, letters.Letter.REFUSAL, ground, explanation, at=at)


@performs("refuse_opt_out")
def refuse_opt_out(case: Case, *, actor: Actor, at: datetime, code: str, explanation: str, reason: str) -> None:
    """Refuse an opt-out for documented, explained fraud (11 CCR 7026(e)) or a missing permission of an agent."""
    ground = _claim(case, code, explanation, reason, actor=actor, at=at)
    change_state(
        case,
        EventKind.REFUSE_OPT_OUT,
        lambda: case.refuse_opt_out(at=at),
        by=actor,
        at=at,
        code=ground.code,
        citation=ground.citation,
    )
    opt_outs.lift(case, at=at)
    duties.drop_unmet(case)
    _tell(case, letters.Letter.OPT_OUT_REFUSED, ground, explanation, at=at)


@performs("refuse_opt_in")
def refuse_opt_in(case: Case, *, actor: Actor, at: datetime, code: str, explanation: str, reason: str) -> None:
    """Refuse what was signed by whom nobody knows as parent or guardian (11 CCR 7070(a)): no opt-out ends."""
    ground = _claim(case, code, explanation, reason, actor=actor, at=at)
    missing = identifying.authority(case).sentence(case.submission.language)
    change_state(
        case,
        EventKind.REFUSE_OPT_IN,
        lambda: case.refuse_opt_in(at=at),
        by=actor,
        at=at,
        code=ground.code,
        citation=ground.citation,
    )
    duties.drop_unmet(case, but=(DutyKind.ACKNOWLEDGE, DutyKind.ANSWER))
    _tell(case, letters.Letter.OPT_IN_REFUSED, ground, explanation, at=at, missing=missing)


def _claim(case: Case, code: str, explanation: str, reason: str, *, actor: Actor, at: datetime) -> Exemption:
    try:
        ground = guards.check_refusal(case, code, actor)
    except guards.MoveShut as shut:
        raise InputRefused({"code": str(shut)}) from None
    if guards.must_be_explained(ground) and not explanation:
        raise InputRefused({"explanation": _("This ground has to be explained: write what it means in this case.")})
    claim = ExemptionClaim(
        id=uuid.uuid4(), case=case, code=ground.code, citation=ground.citation, decided_by=actor.slug, decided_at=at
    )
    claim.reason = reason
    claim.save()
    return ground


def _tell(
    case: Case, letter: letters.Letter, ground: Exemption, explanation: str, *, at: datetime, missing: str = ""
) -> None:
    language, packs, on = case.submission.language, case.packs(), case.received_on()
    judged = guards.judged_in(case)
    grounds = refusals.grounds_of_all(judged.packs(), ground, judged.right_asked, on=judged.received_on())
    said = refusals.required(
        packs,
        case.right_asked,
        on=on,
        ground=ground.ground,
        offer_opt_out=opt_outs.must_offer(case),
        residence=case.submission.residence,
    )
    letters.queue(
        case.submission,
        letter,
        at=at,
        case=case,
        grounds=[
            (item.person_text.in_language(language), refusals.cited(judged.packs(), item, language)) for item in grounds
        ],
        explanation=explanation,
        considered=_considered(case, ground),
        keeps=case.right_asked == Right.DELETE and ground.level is Level.DATA,
        by_child=letter == letters.Letter.OPT_IN_REFUSED and who_asks.is_by_child(case),
        ways_on=letters.ways_on(said, case.submission),
        restriction_ends=case.is_restricted,
        appeal_refused=_where_to_turn(case),
        missing=missing,
    )


def _considered(case: Case, ground: Exemption) -> str:
    """That what was sent for a correction was considered, where the matter was judged."""
    if case.right_asked != Right.CORRECT or ground.ground not in supporting.ON_THE_MERITS:
        return ""
    with translation.override(case.submission.language):
        return supporting.considered(supporting.of_case(case).standing().count())


def _where_to_turn(case: Case) -> list[str]:
    """What the letter that refuses an appeal must say, by each law that has the appeal: the way to the authority."""
    if case.right_asked != Right.APPEAL or case.about is None:
        return []
    about, language = case.about, case.submission.language
    rules = [pack.appeal_rule(about.right_asked, about.received_on()) for pack in about.packs()]
    return [rule.refused_text.in_language(language) for rule in rules if rule]
