"""A restriction is set in a company's service by what is confirmed, and taken off once its end was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from dsar.demo.people import Person
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.ledger import chains
from dsar.ledger.models import Event
from dsar.vault.router import KEYS
from exports import source_changes
from exports.admin import panels
from exports.fulfil import restricting
from exports.models import DataSource, SourceRestriction
from exports.source_changes import Proposal
from exports.sources.datamap import DataMapError, read_data_map
from exports.sources.http import HttpConnector
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import EvidenceKind, Right
from requests_app.models import Case, Identifier, Submission
from requests_app.roles import Actor, Role
from requests_app.services import closing, identity
from requests_app.services.correcting import Correction
from tests.exports.house import ANALYST, APPROVER, NOW, House, facts_of, fresh, person, remap
from tests.exports.sources.service import KEY, Service, always, running
from tests.exports.sources.service import MAP as SERVICE_MAP

pytestmark = pytest.mark.django_db(databases="__all__")

FLAGS = "suppress: {restrict: {restricted: true}, lift_restriction: {restricted: false}}"
MAP = SERVICE_MAP.replace("suppress: {opt_out_sale_share: {opted_out: true}}", FLAGS)
BY_COLUMN = "restrict: {sensitive_limited: true}\n      lift_restriction: {sensitive_limited: false}"
PHONE = Correction(field="shop.customers.phone", value="+1 530 555 0123")


@pytest.fixture
def service(house: House, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Service]:
    """The club's service, whose map says how a restriction is set."""
    with running() as service:
        for member in service.members:
            member["restricted"] = False
        service.members[0]["email"] = person().email
        settings.SOURCE_HOSTS = frozenset({"127.0.0.1"})
        monkeypatch.setenv("CLUB_SIGNING_KEY", KEY)
        monkeypatch.setenv("CLUB_URL", service.url)
        DataSource.set_up(MAP, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=9, at=NOW)
        yield service


def told(service: Service) -> list[dict[str, Any]]:
    """The orders to set something, as they came."""
    return [order for path, order, _headers in service.asked if path.endswith("/suppress")]


def orders(service: Service) -> list[object]:
    """What the service was ordered to set, by right."""
    return [(order["right"], order["collections"][0]["set"]) for order in told(service)]


OWNER = Actor("staff:3", frozenset({Role.SOURCE_OWNER}))
SET, LIFTED = ("restrict", {"restricted": True}), ("lift_restriction", {"restricted": False})


def objecting(house: House, **changes: object) -> Submission:
    """Somebody in the EU objects; nobody has confirmed the mailbox yet."""
    return house.file(Right.OBJECT, residence="DE", **changes)


def confirmed(house: House, submission: Submission) -> Case:
    identity.note_mailbox(submission, at=timezone.now())
    house.work()
    return submission.cases.get()


def test_a_claim_restricts_our_look_up_alone_and_a_confirmed_mailbox_the_service(
    house: House, service: Service
) -> None:
    submission = objecting(house, account_number="10099")
    house.work()
    case = submission.cases.get()
    assert case.is_restricted
    assert orders(service) == []
    confirmed(house, submission)
    assert orders(service) == [SET]
    assert [order["identifiers"] for order in told(service)] == [{"email": [person().email]}]
    assert service.members[0]["restricted"] is True
    assert facts_of(case, EventKind.RESTRICTION_SET) == [{"source": "club", "done": {"members": 1}, "kinds": ["email"]}]


def test_it_is_taken_off_only_after_the_notice_was_accepted_for_delivery(house: House, service: Service) -> None:
    case = confirmed(house, objecting(house))
    closing.withdraw(case.pk, at=timezone.now())
    assert orders(service) == [SET]
    assert fresh(case).is_restricted
    house.work()
    assert not fresh(case).is_restricted
    assert orders(service) == [SET, LIFTED]
    assert service.members[0]["restricted"] is False
    assert [event["source"] for event in facts_of(case, EventKind.RESTRICTION_TAKEN_OFF)] == ["club"]
    kinds = list(chains.history(case.chain).order_by("sequence").values_list("kind", flat=True))
    assert kinds.index("restriction_lifted") < kinds.index("restriction_taken_off")


def test_where_nothing_was_set_nothing_is_taken_off(house: House, service: Service) -> None:
    submission = objecting(house)
    closing.withdraw(submission.cases.get().pk, at=timezone.now())
    house.work()
    assert orders(service) == []


def test_the_job_sets_once_what_it_has_set(house: House, service: Service) -> None:
    case = confirmed(house, objecting(house))
    restricting.tell_sources(fresh(case))
    house.work()
    assert orders(service) == [SET]


def correcting(house: House) -> Case:
    """Somebody in the EU asks for a correction, by a number that stands in the record of the mailbox."""
    asked = house.file(Right.CORRECT, residence="DE", corrections=(PHONE,), account_number=person().account_no)
    return confirmed(house, asked)


def test_a_correction_under_the_gdpr_is_set_by_what_was_proved_too_and_lifted_with_its_letter(
    house: House, service: Service
) -> None:
    case = correcting(house)
    assert SourceRestriction.objects.get().kinds == ["account_number", "email"]
    assert {tuple(order["identifiers"]) for order in told(service)} == {("email",)}, "no number leads to its members"
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    assert orders(service)[-1] == LIFTED
    assert not SourceRestriction.objects.filter(is_set=True).exists()


def test_what_another_restriction_needs_stays_until_that_one_has_ended(house: House, service: Service) -> None:
    first, second = confirmed(house, objecting(house)), confirmed(house, objecting(house))
    closing.withdraw(first.pk, at=timezone.now())
    house.work()
    assert orders(service) == [SET, SET]
    assert service.members[0]["restricted"] is True
    house.shift(timedelta(minutes=1))
    closing.withdraw(second.pk, at=timezone.now())
    house.work()
    assert service.members[0]["restricted"] is False
    assert not SourceRestriction.objects.filter(is_set=True).exists()


def test_two_spellings_of_a_mailbox_that_proves_nothing_are_one_record_there(house: House, service: Service) -> None:
    accepted(MAP.replace(", reliable: true", ""))
    service.members[0]["email"] = "new@inbox.example"
    first, _second = (
        confirmed(house, objecting(house, email=email)) for email in ("new@inbox.example", "NEW@inbox.example")
    )
    closing.withdraw(first.pk, at=timezone.now())
    house.work()
    assert orders(service) == [SET, SET]
    assert service.members[0]["restricted"] is True


def test_a_restriction_that_another_asked_for_is_on_the_same_record_once_the_person_has_answered(house: House) -> None:
    agent = {"requester": Requester.AGENT, "requester_name": "Ada", "requester_email": "ada@agents.example"}
    case = objecting(house, email=person().email.upper(), **agent).cases.get()
    is_theirs = restricting.confirming_any({"email": frozenset({person().email})})
    assert not Case.objects.filter(is_theirs).exists()
    assert restricting.confirmed_of(case) == {}
    case.submission.evidence.create(kind=EvidenceKind.CONFIRMATION, proved_at=NOW, actor="person")
    assert Case.objects.get(is_theirs) == case
    assert restricting.confirmed_of(case) == {"email": {case.submission.email}}


class Killed(BaseException):
    """The worker's process ends at once."""


@pytest.mark.parametrize("is_killed", [False, True], ids=["answered", "killed before it noted the answer"])
def test_what_another_case_sets_while_it_is_taken_off_is_set_in_the_end(
    house: House, service: Service, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool
) -> None:
    first, second = confirmed(house, objecting(house)), objecting(house)
    suppress = HttpConnector.suppress

    def while_another_sets(connector: HttpConnector, *terms: Any, lifts: bool = False) -> Mapping[str, int]:
        if not lifts:
            return suppress(connector, *terms)
        monkeypatch.setattr(HttpConnector, "suppress", suppress)
        identity.note_mailbox(second, at=timezone.now())
        house.work()
        assert SourceRestriction.objects.get(case__submission=second).is_set
        done = suppress(connector, *terms, lifts=True)
        if is_killed:
            raise Killed
        return done

    monkeypatch.setattr(HttpConnector, "suppress", while_another_sets)
    closing.withdraw(first.pk, at=timezone.now())
    with pytest.raises(Killed) if is_killed else nullcontext():
        house.work()
    house.later(timedelta(hours=1))
    assert orders(service) == [SET, SET, LIFTED, SET]
    assert service.members[0]["restricted"] is True
    house.shift(timedelta(minutes=1))
    closing.withdraw(second.cases.get().pk, at=timezone.now())
    house.work()
    assert service.members[0]["restricted"] is False
    assert not SourceRestriction.objects.filter(is_set=True).exists()


def test_a_worker_that_died_while_it_set_a_restriction_that_has_ended_since_leaves_no_flag(
    house: House, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppress = HttpConnector.suppress

    def killed(*terms: Any, **options: Any) -> Mapping[str, int]:
        monkeypatch.setattr(HttpConnector, "suppress", suppress)
        suppress(*terms, **options)
        raise Killed

    monkeypatch.setattr(HttpConnector, "suppress", killed)
    submission = objecting(house)
    with pytest.raises(Killed):
        confirmed(house, submission)
    assert "Not set yet in Club." in on_the_page(submission.cases.get())
    closing.withdraw(submission.cases.get().pk, at=timezone.now())
    house.work()
    house.later(timedelta(hours=1))
    assert orders(service) == [SET, LIFTED]
    assert service.members[0]["restricted"] is False


def test_the_flag_of_a_merged_case_stays_for_the_older_and_goes_with_it_though_that_one_never_set_any(
    house: House, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLUB_URL")
    older = confirmed(house, objecting(house, email="another@inbox.example"))
    monkeypatch.setenv("CLUB_URL", service.url)
    house.shift(timedelta(minutes=1))
    newer = confirmed(house, objecting(house))
    house.move(newer, "link_people", reference=older.submission.reference, reason="They called.")
    house.move(newer, "merge", into=str(older.pk))
    restricting.tell_sources(fresh(newer))
    house.work()
    assert orders(service) == [SET]
    assert list(SourceRestriction.objects.values_list("case", flat=True)) == [newer.pk]
    closing.withdraw(older.pk, at=timezone.now())
    house.work()
    assert orders(service) == [SET, LIFTED]
    assert service.members[0]["restricted"] is False


def test_a_service_that_is_down_is_told_later_and_our_look_up_holds_meanwhile(house: House, service: Service) -> None:
    service.tricks = [always(503, {}, b"")] * 20
    case = confirmed(house, objecting(house))
    assert set(Job.objects.filter(kind="restrict_in_sources").values_list("state", flat=True)) == {JobState.WAITING}
    assert fresh(case).is_restricted
    assert service.members[0]["restricted"] is False
    service.tricks = []
    house.later(timedelta(hours=1))
    assert service.members[0]["restricted"] is True
    assert len(facts_of(case, EventKind.RESTRICTION_SET)) == 1


def test_what_the_service_refused_to_set_is_not_taken_off(house: House, service: Service) -> None:
    accepted(SERVICE_MAP)
    case = confirmed(house, objecting(house))
    accepted(MAP)
    service.tricks = [always(409, {}, b"")]
    house.work()
    closing.withdraw(case.pk, at=timezone.now())
    house.work()
    assert orders(service) == [SET]
    assert "Club" not in on_the_page(fresh(case))


def test_a_case_that_is_opened_again_is_restricted_there_again(house: House, service: Service) -> None:
    case = correcting(house)
    house.move(case, "refuse", code="gdpr_16_accurate", explanation="Your bank confirmed it.", reason="Looked at.")
    house.work()
    assert orders(service)[-1] == LIFTED
    house.move(case, "ask_reopening", reason="Withdrawn by mistake.")
    house.move(case, "reopen", APPROVER)
    house.work()
    assert orders(service)[-1] == SET
    assert service.members[0]["restricted"] is True


def accepted(text: str, at: str = "CLUB_URL") -> None:
    """Two people put a map of the service in force."""
    change = source_changes.propose(Proposal(text, at, at, position=9), by=OWNER, at=timezone.now())
    source_changes.CHANGES.accept(change.pk, by=APPROVER, at=timezone.now())


def on_the_page(case: Case) -> str:
    """What the desk reads of it."""
    panel = panels.restriction(case, ANALYST)
    return render_to_string("admin/exports/restriction.html", {"panel": panel.context}) if panel else ""


def test_a_map_that_says_how_later_restricts_whoever_is_restricted_by_then(house: House, service: Service) -> None:
    accepted(SERVICE_MAP)
    case = confirmed(house, objecting(house))
    assert "To be stopped by hand, since no data map says how: Shop, Website log, Club." in on_the_page(case)
    assert orders(service) == []
    accepted(MAP)
    assert "Not set yet in Club." in on_the_page(case)
    house.work()
    assert orders(service) == [SET]
    assert "Not set yet in Club." not in on_the_page(case)


def test_a_map_that_says_otherwise_how_restricts_anew_whoever_is_restricted(house: House, service: Service) -> None:
    confirmed(house, objecting(house))
    accepted(
        MAP.replace("{restricted: true}", "{opted_out: true}").replace("{restricted: false}", "{opted_out: false}")
    )
    house.work()
    assert orders(service) == [SET, ("restrict", {"opted_out": True})]
    (left,) = Event.objects.filter(kind="set.flags_left")
    assert (left.facts["source"], left.facts["flags"]) == ("club", ["members.restricted: restrict 1"])
    accepted(MAP.replace("title: Club", "title: Clubs"))
    assert [event.facts["flags"] for event in Event.objects.filter(kind="set.flags_left").order_by("pk")][1:] == [
        ["members.opted_out: restrict 1"]
    ]
    accepted(MAP)
    assert Event.objects.filter(kind="set.flags_left").count() == 2


def test_where_a_map_says_no_more_how_it_is_taken_off_the_desk_is_told_to(house: House, service: Service) -> None:
    case = confirmed(house, objecting(house))
    accepted(SERVICE_MAP)
    closing.withdraw(case.pk, at=timezone.now())
    house.work()
    assert orders(service) == [SET]
    assert "taken off in Club: take it off there by hand." in on_the_page(fresh(case))


@pytest.fixture
def by_device(house: House) -> House:
    """The web log, which knows nobody but by devices, says how a restriction is set."""
    flags = "restrict: {sale_opt_out: true}\n      lift_restriction: {sale_opt_out: false}"
    remap("web_log", "opt_out_sale_share: {sale_opt_out: true}", flags)
    house.sql("web_log", "UPDATE web_devices SET sale_opt_out = 0")
    return house


def stopped(house: House) -> set[object]:
    """The devices whose data is restricted."""
    return {row[0] for row in house.sql("web_log", "SELECT device_id FROM web_devices WHERE sale_opt_out")}


def devices_of(house: House, who: Person) -> set[object]:
    return {row[0] for row in house.sql("shop", f"SELECT device_id FROM devices WHERE customer_id = {who.id}")}


def test_a_restriction_reaches_the_devices_to_which_other_sources_lead_and_is_taken_off_there(by_device: House) -> None:
    case = confirmed(by_device, objecting(by_device))
    assert stopped(by_device) == devices_of(by_device, person()) != set()
    assert SourceRestriction.objects.get().kinds == ["email"]
    assert not Identifier.objects.filter(kind="device_id").exists()
    closing.withdraw(case.pk, at=timezone.now())
    by_device.work()
    assert stopped(by_device) == set()


def test_a_device_of_somebody_else_who_is_restricted_stays_so_until_that_one_has_ended(by_device: House) -> None:
    other = person("LO-100102")
    shared = (
        "INSERT INTO devices SELECT device_id || ' ', ?, platform, first_seen_at FROM devices WHERE customer_id = ?"
    )
    by_device.sql("shop", shared, other.id, person().id)
    first, second = (confirmed(by_device, objecting(by_device, email=who.email)) for who in (person(), other))
    before = stopped(by_device)
    closing.withdraw(first.pk, at=timezone.now())
    by_device.work()
    assert stopped(by_device) == before >= devices_of(by_device, person())
    by_device.shift(timedelta(minutes=1))
    closing.withdraw(second.pk, at=timezone.now())
    by_device.work()
    assert stopped(by_device) == set()


def restricted_elsewhere(house: House, number: int) -> None:
    """So many others who object, and have confirmed their mailboxes; nothing leads from them to any device."""
    for one in range(number):
        objecting(house, email=f"nobody{one}@{number}.example")
    Submission.objects.filter(confirmed_at=None).update(confirmed_at=NOW)
    Job.objects.filter(state=JobState.WAITING).delete()


def test_to_take_a_flag_off_takes_as_many_statements_however_many_others_are_restricted(
    by_device: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, asked = list[str](), list[tuple[int, int]]()
    open_source = DataSource.open
    monkeypatch.setattr(DataSource, "open", lambda self, of: opened.append(self.slug) or open_source(self, of))
    for others in (3, 27):
        case = confirmed(by_device, objecting(by_device))
        restricted_elsewhere(by_device, others)
        closing.withdraw(case.pk, at=timezone.now())
        opened.clear()
        with CaptureQueriesContext(connection) as main, CaptureQueriesContext(connections[KEYS]) as of_keys:
            by_device.work()
        assert stopped(by_device) == set()
        asked.append((len(main), len(of_keys), len(opened)))
        by_device.shift(timedelta(minutes=1))
    assert asked[0] == asked[1]


def test_what_waits_for_a_source_on_the_way_is_restricted_once_it_is_back(by_device: House) -> None:
    by_device.switch_off("shop")
    case = confirmed(by_device, objecting(by_device))
    assert stopped(by_device) == set()
    by_device.switch_on("shop")
    by_device.later(timedelta(hours=1))
    assert stopped(by_device) == devices_of(by_device, person())
    by_device.switch_off("shop")
    closing.withdraw(case.pk, at=timezone.now())
    by_device.work()
    assert stopped(by_device) != set()
    by_device.switch_on("shop")
    by_device.later(timedelta(hours=1))
    assert stopped(by_device) == set()


def test_a_record_that_another_restriction_found_by_its_number_stays_so_until_that_one_has_ended(house: House) -> None:
    remap("shop", "limit_sensitive: {sensitive_limited: true}", BY_COLUMN)
    first = house.file(
        Right.CORRECT,
        residence="DE",
        email="elsewhere@post.example",
        account_number=person().account_no,
        corrections=(PHONE,),
    )
    house.prove(first)
    house.shift(timedelta(minutes=1))
    second = confirmed(house, objecting(house))
    flag = "SELECT sensitive_limited FROM customers WHERE id = 7"
    closing.withdraw(second.pk, at=timezone.now())
    house.work()
    assert house.sql("shop", flag) == [(1,)]
    closing.withdraw(first.cases.get().pk, at=timezone.now())
    house.work()
    assert house.sql("shop", flag) == [(0,)]


def test_what_is_held_for_a_controller_is_not_ours_to_stop(house: House) -> None:
    case = confirmed(house, objecting(house))
    assert "Shop" in on_the_page(case)
    remap("shop", "role: controller", "role: {processor_for: Other Inc., contact: privacy@other.example}")
    assert "Shop" not in on_the_page(case)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("{restrict: {restricted: true}}", "have to set the same columns, each to a value of its own"),
        ("{lift_restriction: {restricted: false}}", "have to set the same columns, each to a value of its own"),
        (
            "{restrict: {restricted: true}, lift_restriction: {closed: false}}",
            "have to set the same columns, each to a value of its own",
        ),
    ],
)
def test_a_map_that_sets_what_it_cannot_take_off_is_refused(flags: str, said: str) -> None:
    with pytest.raises(DataMapError, match=said):
        read_data_map(SERVICE_MAP.replace("{opt_out_sale_share: {opted_out: true}}", flags))
