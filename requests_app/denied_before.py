"""Whether what a correction asks for was denied to the same person lately, and so may be denied again (7023(g))."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dsar.vault.errors import VaultError
from requests_app.law.repeats import Claim, Denied, Repeat, repeats
from requests_app.law.values import Exemption
from requests_app.law.wording import spell_date
from requests_app.law.words import Ground, Right
from requests_app.models import Case, CorrectionAsked, ExemptionClaim, Submission
from requests_app.states import Outcome


def claims_of(case: Case) -> list[Claim]:
    """What a correction case says is wrong, with the values that it claims; none where they can't be read any more."""
    asked = CorrectionAsked.objects.select_related("case__submission").filter(case=case).order_by("field")
    try:
        return [Claim(one.field, one.value) for one in asked]
    except VaultError:
        return []


def repeated(case: Case) -> tuple[Repeat, ...]:
    """The denials behind everything that a correction asks for; empty where something of it is new."""
    if case.right_asked != Right.CORRECT:
        return ()
    claims = claims_of(case)
    return repeats(case.packs(), claims, case.received_on(), _earlier(case)) if claims else ()


def why_not_repeated(case: Case, ground: Exemption) -> str:
    """Why a ground that rests on an earlier denial is shut; empty for every other ground, and where it is open."""
    if ground.ground is not Ground.DENIED_BEFORE or repeated(case):
        return ""
    day = spell_date(case.received_on(), get_language() or "en")
    return _(
        "This person was not denied the same correction, of the same field to the same value, on its merits within the"
        " time before %(day)s that the law names: look at the matter, and correct it or refuse it on another ground."
    ) % {"day": day}


def ground_used(case: Case) -> Exemption | None:
    """The ground on which a case was refused last, as its laws have it."""
    claim = ExemptionClaim.objects.filter(case=case).order_by("decided_at").last()
    known = (item for pack in case.packs() for item in pack.exemptions if claim and item.code == claim.code)
    return next(known, None)


def _earlier(case: Case) -> Iterator[Denied]:
    """Every correction that this person was refused before, by people with a confirmed mailbox and confirmed links."""
    others = Submission.objects.same_person_as(case.submission)
    refused = Case.objects.filter(submission__in=others, right=Right.CORRECT, outcome=Outcome.REFUSED)
    for other in refused.select_related("submission__organisation"):
        ground = ground_used(other)
        if ground is None or other.closed_at is None:
            continue
        for claim in claims_of(other):
            yield Denied(str(other.pk), claim, timezone.localdate(other.closed_at), ground.ground)
