"""The page of standing rules: what each does, who stands behind it, and the buttons."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from requests_app.admin.two_people import standing_of
from requests_app.models import Routine, StandingRule
from requests_app.roles import Role
from requests_app.services import standing
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

RULES = "/admin/requests_app/standingrule/"
GATHER = Routine.GATHER_WHEN_VERIFIED.value


def press(client: Client, **given: object) -> str:
    """Press a button; what the page says then."""
    response = client.post(RULES, given)
    assert response.status_code == 302
    return text_of(client, RULES)


def test_every_rule_is_off_until_somebody_activates_it(desk: Desk) -> None:
    page = text_of(desk.client(Role.ANALYST), RULES)
    assert page.count("Nobody has proposed it.") == len(Routine)
    assert page.count("off") >= len(Routine)
    assert "without a review by a person. Not if the yearly limit is reached" in page


def test_an_analyst_proposes_and_an_approver_activates(desk: Desk) -> None:
    analyst, approver = desk.client(Role.ANALYST), desk.client(Role.APPROVER)
    page = press(analyst, do="propose", routine=GATHER, rights=["know_specific", "portability"])
    assert "Gather when verified and below the limit, version 1: proposed." in page
    assert 'value="accept"' not in page
    rule = StandingRule.objects.get()
    page = press(approver, do="accept", row=rule.pk)
    assert "version 1: in force." in page
    assert "Proposed by analyst on 2026-11-23." in page
    assert "Put in force by approver on 2026-11-23." in page
    assert "ended." in press(analyst, do="end", row=rule.pk)
    assert not StandingRule.objects.in_force().exists()


def test_a_step_of_the_evening_is_told_with_the_local_day(desk: Desk) -> None:
    actor, evening = desk.staff[Role.ANALYST].as_actor(), datetime(2026, 11, 24, 3, tzinfo=UTC)  # 7 p.m. in California
    rule = StandingRule(proposed_by=actor.slug, proposed_at=evening)
    assert standing_of(rule, standing.RULES, actor=actor, accept="Activate").steps == (
        "Proposed by analyst on 2026-11-23.",
    )


def test_who_proposed_a_version_is_told_that_another_one_activates_it(desk: Desk) -> None:
    approver = desk.client(Role.APPROVER)
    press(approver, do="propose", routine=GATHER, rights=["know_specific"])
    page = press(approver, do="accept", row=StandingRule.objects.get().pk)
    assert "You proposed this rule yourself" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"do": "propose", "routine": GATHER}, "at least one right"),
        ({"do": "propose", "routine": GATHER, "rights": ["delete"]}, "a person decides there"),
        ({"do": "propose", "routine": "no_such", "rights": ["know_specific"]}, "one of the offered values"),
        ({"do": "propose", "routine": GATHER, "rights": ["no_such"]}, "one of the offered values"),
        ({"do": "accept", "row": "x"}, "no such rule"),
        ({"do": "end", "row": "9" * 40}, "no such rule"),
        ({"do": "dance"}, "no such step"),
        ({}, "no such step"),
    ],
)
def test_what_can_t_be_is_said_and_nothing_is_done(desk: Desk, given: dict[str, object], said: str) -> None:
    assert said in press(desk.client(Role.APPROVER), **given)
    assert not StandingRule.objects.exists()


def test_an_auditor_reads_and_an_administrator_does_not(desk: Desk) -> None:
    auditor = desk.client(Role.AUDITOR)
    assert "Propose" not in text_of(auditor, RULES)
    assert "for analysts and approvers" in press(auditor, do="propose", routine=GATHER, rights=["know_specific"])
    assert desk.client(Role.ADMINISTRATOR).get(RULES).status_code == 403
