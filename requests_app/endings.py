"""Why a case, or its restriction, may not end otherwise, be opened again, or be appealed; and what opens the move."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dsar.ledger import chains
from dsar.vault import keys
from dsar.vault.errors import KeyDestroyed
from requests_app import duplicates
from requests_app.events import EventKind
from requests_app.guards import (
    MoveShut,
    check_fresh_eyes_on_appeal,
    check_nothing_is_done,
    requirement,
    who_took_part,
)
from requests_app.law import exemptions, packs
from requests_app.law.values import Exemption
from requests_app.law.wording import spell_date
from requests_app.law.words import Degree, Ground, Level, Right, Route
from requests_app.models import Case, Suppression
from requests_app.ports import work
from requests_app.roles import PERSON, Actor
from requests_app.states import STATE_MOVES, Outcome, State

IDENTITY_ACCEPTED = frozenset({EventKind.ACCEPT_PROOF, EventKind.FALL_BACK})
# Closed without doing all that was asked for.
REFUSED_IN_PART = frozenset({Outcome.REFUSED, Outcome.PARTLY_FULFILLED})


# ---- ending elsewhere


def ground_to_redirect(case: Case) -> Exemption:
    """The ground that data is ours only as a service provider, where every law of the case knows it; MoveShut."""
    fitting = exemptions.fitting(case.packs(), case.right_asked, case.received_on(), level=Level.CASE)
    ours = next((item for item in fitting if item.ground is Ground.NOT_OURS), None)
    if ours is None:
        raise MoveShut(
            _(
                "Not every law of this case lets a request be sent on to a customer of ours: answer it, or refuse it"
                " on a ground that is offered."
            )
        )
    return ours


def check_redirect(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only where the laws of the case send people on to whose data it is (Civ. Code 1798.105(c)(3)).

    It ends an appeal as a refusal does, so that nobody does it who took part in what the appeal is about.
    """
    check_nothing_is_done(case)
    check_fresh_eyes_on_appeal(case, actor)
    ground_to_redirect(case)


def check_merge(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only into an older open case of the same person and right, whose earlier dates are kept; and with nothing lost.

    Two appeals may be about different decisions: whoever took part in one does not say that they are the same.
    """
    check_nothing_is_done(case)
    check_fresh_eyes_on_appeal(case, actor)
    shut = [duplicates.why_not_into(case, twin) for twin in duplicates.older_twins(case)]
    if not shut:
        raise MoveShut(
            _(
                "There is no older open case of the same person for the same right. If this one is the older one, go"
                " to the newer and merge that into this."
            )
        )
    if all(shut):
        raise MoveShut(" ".join(shut))


def why_not_into(case: Case, older: str) -> str:
    """Why a case can't be closed as a duplicate of this older one; empty for one that just is not offered."""
    twin = next((twin for twin in duplicates.older_twins(case) if str(twin.pk) == older), None)
    return duplicates.why_not_into(case, twin) if twin else ""


def may_be_withdrawn(case: Case) -> bool:
    """Whether the person may still take the request back: before anything of it is done, in whichever round."""
    if State(case.state) not in STATE_MOVES["withdraw"].from_states(Route(case.route)):
        return False
    try:
        check_nothing_is_done(case)
    except MoveShut:
        return False
    return True


def check_waive_source(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """While sources are searched; afterwards only one in which a deletion that was approved is stuck."""
    if case.state != State.GATHERING and not work().stuck_in(case):
        raise MoveShut(
            _(
                "A source is waived while it is searched; or once a deletion that was approved has failed in it, and"
                " no worker is at it any more."
            )
        )


# ---- a restriction


def check_end_restriction(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only a restriction that was granted and still holds; one that is refused ends with its letter (Art. 18(3))."""
    if case.outcome != Outcome.FULFILLED:
        raise MoveShut(_("No restriction was granted here: one that is refused ends with the letter that says so."))
    if not Suppression.objects.in_force().filter(case_id=case.pk).exists():
        raise MoveShut(_("The restriction of this case has ended already."))


# ---- a mistake


def content_is_gone(case: Case) -> bool:
    """Whether the content key of a case is destroyed: what was gathered can't be read any more."""
    try:
        keys.cipher(case.content_key)
    except KeyDestroyed:
        return True
    return False


def is_identity_accepted(case: Case) -> bool:
    """Whether the identity was accepted in this case, and not doubted since."""
    told = chains.history(case.chain).filter(kind__in=(*IDENTITY_ACCEPTED, EventKind.DOUBT_IDENTITY))
    last = told.last()
    return last is not None and last.kind in IDENTITY_ACCEPTED


def reopened_to(case: Case) -> State:
    """Where a reopened case goes on: nobody works on one whose identity was never accepted, or is doubted since."""
    if case.route == Route.DIRECT:  # who signs for a child has to show who asks, before and after
        return State.RECEIVED if case.right_asked == Right.OPT_IN else State.CARRYING_OUT
    if not is_identity_accepted(case) and requirement(case).degree > Degree.NONE:
        return State.VERIFYING
    return State.DECIDING if case.route == Route.DECIDE_ONLY else State.REVIEWING


def check_ask_reopening(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only a case that somebody decided on, and only one question at a time."""
    _check_can_be_reopened(case)
    if case.reopenings_asked.filter(decided_on_at=None).exists():
        raise MoveShut(_("Reopening is asked for already: an approver who took no part in this case decides."))


def check_reopen(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Somebody asked for it, and an approver who took no part in the case agrees."""
    _check_can_be_reopened(case)
    if not case.reopenings_asked.filter(decided_on_at=None).exists():
        raise MoveShut(_("Two people open a case again: one asks for it with a reason first."))
    if actor.slug in who_took_part(case):
        raise MoveShut(
            _("You took part in this case, or asked to open it again yourself: another approver has to decide.")
        )


def _check_can_be_reopened(case: Case) -> None:
    """What was refused or answered by mistake; not what the person took back, nor an opt-out that holds."""
    if case.outcome == Outcome.WITHDRAWN:
        raise MoveShut(_("The person withdrew this request: they may ask again at any time."))
    if case.route == Route.DIRECT and case.outcome != Outcome.REFUSED:
        raise MoveShut(_("What was asked for is in force: only a refusal of it can be opened again."))


# ---- an appeal


def appeal_packs(case: Case) -> tuple[packs.LawPack, ...]:
    """The laws of a case, as they were pinned, under which its refusal may be appealed."""
    return tuple(pack for pack in case.packs() if pack.appeal_rule(case.right_asked, case.received_on()))


def laws_of_appeal(case: Case, on: date) -> tuple[packs.LawPack, ...]:
    """The same laws as they stand when the appeal comes: its own clock is theirs."""
    today = packs.all_packs()
    found = (today[pack.slug] for pack in appeal_packs(case) if pack.slug in today)
    return tuple(pack for pack in found if pack.gives(Right.APPEAL, on))


def appeal_until(case: Case) -> date | None:
    """The last day on which this case may be appealed; None where no law of it sets an end."""
    if case.closed_at is None:
        return None
    ends = []
    for pack in appeal_packs(case):
        try:
            window = pack.figure("appeal_window_days", case.received_on(), case.right_asked)
        except packs.NoSuchFigure:
            return None
        ends.append(timezone.localdate(case.closed_at) + timedelta(days=window.value))
    return max(ends, default=None)


def check_appeal(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only a refusal, in whole or in part, under a law that has an appeal, in time, and once (G16)."""
    if case.outcome not in REFUSED_IN_PART:
        raise MoveShut(_("Only what was refused, in whole or in part, can be appealed."))
    if not laws_of_appeal(case, on):
        raise MoveShut(
            _("No law of this case has an appeal. Who disagrees may write to us, complain, or ask again at any time.")
        )
    until = appeal_until(case)
    if until is not None and on > until:
        raise MoveShut(
            _("The time to appeal ended on %(day)s. The person may ask again at any time.")
            % {"day": spell_date(until, get_language() or "en")}
        )
    if case.followed_by.filter(right=Right.APPEAL).exists():
        raise MoveShut(_("This case was appealed already."))


def can_appeal(case: Case, on: date) -> bool:
    """Whether the person may appeal now."""
    try:
        check_appeal(case, PERSON, on)
    except MoveShut:
        return False
    return True
