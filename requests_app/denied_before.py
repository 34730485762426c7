"""Whether what a correction asks for was denied to the same person lately, and so may be denied again (7023(g)).

Not where the person sends a document that was not there when it was denied.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dsar.vault.errors import VaultError
from requests_app import supporting
from requests_app.law.repeats import Claim, Denied, Repeat, repeats
from requests_app.law.values import Exemption
from requests_app.law.wording import spell_date
from requests_app.law.words import Ground, Right
from requests_app.models import Case, CorrectionAsked, Submission
from requests_app.refused_items import refused_items, with_items
from requests_app.states import Outcome


def repeated(case: Case) -> tuple[Repeat, ...]:
    """The denials behind everything that a correction asks for; empty where something of it is new.

    Looked for once for this object: a page asks for it with every ground. Who decides reads the case anew.
    """
    if case.repeats is None:
        case.repeats = _repeated(case) if case.right_asked == Right.CORRECT else ()
    return case.repeats


def why_not_repeated(case: Case, ground: Exemption) -> str:
    """Why a ground that rests on an earlier denial is shut; empty for every other ground, and where it is open."""
    if ground.ground is not Ground.DENIED_BEFORE or repeated(case):
        return ""
    day = spell_date(case.received_on(), get_language() or "en")
    return _(
        "This person was not denied the same correction, of the same field to the same value, on its merits within the"
        " time before %(day)s that the law names, or sends a document that was not there then: look at the matter, and"
        " correct it or refuse it on another ground."
    ) % {"day": day}


def _repeated(case: Case) -> tuple[Repeat, ...]:
    """Values are opened only where each field that is asked for was denied before."""
    asked = list(case.corrections.select_related("case__submission"))
    fields = {one.field for one in asked}
    if "" in fields:  # what is told in words alone repeats nothing
        return ()
    denied = [item for item in _earlier(case) if item[1].field in fields]
    if not fields or fields - {one.field for _case, one, _ground in denied}:
        return ()
    if supporting.brings_new(case, {other.pk for other, _one, _ground in denied}):
        return ()
    claims = [claim for one in asked if (claim := _claim_of(one))]
    if len(claims) < len(asked):
        return ()
    return repeats(case.packs(), claims, case.received_on(), filter(None, (_denied(*item) for item in denied)))


def _earlier(case: Case) -> Iterator[tuple[Case, CorrectionAsked, Exemption]]:
    """Every correction that this person was refused before, by people with a confirmed mailbox and confirmed links."""
    others = Submission.objects.same_person_as(case.submission)
    closed = Case.objects.filter(
        submission__in=others, right=Right.CORRECT, outcome__in=(Outcome.REFUSED, Outcome.PARTLY_FULFILLED)
    )
    for other in with_items(closed):
        for asked, ground in refused_items(other):
            yield other, asked, ground


def _denied(other: Case, asked: CorrectionAsked, ground: Exemption) -> Denied | None:
    claim = _claim_of(asked)
    if claim is None or other.closed_at is None:
        return None
    return Denied(str(other.pk), claim, timezone.localdate(other.closed_at), ground.ground)


def _claim_of(asked: CorrectionAsked) -> Claim | None:
    """What is said to be wrong, with the value that is claimed; None where it can't be read any more."""
    try:
        return Claim(asked.field, asked.value)
    except VaultError:
        return None
