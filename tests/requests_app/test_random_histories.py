"""Random histories through the real services: after every step, every rule of the house holds."""

from __future__ import annotations

import logging
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from requests_app.moves import SERVICES
from tests.requests_app.beginnings import STAND_INS, before_all_histories
from tests.requests_app.company import Company
from tests.requests_app.histories import Histories

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"]),
    pytest.mark.slow,
    pytest.mark.no_cover,  # every line is covered by tests of its own, and these would take three times as long
]

STEPS = 12
FEW, MANY = 60, 5000
HALVES = ("one half", "the other half")  # of the many, so that both cores have something to do
# What must have happened over all histories, or they show little.
OFTEN = {
    "received", "ask_proof", "take_up", "restricted", "act_at_once", "mailbox_confirmed", "person_found",
    "proof_offered", "probed", "accept_proof", "start_gathering", "source_done", "findings_ready", "approve",
    "carried_out", "write_answer", "finish", "refuse", "withdraw", "ask_reopening", "reopen", "letter_queued",
    "letter_accepted", "duty_met", "content_shredded",
}  # fmt: skip
# What needs several things to meet: many histories come to it, a few to some of it.
SELDOM = {
    "ask_clarification", "clarified", "extend", "extension_void", "assign", "decide_limit", "waive_source",
    "gather_again", "withhold", "lift_withholding", "hand_back", "fall_back", "probe_failed", "letter_failed",
    "letter_bounced", "told_otherwise", "refuse_opt_out", "redirect", "merge", "download_closed", "open_download",
    "reminded", "restriction_lifted",
}  # fmt: skip
SOME_OF_THEM = 8


@pytest.fixture
def before(
    house: Company, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The world as every history finds it; jobs fail often, and say so."""
    caplog.set_level(logging.CRITICAL, logger="dsar.jobs.running")
    settings.EMAIL_BACKEND = "tests.requests_app.beginnings.PostOffice"
    for slug, service in STAND_INS.items():
        monkeypatch.setitem(SERVICES, slug, service)
    monkeypatch.setattr(Histories, "made", Counter())
    monkeypatch.setattr(Histories, "beginning", before_all_histories(house), raising=False)


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize(
    "examples",
    [
        pytest.param(FEW, marks=pytest.mark.timeout(1800)),
        *(
            pytest.param(MANY // len(HALVES), marks=[pytest.mark.soak, pytest.mark.timeout(10_000)], id=half)
            for half in HALVES
        ),
    ],
)
def test_no_history_breaks_a_rule(examples: int) -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=examples == FEW,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
    print(f"\n{Histories.examples} histories, {Histories.steps} steps")
    for kind, number in Histories.made.most_common():
        print(f"{number:8}  {kind}")
    made = set(Histories.made)
    assert OFTEN - made == set()
    assert len(SELDOM & made) >= (SOME_OF_THEM if examples == FEW else len(SELDOM))
