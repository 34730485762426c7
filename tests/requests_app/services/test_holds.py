"""Holds: placed, renewed, released, taken from a file; found by what names the person, and by nothing else."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest

from dsar.ledger.models import Event
from dsar.vault import digests
from dsar.vault.models import WrappedKey
from requests_app import holding
from requests_app.law.words import Right
from requests_app.models import Case, Hold, HoldIdentifier, Organisation
from requests_app.move import InputRefused
from requests_app.roles import Actor, Role
from requests_app.services import hold_lists, holds
from requests_app.services.hold_lists import ListRefused
from requests_app.services.holds import Asked, HoldRefused
from requests_app.states import State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import ANALYST, APPROVER, AT, case_in, days, fresh, move

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

SAMS = frozenset({("email", SAM["email"])})
TODAY = date(2026, 11, 23)
HEAD = ",".join(hold_lists.COLUMNS)
AUDITOR = Actor("staff:9", frozenset({Role.AUDITOR}))


@pytest.fixture
def organisation(house: Company) -> Organisation:
    return case_in(State.DECIDING, Right.DELETE).submission.organisation


@pytest.fixture
def case(organisation: Organisation) -> Case:
    return fresh(Case.objects.get())


def asked(**changes: Any) -> Asked:
    return Asked(**{"kind": "legal", "matter": "Docket 26-101", "person": SAMS, **changes})


def placed(organisation: Organisation, *, at: datetime = AT, **changes: Any) -> Hold:
    return holds.place(organisation, asked(**changes), by=ANALYST, at=at)


def found(case: Case, on: date = TODAY, *, sources: tuple[str, ...] = ()) -> list[Hold]:
    return holding.holds_on(case, on, sources=sources)


class TestPlacing:
    """What a hold is, and what is refused."""

    @pytest.mark.parametrize(
        ("changes", "about", "cure"),
        [
            ({"ends": date(2026, 11, 22)}, "ends", "have ended on 22 November 2026"),
            ({"begins": date(2027, 1, 2), "ends": date(2027, 1, 1)}, "ends", "end before it begins"),
            ({"begins": date(2046, 1, 2)}, "begins", "begin in years"),
            ({"kind": "law_enforcement", "begins": date(2026, 8, 24)}, "ends", "have ended on 22 November 2026"),
            ({"kind": "law_enforcement", "ends": date(2027, 5, 1)}, "ends", "ends on 21 February 2027"),
            ({"kind": "litigation"}, "kind", "legal and law_enforcement"),
            ({"source": "mall"}, "source", "Known are: shop"),
            ({"matter": "  "}, "matter", "docket or case number"),
            ({"matter": "x" * 201}, "matter", "at most 200"),
            ({"matter": "sam@example.com v. us"}, "matter", "leave addresses and names out"),
            ({"person": frozenset()}, "identifier", "Say whom it is about"),
            ({"person": frozenset({("name", "Sam")})}, "identifier_kind", "email, account_number, phone"),
            ({"person": frozenset({("email", "Sam")})}, "identifier", "no identifier of that kind"),
            ({"person": frozenset({("phone", "none")})}, "identifier", "no identifier of that kind"),
        ],
    )
    def test_what_can_not_be_held_is_refused_with_the_cure(
        self, organisation: Organisation, changes: dict[str, Any], about: str, cure: str
    ) -> None:
        keys_before = WrappedKey.objects.count()
        with pytest.raises(HoldRefused, match=cure) as refused:
            placed(organisation, **changes)
        assert refused.value.about == about
        assert not Hold.objects.exists()
        assert WrappedKey.objects.count() == keys_before

    def test_a_direction_of_the_police_holds_for_the_days_of_the_law_and_a_legal_hold_until_released(
        self, organisation: Organisation
    ) -> None:
        assert placed(organisation, kind="law_enforcement").ends == date(2027, 2, 21)
        assert placed(organisation).ends is None

    def test_the_identifier_is_sealed_and_no_event_names_anybody(self, organisation: Organisation) -> None:
        hold = placed(organisation)
        (identifier,) = hold.identifiers.all()
        assert identifier.value == SAM["email"]
        assert SAM["email"].encode() not in bytes(identifier.value_sealed or b"")
        (event,) = Event.objects.filter(kind="set.hold")
        assert event.facts == {
            "step": "placed",
            "hold": hold.pk,
            "hold_kind": "legal",
            "begins": "2026-11-23",
        }
        assert hold.matter not in json.dumps(event.facts)

    def test_only_the_desk_places_and_renews_and_an_approver_releases(self, organisation: Organisation) -> None:
        with pytest.raises(HoldRefused, match="for analysts and approvers"):
            holds.place(organisation, asked(), by=AUDITOR, at=AT)
        hold = placed(organisation, ends=date(2027, 1, 1))
        with pytest.raises(HoldRefused, match="for analysts and approvers"):
            holds.renew(hold.pk, ends=date(2028, 1, 1), by=AUDITOR, at=AT)
        with pytest.raises(HoldRefused, match="An approver releases"):
            holds.release(hold.pk, by=ANALYST, at=AT)


class TestRenewing:
    """Longer, and over."""

    def test_the_police_renew_by_as_many_days_once_a_period(self, organisation: Organisation) -> None:
        hold = placed(organisation, kind="law_enforcement")
        renewed = holds.renew(hold.pk, by=ANALYST, at=AT + days(80))
        assert renewed.ends == date(2027, 5, 22)
        (kept,) = renewed.renewals.all()
        assert (kept.ended, kept.ends, kept.renewed_by) == (date(2027, 2, 21), date(2027, 5, 22), ANALYST.slug)
        with pytest.raises(HoldRefused, match="renewed already"):
            holds.renew(hold.pk, by=ANALYST, at=AT + days(80))
        with pytest.raises(HoldRefused, match="give no day"):
            holds.renew(hold.pk, ends=date(2030, 1, 1), by=ANALYST, at=AT + days(120))

    def test_what_is_over_released_or_without_end_is_not_renewed(self, organisation: Organisation) -> None:
        hold = placed(organisation, ends=date(2026, 12, 1))
        with pytest.raises(HoldRefused, match="last day after 1 December 2026"):
            holds.renew(hold.pk, ends=date(2026, 12, 1), by=ANALYST, at=AT)
        with pytest.raises(HoldRefused, match="ended on 1 December 2026: place a new one"):
            holds.renew(hold.pk, ends=date(2027, 2, 1), by=ANALYST, at=AT + days(9))
        with pytest.raises(HoldRefused, match="nothing to renew"):
            holds.renew(placed(organisation).pk, ends=date(2027, 2, 1), by=ANALYST, at=AT)
        holds.release(hold.pk, by=APPROVER, at=AT)
        with pytest.raises(HoldRefused, match="released already"):
            holds.release(hold.pk, by=APPROVER, at=AT)
        with pytest.raises(HoldRefused, match="no such hold"):
            holds.release(hold.pk + 99, by=APPROVER, at=AT)


class TestLookingUp:
    """Whose data a hold keeps, and when."""

    def test_it_is_found_from_its_first_to_its_last_day_however_the_address_is_written(
        self, organisation: Organisation, case: Case
    ) -> None:
        person = frozenset({("email", f" {SAM['email'].upper()} ")})
        hold = placed(organisation, person=person, begins=date(2026, 11, 24), ends=date(2026, 11, 30))
        assert found(case, date(2026, 11, 23)) == []
        assert found(case, date(2026, 11, 24)) == found(case, date(2026, 11, 30)) == [hold]
        assert found(case, date(2026, 12, 1)) == []
        holds.release(hold.pk, by=APPROVER, at=AT)
        assert found(case, date(2026, 11, 24)) == []

    def test_nobody_elses_hold_is_found(self, organisation: Organisation, case: Case) -> None:
        placed(organisation, person=frozenset({("email", "pat@example.com")}))
        assert found(case) == []

    def test_everybody_of_a_source_is_held_there_alone(self, organisation: Organisation, case: Case) -> None:
        hold = placed(organisation, person=frozenset(), source="shop")
        assert found(case, sources=("shop", "log")) == [hold]
        assert found(case, sources=("log",)) == []
        assert hold.covers("shop")
        assert not hold.covers("log")

    def test_it_is_found_after_the_digest_key_was_rotated(self, organisation: Organisation, case: Case) -> None:
        hold = placed(organisation)
        digests.rotate("hold:email", at=AT)
        assert found(case) == [hold]

    @pytest.mark.parametrize(("typed", "known"), [("a-1001", "A-1001"), ("A 1001", "A-1001"), ("A-1001", "a1001")])
    def test_an_account_number_is_one_however_it_is_typed(
        self, organisation: Organisation, typed: str, known: str
    ) -> None:
        hold = placed(organisation, person=frozenset({("account_number", typed)}))
        assert holding.holds_naming([("account_number", known)], TODAY, source="shop") == [hold]
        assert holding.holds_naming([("account_number", "A-1002")], TODAY, source="shop") == []
        assert hold.identifiers.get().value == typed

    def test_a_hold_from_before_all_spellings_were_one_is_found_as_it_was_typed(
        self, organisation: Organisation
    ) -> None:
        hold = placed(organisation, person=frozenset({("account_number", "A-1001")}))
        as_typed = digests.digest("hold:account_number", "A-1001")
        assert hold.identifiers.exclude(digest=as_typed).update(digest=as_typed)
        assert holding.holds_naming([("account_number", "A-1001")], TODAY, source="shop") == [hold]

    def test_what_was_only_claimed_shows_nobody_a_hold_on_somebody_else(
        self, organisation: Organisation, case: Case
    ) -> None:
        placed(organisation, person=frozenset({("account_number", "A-2002")}))
        other = case_in(State.DECIDING, Right.DELETE, account_number="A-2002")
        assert other.submission.account_number == "A-2002"
        assert found(fresh(other)) == []


class TestOnACase:
    """The moves."""

    def test_the_hold_of_a_case_names_its_person_by_all_that_is_proved(self, case: Case) -> None:
        move(case, "hold", kind="law_enforcement", matter="Case 7", told="secret")
        (hold,) = found(case)
        assert hold.is_secret
        assert set(hold.identifiers.values_list("kind", flat=True)) == {kind for kind, _value in holding.known_of(case)}
        move(fresh(case), "release_hold", by=APPROVER, hold=str(hold.pk))
        assert found(case) == []

    def test_a_last_day_of_yesterday_is_refused_beside_its_field(self, case: Case) -> None:
        with pytest.raises(InputRefused) as refused:
            move(case, "hold", kind="legal", matter="Case 7", told="told", ends="2026-11-22")
        assert refused.value.errors.keys() == {"ends"}
        assert not Hold.objects.exists()


def the_file(*lines: str) -> bytes:
    return "\n".join((HEAD, *lines)).encode()


GOOD = (
    "legal,Docket 26-101,,email,sam@example.com,2026-11-01,,told",
    "law_enforcement,Case 7,shop,account_number,A-1001,2026-11-20,,secret",
    'legal,"Docket 26-102, part 2",shop,,,2026-11-01,2027-11-01,told',
)


class TestAFile:
    """All lines or none, and twice is once."""

    def test_each_line_is_a_hold_and_the_same_file_twice_places_nothing_twice(
        self, organisation: Organisation, case: Case
    ) -> None:
        imported = hold_lists.import_csv(organisation, the_file(*GOOD, "", ",,,,,,,"), by=ANALYST, at=AT)
        assert (imported.placed, imported.known, imported.released) == (3, 0, ())
        assert len(found(case, sources=("shop",))) == 3
        again = hold_lists.import_csv(organisation, the_file(*GOOD, *GOOD), by=ANALYST, at=AT + days(200))
        assert (again.placed, again.known) == (0, 6)
        assert Hold.objects.count() == 3
        assert HoldIdentifier.objects.count() == 2

    def test_a_hold_that_was_released_stays_so_and_its_line_is_named(self, organisation: Organisation) -> None:
        hold_lists.import_csv(organisation, the_file(*GOOD), by=ANALYST, at=AT)
        holds.release(Hold.objects.get(matter="Case 7").pk, by=APPROVER, at=AT)
        assert hold_lists.import_csv(organisation, the_file(*GOOD), by=ANALYST, at=AT).released == (3,)
        assert Hold.objects.count() == 3

    def test_one_bad_line_of_many_places_nothing_and_each_is_named_without_what_it_says(
        self, organisation: Organisation
    ) -> None:
        bad = (
            "legal,Docket 1,,email,not an address of Pat's,2026-11-01,,told",
            "legal,Docket 1,,email,pat@example.com,2026-11-01,2026-11-22,told",
            "legal,Docket 1,,email,pat@example.com,1 November,,told",
            "legal,Docket 1,,email,pat@example.com,,,told",
            "legal,Docket 1,,email,,2026-11-01,,told",
            "legal,Docket 1,,email,pat@example.com,2026-11-01,,",
            "legal,Docket 1,mall,email,pat@example.com,2026-11-01,,told",
            "legal,,,email,pat@example.com,2026-11-01,,told",
            "subpoena,Docket 1,,email,pat@example.com,2026-11-01,,told",
            "legal,Docket 1",
        )
        with pytest.raises(ListRefused) as refused:
            hold_lists.import_csv(organisation, the_file(GOOD[0], *bad[:-1]), by=ANALYST, at=AT)
        assert [fault.line for fault in refused.value.faults] == list(range(3, 12))
        assert not any("Pat" in fault.sentence for fault in refused.value.faults)
        assert not Hold.objects.exists()
        with pytest.raises(ListRefused) as refused:
            hold_lists.import_csv(organisation, the_file(*bad), by=ANALYST, at=AT)
        assert refused.value.faults[0].line == 11
        assert "2 cells and not 8" in refused.value.faults[0].sentence

    def test_a_line_with_another_last_day_than_the_list_is_refused(self, organisation: Organisation) -> None:
        hold_lists.import_csv(organisation, the_file(*GOOD), by=ANALYST, at=AT)
        changed = GOOD[2].replace("2027-11-01", "2028-11-01")
        with pytest.raises(ListRefused) as refused:
            hold_lists.import_csv(organisation, the_file(changed), by=ANALYST, at=AT)
        assert "another last day" in refused.value.faults[0].sentence

    @pytest.mark.parametrize(
        ("content", "cure"),
        [
            (b"", "first line names the columns"),
            (HEAD.encode(), "no line below its head"),
            (b"name,mail\nSam,sam@example.com", "first line names the columns"),
            (b"\xff\xfe\x00", "not UTF-8"),
            (the_file('legal,"Docket'), "no CSV"),
            (b"x" * 1_000_001, "more than 1000000 bytes"),
            (the_file(*[GOOD[0]] * 5_001), "More than 5000 lines"),
            (the_file("legal,Docket\x00 1,,email,pat@example.com,2026-11-01,,told"), ""),
        ],
    )
    def test_what_is_no_such_file_is_refused_whole(self, organisation: Organisation, content: bytes, cure: str) -> None:
        with pytest.raises(ListRefused) as refused:
            hold_lists.import_csv(organisation, content, by=ANALYST, at=AT)
        assert cure in refused.value.faults[0].sentence
        assert not Hold.objects.exists()
