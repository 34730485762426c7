"""What a correction case did not correct on a ground: each item that was decided on by itself, or all of them.

Statements, denials of the same and the figures of a year rest on this alone. What is merely not held was not refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from requests_app.law import packs
from requests_app.law.values import Exemption
from requests_app.law.words import Right
from requests_app.models import Case, CorrectionAsked, CorrectionDecision, ExemptionClaim, Verdict
from requests_app.models.case import CaseQuerySet
from requests_app.states import Outcome

Refused = list[tuple[CorrectionAsked, Exemption]]
WITH_ITEMS = ("corrections", "correction_decisions", "exemption_claims")


def with_items(cases: CaseQuerySet) -> CaseQuerySet:
    """The cases with what ``refused_items`` and the sealed claims need: as many queries for one as for a hundred."""
    return cases.select_related("submission").prefetch_related(*WITH_ITEMS)


def refused_items(case: Case) -> Refused:
    """What stands refused now, each with its ground; nothing of a case that is open, or open again."""
    if case.right_asked != Right.CORRECT or case.outcome not in {Outcome.REFUSED, Outcome.PARTLY_FULFILLED}:
        return []
    ground = ground_of_whole(case)
    if ground is not None:
        return [(asked, ground) for asked in case.corrections.all()]
    return refused_one_by_one(case)


def refused_one_by_one(case: Case) -> Refused:
    """What was refused by itself in the present round of gathering, whether or not the case is closed yet."""
    known, asked = grounds_by_code(), {one.pk: one for one in case.corrections.all()}
    decided = [one for one in case.correction_decisions.all() if one.round == case.gathering_round]
    return [
        (asked[one.asked_id], known[one.code])
        for one in decided
        if one.verdict == Verdict.REFUSED and one.code in known
    ]


def ground_of_whole(case: Case) -> Exemption | None:
    """The ground on which the case as a whole was refused when it closed last; None where its items were, or none."""
    closed_at = case.closed_at
    if case.outcome != Outcome.REFUSED or closed_at is None:
        return None
    used = [claim for claim in case.exemption_claims.all() if claim.decided_at >= closed_at]
    last = max(used, key=lambda claim: claim.decided_at, default=None)
    return grounds_by_code().get(last.code) if last else None


def code_of_refusal(case: str) -> Coalesce:
    """The same for many rows at once, as a column: the code of the ground of the whole, or of the first item refused.

    ``case`` is the path from the row to its case. Null where nothing was refused, but all of it not held.
    """
    whole = ExemptionClaim.objects.filter(case=OuterRef(case), decided_at__gte=OuterRef(f"{case}__closed_at"))
    items = CorrectionDecision.objects.filter(
        case=OuterRef(case), round=F("case__gathering_round"), verdict=Verdict.REFUSED
    )
    return Coalesce(
        Subquery(whole.order_by("-decided_at", "-pk").values("code")[:1]),
        Subquery(items.order_by("asked__number").values("code")[:1]),
    )


def grounds_by_code() -> Mapping[str, Exemption]:
    """The grounds of every law by code; old ones stay in the packs."""
    return {ground.code: ground for pack in packs.all_packs().values() for ground in pack.exemptions}
