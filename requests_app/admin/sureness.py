"""How sure a value of the law is, as the desk shows it beside its citation."""

from __future__ import annotations

from django.utils.safestring import SafeString

from requests_app import facts, guards
from requests_app.admin.queue import badge
from requests_app.facts import SURENESS_LABELS
from requests_app.law.limits import LimitCount
from requests_app.law.packs import house
from requests_app.law.words import Sureness
from requests_app.models import Case

TONES = {
    Sureness.VERIFIED: "sure",
    Sureness.COMMENTARY: "unsure",
    Sureness.INTERPRETATION: "unsure",
    Sureness.FROM_MEMORY: "doubtful",
}


def sureness_badge(sureness: Sureness) -> SafeString:
    """The word in its box."""
    return badge(SURENESS_LABELS[sureness], TONES[sureness])


def of_ground(case: Case, code: str) -> SafeString:
    """That of a ground which was used on this case; empty where none was, or its laws know it no longer."""
    sureness = _ground(case, code)
    return sureness_badge(sureness) if sureness else SafeString()


def cited(case: Case, code: str, citation: str) -> str:
    """A ground that was used, where it stands only as text."""
    sureness = _ground(case, code)
    ground = facts.in_words("code", code)
    return f"{ground} ({citation}, {SURENESS_LABELS[sureness]})" if sureness else f"{ground} ({citation})"


def of_limit(case: Case, count: LimitCount) -> SafeString:
    """That of the number of answers, and of the window, that a law sets."""
    pack = next(pack for pack in case.packs() if pack.slug == count.law)
    limit = pack.limit(case.right_asked, case.received_on(), count.beyond)
    return sureness_badge(limit.sureness) if limit else SafeString()


def _ground(case: Case, code: str) -> Sureness | None:
    judged = guards.judged_in(case)
    known = [item for pack in (*judged.packs(), house()) for item in pack.exemptions if item.code == code]
    return next((item.sureness for item in known if item.holds(judged.received_on())), None)
