"""Standing rules: two people put one in force, the system applies it, and it never decides what needs a person."""

from __future__ import annotations

from datetime import datetime

import pytest

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app.law.words import Right
from requests_app.models import Case, Routine, StandingRule
from requests_app.roles import Actor, Role
from requests_app.services import standing
from requests_app.services.history import local_day
from requests_app.services.letters import Letter
from requests_app.services.standing import RuleRefused
from requests_app.states import Outcome, State
from tests.requests_app.company import Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
    a_case,
    a_person_with,
    a_submission,
    case_in,
    confirm,
    days,
    fresh,
    move,
    offer,
    prove,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow, pytest.mark.usefixtures("house")]

LONG_AGO = AT - days(400)
OTHER_APPROVER = Actor("staff:4", frozenset({Role.APPROVER}))
AUDITOR = Actor("staff:5", frozenset({Role.AUDITOR}))
GATHER, KEEP, RELEASE = Routine.GATHER_WHEN_VERIFIED, Routine.KEEP_BY_SCHEDULE, Routine.RELEASE_NOTHING_FOUND


def in_force(routine: Routine, *rights: Right, at: datetime = LONG_AGO) -> StandingRule:
    rule = standing.propose(routine, rights, by=ANALYST, at=at)
    return standing.activate(rule.pk, by=APPROVER, at=at)


def settings_noted(at: datetime = AT) -> list[Event]:
    return list(chains.history(chains.access_chain(local_day(at))).filter(kind="set.standing_rule"))


def event(case: Case, kind: str) -> Event:
    return chains.history(case.chain).get(kind=kind)


class TestARule:
    """How one comes into force, and out of it."""

    def test_is_off_until_an_approver_activates_it(self) -> None:
        rule = standing.propose(GATHER, [Right.KNOW_SPECIFIC], by=ANALYST, at=AT)
        assert standing.in_force(GATHER, Right.KNOW_SPECIFIC) is None
        standing.activate(rule.pk, by=APPROVER, at=AT)
        assert standing.in_force(GATHER, Right.KNOW_SPECIFIC) == rule
        assert standing.in_force(GATHER, Right.KNOW_CATEGORIES) is None

    def test_is_activated_by_nobody_but_an_approver(self) -> None:
        rule = standing.propose(GATHER, [Right.KNOW_SPECIFIC], by=ANALYST, at=AT)
        with pytest.raises(RuleRefused, match="An approver activates"):
            standing.activate(rule.pk, by=OTHER_ANALYST, at=AT)

    def test_is_not_activated_by_who_has_proposed_it(self) -> None:
        rule = standing.propose(GATHER, [Right.KNOW_SPECIFIC], by=APPROVER, at=AT)
        with pytest.raises(RuleRefused, match="You proposed this rule yourself"):
            standing.activate(rule.pk, by=APPROVER, at=AT)
        assert standing.activate(rule.pk, by=OTHER_APPROVER, at=AT).is_in_force

    def test_ends_when_the_next_version_comes_into_force(self) -> None:
        first = in_force(GATHER, Right.KNOW_SPECIFIC)
        second = in_force(GATHER, Right.KNOW_SPECIFIC, Right.PORTABILITY)
        first.refresh_from_db()
        assert (first.version, second.version) == (1, 2)
        assert not first.is_in_force
        assert standing.in_force(GATHER, Right.PORTABILITY) == second

    def test_can_be_stopped_by_anybody_at_the_desk_and_stays_stopped(self) -> None:
        rule = in_force(GATHER, Right.KNOW_SPECIFIC)
        with pytest.raises(RuleRefused, match="for analysts and approvers"):
            standing.end(rule.pk, by=AUDITOR, at=AT)
        standing.end(rule.pk, by=OTHER_ANALYST, at=AT)
        assert standing.in_force(GATHER, Right.KNOW_SPECIFIC) is None
        with pytest.raises(RuleRefused, match="ended already"):
            standing.end(rule.pk, by=ANALYST, at=AT)
        with pytest.raises(RuleRefused, match="propose a new one"):
            standing.activate(rule.pk, by=OTHER_APPROVER, at=AT)

    def test_a_proposal_can_be_taken_back(self) -> None:
        rule = standing.propose(GATHER, [Right.KNOW_SPECIFIC], by=ANALYST, at=AT)
        standing.end(rule.pk, by=ANALYST, at=AT)
        with pytest.raises(RuleRefused):
            standing.activate(rule.pk, by=APPROVER, at=AT)

    def test_that_is_not_there_can_t_be_activated(self) -> None:
        with pytest.raises(RuleRefused, match="no such rule"):
            standing.activate(99, by=APPROVER, at=AT)

    @pytest.mark.parametrize(
        ("routine", "right"), [(GATHER, Right.DELETE), (RELEASE, Right.CORRECT), (KEEP, Right.KNOW_SPECIFIC)]
    )
    def test_can_t_be_made_for_a_right_where_a_person_decides(self, routine: Routine, right: Right) -> None:
        with pytest.raises(RuleRefused, match="a person decides there"):
            standing.propose(routine, [right], by=ANALYST, at=AT)

    def test_needs_a_right(self) -> None:
        with pytest.raises(RuleRefused, match="at least one right"):
            standing.propose(GATHER, [], by=ANALYST, at=AT)

    def test_leaves_a_note_of_each_step(self) -> None:
        rule = standing.propose(GATHER, [Right.KNOW_SPECIFIC], by=ANALYST, at=AT)
        standing.activate(rule.pk, by=APPROVER, at=AT)
        standing.end(rule.pk, by=ANALYST, at=AT)
        assert [(noted.actor, noted.facts["step"]) for noted in settings_noted()] == [
            ("staff:1", "proposed"),
            ("staff:3", "activated"),
            ("staff:1", "ended"),
        ]

    def test_says_what_it_does(self) -> None:
        assert set(standing.WHAT_IT_DOES) == set(standing.MAY_COVER) == set(Routine)


class TestGathering:
    """The sources are searched as soon as the identity is accepted."""

    def test_begins_by_itself_and_names_rule_and_version(self) -> None:
        in_force(GATHER, Right.KNOW_SPECIFIC)
        case = a_case()
        prove(case.submission)
        started = event(case, "start_gathering")
        assert (started.actor, started.facts["rule"], started.facts["version"]) == ("system", GATHER.value, 1)
        assert fresh(case).state == State.DECIDING  # and the workers were there already

    def test_waits_for_a_person_without_a_rule_for_this_right(self) -> None:
        in_force(GATHER, Right.PORTABILITY)
        assert case_in(State.REVIEWING).state == State.REVIEWING

    def test_waits_for_a_person_where_the_limit_is_reached(self) -> None:
        a_person_with(2)
        in_force(GATHER, Right.KNOW_SPECIFIC)
        case = a_case()
        prove(case.submission)
        assert fresh(case).state == State.REVIEWING
        assert "Decide on the limit first" in shut_because(case, "start_gathering")

    def test_begins_where_a_person_has_the_request_answered_as_categories(self, company: Company) -> None:
        in_force(GATHER, Right.KNOW_CATEGORIES)
        submission = a_submission()
        confirm(submission)
        offer(submission, declared_name="", postal_code=company.people[0]["postal_code"])
        case = the_case(submission, Right.KNOW_SPECIFIC)
        assert case.state == State.VERIFYING
        move(case, "fall_back")
        assert event(case, "start_gathering").actor == "system"


class TestNothingFound:
    """The answer that nothing is held goes out by itself."""

    def test_is_answered_by_itself_and_names_rule_and_version(self, company: Company) -> None:
        company.finds = False
        in_force(RELEASE, Right.KNOW_SPECIFIC)
        case = case_in(State.GATHERING)
        run_jobs()
        approved = event(case, "approve")
        assert (approved.actor, approved.facts["rule"], approved.facts["version"]) == ("system", RELEASE.value, 1)
        assert fresh(case).outcome == Outcome.FULFILLED
        assert case.messages.get(letter=Letter.ANSWER_READY).reached_on == AT.date()

    def test_waits_for_a_person_if_anything_was_found(self) -> None:
        in_force(RELEASE, Right.KNOW_SPECIFIC)
        assert case_in(State.DECIDING).state == State.DECIDING

    def test_waits_for_a_person_if_anything_is_withheld_or_was_left_out(self, company: Company) -> None:
        company.finds = False
        in_force(RELEASE, Right.KNOW_SPECIFIC)
        case = case_in(State.GATHERING)
        company.kept_back[case.pk] = 1
        run_jobs()
        assert fresh(case).state == State.DECIDING

    def test_waits_for_a_person_if_a_record_looks_like_theirs(self, company: Company) -> None:
        company.finds, company.meets_alike = False, True
        in_force(RELEASE, Right.KNOW_SPECIFIC)
        assert case_in(State.DECIDING).state == State.DECIDING

    def test_waits_for_a_person_where_the_limit_was_reached_meanwhile(self, company: Company) -> None:
        company.finds = False
        case = case_in(State.GATHERING)
        a_person_with(2)
        in_force(RELEASE, Right.KNOW_SPECIFIC)
        run_jobs()
        assert fresh(case).state == State.DECIDING

    def test_deletes_nothing(self, company: Company) -> None:
        company.finds = False
        in_force(RELEASE, Right.KNOW_SPECIFIC)
        assert case_in(State.DECIDING, Right.DELETE).state == State.DECIDING
