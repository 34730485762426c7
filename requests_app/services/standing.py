"""Standing rules: proposed by one person, activated by an approver who is another, applied by the system.

A rule does the routine and never decides what needs a person: a limit that is reached, four eyes where data is changed
or withheld, a source that was left out. Where any of these stands in its way the case simply waits for the desk.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app import guards
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Routine, StandingRule
from requests_app.ports import work
from requests_app.rights import ANSWERED_WITH_DATA
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services.history import Fact, change_state, local_day
from requests_app.services.staffing import note_setting
from requests_app.services.two_people import RuleRefused, TwoPeople, Who
from requests_app.states import State

# To whose cases a rule may be applied. Where data is changed, a person starts and another one approves: four eyes.
MAY_COVER: dict[Routine, frozenset[Right]] = {
    Routine.GATHER_WHEN_VERIFIED: ANSWERED_WITH_DATA,
    Routine.KEEP_BY_SCHEDULE: frozenset({Right.DELETE}),
    Routine.RELEASE_NOTHING_FOUND: ANSWERED_WITH_DATA,
}
WHAT_IT_DOES: dict[Routine, str | Promise] = {
    Routine.GATHER_WHEN_VERIFIED: gettext_lazy(
        "As soon as the identity is accepted, the sources are searched, without a review by a person. Not if the"
        " yearly limit is reached: then a person decides."
    ),
    Routine.KEEP_BY_SCHEDULE: gettext_lazy(
        "A deletion keeps what an accepted retention schedule names, on the ground that it names for the laws of the"
        " case, and tells the person until when. A person still approves the deletion, and four eyes see it."
    ),
    Routine.RELEASE_NOTHING_FOUND: gettext_lazy(
        "If every source was searched and nothing was found, the person is told so, without a decision by a person."
        " Not if a source was left out, anything withheld, or a record that was met looks like the person's."
    ),
}


class Rules(TwoPeople[StandingRule]):
    """A version is activated in the place of the one before; whoever works on cases may stop a rule at once."""

    model, what = StandingRule, gettext_lazy("rule")
    proposers = enders = Who(
        frozenset({Role.ANALYST, Role.APPROVER}), gettext_lazy("Rules are for analysts and approvers.")
    )
    accepters = Who(frozenset({Role.APPROVER}), gettext_lazy("An approver activates a rule."))

    def put_in_force(self, row: StandingRule, *, by: Actor, at: datetime) -> None:
        """The version before ends."""
        for before in StandingRule.objects.in_force().filter(routine=row.routine):
            self.write_end(before, by=by, at=at)

    def note(self, step: str, row: StandingRule, *, by: Actor, at: datetime) -> None:
        """Rules are settings: what became of them stands in the access chain of the day."""
        word = "activated" if step == "accepted" else step
        note_setting("standing_rule", by=by, at=at, step=word, rule=row.routine, version=row.version, rights=row.rights)


RULES = Rules()
activate, end = RULES.accept, RULES.end


@transaction.atomic
def propose(routine: Routine, rights: Collection[Right], *, by: Actor, at: datetime) -> StandingRule:
    """Write the next version of a rule; it does nothing until somebody else activates it."""
    RULES.proposers.check(by)
    if not rights:
        raise RuleRefused(_("Choose at least one right to whose cases the rule is applied."))
    if not MAY_COVER[routine].issuperset(rights):
        raise RuleRefused(_("This rule can't be applied to one of these rights: a person decides there."))
    last = StandingRule.objects.select_for_update().filter(routine=routine).order_by("-version").first()
    rule = StandingRule(routine=routine, version=last.version + 1 if last else 1, rights=sorted(rights))
    return RULES.propose(rule, by=by, at=at)


def in_force(routine: Routine, right: Right) -> StandingRule | None:
    """The version that is applied to cases of this right; None if a person does it."""
    rule = StandingRule.objects.in_force().filter(routine=routine).first()
    return rule if rule is not None and rule.covers(right) else None


def facts_of(rule: StandingRule) -> dict[str, Fact]:
    """How the event of an application names the rule."""
    return {"rule": rule.routine, "version": rule.version}


def gather(case: Case, *, at: datetime) -> None:
    """Send the workers if a rule says so and nothing needs a person; ``case`` is locked, its identity accepted."""
    rule = in_force(Routine.GATHER_WHEN_VERIFIED, case.right_answered)
    if rule is None or case.state != State.REVIEWING:
        return
    try:
        guards.check_start_gathering(case, SYSTEM, local_day(at))
    except MoveShut:  # the desk sees why
        return
    change_state(
        case, EventKind.START_GATHERING, case.start_gathering, by=SYSTEM, at=at, rule=rule.routine, version=rule.version
    )
    work().gather(case, at=at)


def answer(case: Case, *, at: datetime) -> None:
    """Answer that nothing was found if a rule says so and nothing needs a person; ``case`` is locked, and deciding."""
    rule = in_force(Routine.RELEASE_NOTHING_FOUND, case.right_answered)
    if rule is None or work().anything_found(case) or work().looks_alike(case):
        return
    if work().withheld(case) or guards.needs_second_person(case):
        return
    try:
        guards.check_approve(case, SYSTEM, local_day(at))
    except MoveShut:
        return
    change_state(
        case,
        EventKind.APPROVE,
        lambda: case.approve(at=at),
        by=SYSTEM,
        at=at,
        four_eyes=False,
        nothing_found_in=list(work().nothing_found_in(case)),
        rule=rule.routine,
        version=rule.version,
    )
    work().carry_out(case, at=at)
