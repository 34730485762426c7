"""Whom a case's act is passed on to: by relation, by law, and by the days of the window."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
import yaml
from django.utils import timezone

from exports.fulfil.recipients import by_people
from exports.fulfil.recipients.whom import NAMED_BY_LAW, recipients_to_tell, since_when
from exports.models import DataMapVersion, DataSource, Telling
from exports.sources.datamap import Relation
from requests_app.law.packs import all_packs
from requests_app.law.solving import solve
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports.fulfil.recipient import told_by
from tests.exports.house import ANALYST, NOW, House, fresh

pytestmark = pytest.mark.django_db(databases="__all__")

RECEIVED = date(2026, 11, 23)
TOLD_ON = date(2026, 12, 4)
ONE_DAY = timedelta(days=1)
NAME = "Summit Lists LLC"
FIELD = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}


def names(case: Case, on: date = TOLD_ON) -> set[str]:
    return {named.recipient.name for named in recipients_to_tell(case, on)}


def registered(*, since: date, until: date | None, name: str = NAME) -> None:
    """That recipient got data in these days; one that the register does not know comes into it."""
    source = DataSource.objects.get(slug="shop")
    data_map = yaml.safe_load(source.map_version.text)
    entries = [entry for entry in data_map["recipients"] if entry["name"] == name]
    if not entries:
        entries = [{**data_map["recipients"][2], "name": name}]
        data_map["recipients"] += entries
    for entry in entries:
        entry["since"] = since
        entry.pop("until", None)
        if until:
            entry["until"] = until
    source.map_version = DataMapVersion.accept(json.dumps(data_map, default=str), at=NOW)
    source.save()


def test_an_opt_out_goes_to_who_got_data_on_any_day_from_receipt_to_the_day_of_telling(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    before = date(2023, 5, 1)
    for since, until, is_told in (
        (before, None, True),
        (before, RECEIVED, True),
        (before, RECEIVED - ONE_DAY, False),
        (TOLD_ON, None, True),
        (TOLD_ON + ONE_DAY, None, False),
        (RECEIVED + ONE_DAY, RECEIVED + ONE_DAY, True),
    ):
        registered(since=since, until=until)
        assert (NAME in names(case)) == is_told, (since, until)


def test_a_deletion_goes_to_whoever_got_data_before_and_not_to_who_is_yet_to_get_it(house: House) -> None:
    case = house.file(Right.DELETE).cases.get()
    for since, until, is_told in (
        (date(2015, 1, 1), date(2015, 1, 1), True),
        (TOLD_ON, None, True),
        (TOLD_ON + ONE_DAY, None, False),
    ):
        registered(since=since, until=until)
        assert (NAME in names(case)) == is_told, (since, until)


@pytest.mark.parametrize(
    ("right", "residence", "everybody"),
    [
        (Right.CORRECT, "US-CA", False),  # 11 CCR 7023(c): service providers and contractors
        (Right.CORRECT, "DE", True),  # Art. 19: each recipient
        (Right.DELETE, "US-CA", True),
        (Right.RESTRICT, "DE", True),
        (Right.LIMIT_SENSITIVE, "US-CA", True),  # 11 CCR 7027(g): who processes it, and third parties since
    ],
)
def test_each_law_of_a_case_names_whom_it_wants_told(
    house: House, right: Right, residence: str, everybody: bool
) -> None:
    case = house.file(right, residence=residence, **(FIELD if right == Right.CORRECT else {})).cases.get()
    assert (NAME in names(case)) == everybody
    assert "Northgate Parcel Inc." in names(case)


def test_all_that_the_laws_name_is_known_here() -> None:
    named = {who for pack in all_packs().values() for rule in pack.recipients for who in rule.who}
    assert named == NAMED_BY_LAW.keys()
    assert frozenset().union(*NAMED_BY_LAW.values()) == frozenset(Relation)


EVERYBODY = dict.fromkeys(Relation, None)
THIRD_PARTIES = (Relation.SOLD, Relation.SHARED)


@pytest.mark.parametrize(
    ("right", "residence", "received_on", "since"),
    [
        # 11 CCR 7221(n): service providers, contractors and other recipients, whenever they got it
        (Right.OPT_OUT_AUTOMATED, "US-CA", date(2027, 2, 1), EVERYBODY),
        # of profiling elsewhere in the US: by the house's own rule
        (Right.OPT_OUT_AUTOMATED, "US-TX", RECEIVED, dict.fromkeys(Relation, RECEIVED)),
        # 11 CCR 7026(f): to whom it was sold or shared between request and compliance
        (Right.OPT_OUT_SALE_SHARE, "US-CA", RECEIVED, dict.fromkeys(THIRD_PARTIES, RECEIVED)),
        # 11 CCR 7027(g)
        (Right.LIMIT_SENSITIVE, "US-CA", RECEIVED, dict.fromkeys(Relation, RECEIVED)),
        (Right.LIMIT_SENSITIVE, "CH", RECEIVED, dict.fromkeys(set(Relation) - set(THIRD_PARTIES), RECEIVED)),
        (Right.DELETE, "US-CA", RECEIVED, EVERYBODY),
        (Right.DELETE, "CH", RECEIVED, EVERYBODY),
        (Right.CORRECT, "US-CA", RECEIVED, {Relation.SERVICE_PROVIDER: None}),
        (Right.CORRECT, "DE", RECEIVED, EVERYBODY),
        (Right.KNOW_SPECIFIC, "US-CA", RECEIVED, {}),
    ],
)
def test_whom_a_right_concerns_and_since_when_is_read_from_the_packs(
    house: House, right: Right, residence: str, received_on: date, since: dict[Relation, date | None]
) -> None:
    assert house.clock
    house.clock.move_to(datetime.combine(received_on, time(19), UTC))
    case = house.file(right, residence=residence, **(FIELD if right == Right.CORRECT else {})).cases.get()
    assert since_when(case) == since


def test_what_the_laws_say_and_what_is_done_is_the_same(house: House) -> None:
    """Whom ``law solve`` names for a right of California, the tellings reach."""
    for right, slug in ((Right.LIMIT_SENSITIVE, "limit_sensitive"), (Right.OPT_OUT_SALE_SHARE, "opt_out_sale_share")):
        case = house.file(right).cases.get()
        facts = {"request_type": slug, "decision": "granted", "received_on": str(RECEIVED)}
        told = solve({"law": "ccpa", "type": "denial_duties", "facts": facts}, today=RECEIVED)["answer"]["notify"]
        assert isinstance(told, list)
        assert frozenset().union(*(NAMED_BY_LAW[who] for who in told)) == since_when(case).keys()


def test_who_comes_into_the_register_while_the_case_waits_is_told_too(house: House) -> None:
    told_by(NAME, {"task": {"to": "Purchasing"}})
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert fresh(case).state == State.CARRYING_OUT
    registered(since=RECEIVED, until=None, name="Late Lists LLC")
    told_by("Late Lists LLC", {"batch": {}})
    told_by(NAME, {"batch": {}})
    number = str(Telling.objects.get(case=case, recipient=NAME).pk)
    by_people.told_otherwise(case.pk, number, "Called.", by=ANALYST, at=timezone.now())
    house.work()
    assert Telling.objects.told().filter(case=case, recipient="Late Lists LLC").exists()
    assert fresh(case).state == State.CLOSED
