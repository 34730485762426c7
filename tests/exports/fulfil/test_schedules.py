"""Retention schedules: checked against packs and maps, accepted by a second person, kept by deletions under a rule."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from exports.fulfil import schedules
from exports.fulfil.account import account_of
from exports.fulfil.schedules import Proposal
from exports.models import DataSource, RetentionSchedule
from exports.reports.case_report import report_html
from exports.sources.datamap import Keep
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Routine
from requests_app.roles import Actor, Role
from requests_app.services import standing
from requests_app.services.letters import Letter
from requests_app.services.standing import RuleRefused
from requests_app.states import Outcome
from tests.exports.house import ANALYST, APPROVER, House, facts_of
from tests.requests_app.factories import shut_because

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

REVIEWS = Proposal("shop.reviews", {"ccpa": "ca_105d8_legal_obligation"}, years=3)
AUDITOR = Actor("staff:9", frozenset({Role.AUDITOR}))


def proposed(proposal: Proposal = REVIEWS, *, by: Actor = ANALYST) -> RetentionSchedule:
    return schedules.propose(proposal, by=by, at=timezone.now())


def in_force(proposal: Proposal = REVIEWS) -> RetentionSchedule:
    return schedules.accept(proposed(proposal).pk, by=APPROVER, at=timezone.now())


def the_rule() -> None:
    rule = standing.propose(Routine.KEEP_BY_SCHEDULE, [Right.DELETE], by=ANALYST, at=timezone.now())
    standing.activate(rule.pk, by=APPROVER, at=timezone.now())


def changed(**changes: Any) -> Proposal:
    return Proposal(**{"covers": REVIEWS.covers, "grounds": REVIEWS.grounds, "years": 3, **changes})


class TestASchedule:
    """What is checked before one comes into force."""

    def test_is_accepted_by_an_approver_who_has_not_proposed_it(self, house: House) -> None:
        schedule = proposed(by=APPROVER)
        with pytest.raises(RuleRefused, match="You proposed this schedule yourself"):
            schedules.accept(schedule.pk, by=APPROVER, at=timezone.now())
        with pytest.raises(RuleRefused, match="An approver accepts"):
            schedules.accept(schedule.pk, by=ANALYST, at=timezone.now())
        assert not RetentionSchedule.objects.in_force().exists()
        assert in_force().is_in_force

    def test_is_proposed_and_ended_by_nobody_but_the_desk(self, house: House) -> None:
        with pytest.raises(RuleRefused, match="for analysts and approvers"):
            proposed(by=AUDITOR)
        schedule = in_force()
        with pytest.raises(RuleRefused, match="for analysts and approvers"):
            schedules.end(schedule.pk, by=AUDITOR, at=timezone.now())

    def test_ends_once_and_comes_back_no_more(self, house: House) -> None:
        schedule = in_force()
        schedules.end(schedule.pk, by=ANALYST, at=timezone.now())
        with pytest.raises(RuleRefused, match="ended already"):
            schedules.end(schedule.pk, by=ANALYST, at=timezone.now())
        with pytest.raises(RuleRefused, match="propose a new one"):
            schedules.accept(schedule.pk, by=APPROVER, at=timezone.now())
        with pytest.raises(RuleRefused, match="no such schedule"):
            schedules.accept(99999, by=APPROVER, at=timezone.now())

    @pytest.mark.parametrize(
        ("proposal", "cure"),
        [
            (changed(grounds={"ccpa": "ca_105d8_legal"}), "CCPA has no ground 'ca_105d8_legal'.*choose one of"),
            (changed(grounds={"ccpa": "ca_145k_rights"}), "choose one of .*ca_105d8_legal_obligation"),
            (changed(grounds={"ccpa": "ca_140_not_consumer"}), "has no ground"),
            (changed(grounds={"us_zz": "x"}), "There is no law 'us_zz': choose one of"),
            (changed(grounds={}), "at least one law"),
            (changed(covers="shop.review"), "No source has a collection 'shop.review'.*source.collection"),
            (changed(covers="mall.reviews"), "No source has a collection"),
            (changed(covers="commercials"), "or a category: .*commercial"),
            (changed(counted_from="no_such"), "has no column 'no_such': choose one of"),
            (changed(covers="commercial", counted_from="created_at"), "no date column of its own"),
            (changed(years=0), "1 to 100 years"),
            (changed(years=101), "1 to 100 years"),
            (changed(until=date(2020, 1, 1)), "last day has passed"),
        ],
    )
    def test_that_nothing_knows_is_refused_with_the_cure(self, house: House, proposal: Proposal, cure: str) -> None:
        with pytest.raises(RuleRefused, match=cure):
            proposed(proposal)
        assert not RetentionSchedule.objects.exists()


class TestADeletion:
    """What a schedule keeps of it."""

    def test_keeps_what_is_named_on_its_ground_and_says_until_when(self, house: House) -> None:
        in_force()
        the_rule()
        case = house.closed(Right.DELETE)
        (kept,) = (sentence for sentence in account_of(case, "en") if sentence.startswith("Reviews: "))
        assert kept.startswith("Reviews: 3 records kept. ")
        received = case.received_on()
        assert f"kept until {received.day} {received.strftime('%B')} {received.year + 3} at the latest." in kept
        assert "(CCPA, Civ. Code 1798.105(d)(8))" in kept
        assert case.outcome == Outcome.PARTLY_FULFILLED
        assert house.sql("shop", "SELECT count(*) FROM reviews") != [(0,)]
        assert "Legal obligation to keep" in report_html(case)

    def test_of_which_everything_is_kept_is_refused_and_passed_on_to_nobody(self, house: House) -> None:
        for table in ("ad_segments", "page_views", "web_devices"):
            house.sql("web_log", f"DELETE FROM {table}")
        for collection in DataSource.objects.get(slug="shop").map_version.as_map().collections:
            if not isinstance(collection.on_delete, Keep):
                in_force(changed(covers=f"shop.{collection.name}"))
        the_rule()
        case = house.closed(Right.DELETE)
        assert (case.outcome, facts_of(case, EventKind.RECIPIENT_TOLD)) == (Outcome.REFUSED, [])
        letter = " ".join(case.messages.get(letter=Letter.REFUSAL).text.split())
        assert "These are the reasons: - Customer account: 1 record kept. " in letter
        assert "everything else" not in letter
        assert "use it for that purpose only" in letter

    def test_writes_the_application_with_rule_and_version_into_the_history(self, house: House) -> None:
        in_force()
        the_rule()
        case = house.deciding(Right.DELETE)
        (facts,) = facts_of(case, EventKind.KEPT_BY_SCHEDULE)
        received = case.received_on()
        assert facts == {
            "source": "shop",
            "kept": {"reviews": 3},
            "code": "ca_105d8_legal_obligation",
            "until": received.replace(year=received.year + 3).isoformat(),
            "rule": "keep_by_schedule",
            "version": 1,
        }

    def test_deletes_it_without_a_rule_in_force(self, house: House) -> None:
        in_force()
        case = house.closed(Right.DELETE)
        assert "Reviews: 3 records deleted." in account_of(case, "en")

    def test_deletes_it_by_a_schedule_that_nobody_has_accepted_or_that_is_over(self, house: House) -> None:
        proposed()
        over = in_force(changed(until=date(2030, 1, 1)))
        RetentionSchedule.objects.filter(pk=over.pk).update(until=date(2020, 1, 1))
        the_rule()
        assert "Reviews: 3 records deleted." in account_of(house.closed(Right.DELETE), "en")

    def test_deletes_it_where_the_schedule_has_no_ground_for_the_law_of_the_case(self, house: House) -> None:
        in_force(changed(grounds={"gdpr": "gdpr_17_3_b_legal_obligation"}))
        the_rule()
        assert "Reviews: 3 records deleted." in account_of(house.closed(Right.DELETE), "en")

    def test_ends_no_later_than_the_schedule(self, house: House) -> None:
        in_force(changed(until=date(2027, 6, 30)))
        the_rule()
        case = house.deciding(Right.DELETE)
        assert facts_of(case, EventKind.KEPT_BY_SCHEDULE)[0]["until"] == "2027-06-30"

    def test_counts_rows_past_their_time_for_the_desk(self, house: House) -> None:
        house.sql("shop", "UPDATE reviews SET written_at = '2020-02-29 10:00:00'")
        in_force(changed(years=1, counted_from="written_at"))
        the_rule()
        run = house.deciding(Right.DELETE).source_runs.get(source__slug="shop")
        assert run.past_keeping["reviews"] == 3

    def test_is_approved_by_a_second_person_all_the_same(self, house: House) -> None:
        in_force()
        the_rule()
        case = house.deciding(Right.DELETE)
        assert "Four eyes" in shut_because(case, "approve", at=timezone.now())

    def test_of_another_right_is_not_touched(self, house: House) -> None:
        in_force()
        the_rule()
        case = house.deciding(Right.KNOW_SPECIFIC)
        assert all(run.scheduled == {} for run in case.source_runs.all())
