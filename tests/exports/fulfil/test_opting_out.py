"""Opting out: flags set in every source that carries them out, recipients told, closed by itself."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
import yaml
from django.utils import timezone

from dsar.demo.people import COUPLE
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from dsar.jobs.running import execute
from exports.fulfil import trouble
from exports.models import Act, DataMapVersion, DataSource, Telling
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.services import opting_in
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import APPROVER, NOW, House, facts_of, fresh, person, without_flags

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OPTED_OUT = "      opt_out_sale_share: {sale_opt_out: true}\n"
BACK = f"{OPTED_OUT}      opt_in: {{sale_opt_out: false}}\n"
GUARDIAN = {"requester": Requester.GUARDIAN, "requester_name": "Mallory", "requester_email": "mallory@evil.example"}

PHONE = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}


def test_an_opt_out_is_in_force_in_the_sources_and_closes_by_itself(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert house.sql("shop", "SELECT sale_opt_out FROM customers WHERE id = 7") == [(1,)]
    proof = {act.source.slug: act.proof for act in Act.objects.filter(case=case).select_related("source")}
    assert proof == {"shop": {"customers": {"rows": 1}}, "web_log": {"web_devices": {"rows": 2}}}


def test_an_account_number_that_came_with_it_is_looked_for_too(house: House) -> None:
    who = person("LO-100102")
    case = house.file(
        Right.OPT_OUT_SALE_SHARE, who=who, email="elsewhere@post.example", account_number=who.account_no
    ).cases.get()
    house.work()
    assert house.sql("shop", "SELECT sale_opt_out FROM customers WHERE account_no = ?", who.account_no) == [(1,)]
    assert fresh(case).state == State.CLOSED


def test_somebody_unknown_opts_out_all_the_same(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE, email="nobody@post.example").cases.get()
    house.work()
    assert fresh(case).state == State.CLOSED
    assert Act.objects.get(case=case, source__slug="shop").proof == {"customers": {"rows": 0}}


def test_those_to_whom_data_is_sold_or_shared_are_told_and_others_are_not(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    told = dict(Telling.objects.told().filter(case=case).values_list("recipient", "relation"))
    assert told == {"Summit Lists LLC": "sold", "Brightpath Media LLC": "shared"}
    names = {str(fact["recipient"]).rpartition("-")[0] for fact in facts_of(case, EventKind.RECIPIENT_TOLD)}
    assert names == {"summit-lists-llc", "brightpath-media-llc"}


def with_recipients(slug: str, *, until: str = "", name: str = "", processor_for: str = "") -> None:
    """The first recipient in the map of a source is changed, or whose data the source holds."""
    source = DataSource.objects.get(slug=slug)
    data_map = yaml.safe_load(source.map_version.text)
    if until:
        data_map["recipients"][0]["until"] = date.fromisoformat(until)
    if name:
        data_map["recipients"][0]["name"] = name
    if processor_for:
        data_map["role"] = {"processor_for": processor_for}
    source.map_version = DataMapVersion.accept(yaml.safe_dump(data_map, allow_unicode=True), at=NOW)
    source.save()


def told(case: Case) -> set[str]:
    """The recipients that were told."""
    return set(Telling.objects.told().filter(case=case).values_list("recipient", flat=True))


@pytest.mark.parametrize(
    ("right", "is_told"), [(Right.DELETE, True), (Right.CORRECT, True), (Right.LIMIT_SENSITIVE, False)]
)
def test_who_received_data_once_is_told_of_what_concerns_that_data(house: House, right: Right, is_told: bool) -> None:
    with_recipients("shop", until="2024-12-31")
    if right == Right.LIMIT_SENSITIVE:
        case = house.file(right).cases.get()
        house.work()
    else:
        case = house.closed(right, **PHONE if right == Right.CORRECT else {})
    assert ("Northgate Parcel Inc." in told(case)) == is_told


def test_a_deletion_is_passed_on_to_everybody_who_received_the_data(house: House) -> None:
    case = house.closed(Right.DELETE)
    assert len(told(case)) == 4


def test_recipients_of_a_source_that_we_hold_for_somebody_else_are_told_by_him(house: House) -> None:
    with_recipients("web_log", processor_for="Somebody Else Inc.")
    assert told(house.closed(Right.DELETE)) == {"Northgate Parcel Inc.", "Cardinal Pay Inc.", "Summit Lists LLC"}


def test_a_correction_is_passed_on_to_those_who_process_for_us_and_names_no_value(house: House) -> None:
    case = house.closed(Right.CORRECT, **PHONE)
    assert set(Telling.objects.told().filter(case=case).values_list("relation", flat=True)) == {"service_provider"}
    (path,) = house.data.glob("recipients/cardinal-pay-inc-*/*.jsonl")
    instruction = json.loads(path.read_text().splitlines()[1])
    assert (instruction["instruction"], instruction["collection"], instruction["field"]) == (
        "correct",
        "Customer account",
        "Telephone number",
    )
    assert instruction["value_from"] == house.organisation.contact_email
    assert "0123" not in path.read_text()


def test_names_in_other_letters_have_folders_of_their_own_inside_the_data_folder(house: House) -> None:
    with_recipients("shop", name="株式会社オークス")
    with_recipients("web_log", name="株式会社オーク")
    case = house.closed(Right.DELETE)
    batches = dict(Telling.objects.told().filter(case=case).values_list("recipient", "batch"))
    one, other = batches["株式会社オークス"], batches["株式会社オーク"]
    assert one != other
    for batch in (one, other):
        assert (house.data / "recipients" / f"{batch}.jsonl").is_file()
        assert not batch.startswith("/")


def test_a_limit_on_sensitive_data_is_set_where_a_map_says_how(house: House) -> None:
    case = house.file(Right.LIMIT_SENSITIVE).cases.get()
    house.work()
    assert fresh(case).state == State.CLOSED
    assert house.sql("shop", "SELECT sensitive_limited, sale_opt_out FROM customers WHERE id = 7") == [(1, 0)]
    assert [act.source.slug for act in Act.objects.filter(case=case)] == ["shop"]


def test_a_right_that_no_map_carries_out_is_not_closed_as_done_but_told_to_a_person(house: House) -> None:
    without_flags("shop")
    case = house.file(Right.LIMIT_SENSITIVE).cases.get()
    house.work()
    assert fresh(case).state == State.CARRYING_OUT
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "NotInAnyMap", "sources": []}]
    assert trouble.what_to_do("NotInAnyMap").startswith("No data map says how this right is carried out.")
    assert len(told(case)) == 4, "nobody waits for that to be told"


def test_once_the_map_says_how_the_job_goes_on(house: House) -> None:
    source = DataSource.objects.get(slug="shop")
    with_flags = source.map_version
    without_flags("shop")
    case = house.file(Right.LIMIT_SENSITIVE).cases.get()
    house.work()
    DataSource.objects.filter(pk=source.pk).update(map_version=with_flags)
    retry(Job.objects.get(state=JobState.FAILED), at=timezone.now())
    house.work()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")


def test_a_source_that_is_down_stops_nobody_from_being_told(house: House) -> None:
    house.switch_off("shop")
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert not Act.objects.filter(case=case).exists(), "the shop's devices lead to the web log"
    assert told(case) == {"Summit Lists LLC", "Brightpath Media LLC"}
    assert fresh(case).state == State.CARRYING_OUT
    house.switch_on("shop")
    house.later(timedelta(minutes=1))
    assert fresh(case).state == State.CLOSED
    assert len(facts_of(case, EventKind.RECIPIENT_TOLD)) == 2


def test_what_another_try_may_mend_is_tried_again_although_something_else_waits_for_a_person(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    house.switch_off("web_log")
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    house.switch_on("web_log")
    house.later(timedelta(minutes=1))
    assert [act.source.slug for act in Act.objects.filter(case=case)] == ["web_log"]
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "NoWriteAccess", "sources": ["shop"]}]


def test_a_flag_that_a_source_refuses_waits_for_a_person(house: House) -> None:
    house.sql(
        "shop",
        "CREATE TRIGGER no_opt_outs BEFORE UPDATE OF sale_opt_out ON customers"
        " BEGIN SELECT RAISE(ABORT, 'nobody opts out'); END",
    )
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert fresh(case).state == State.CARRYING_OUT
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "FlagRefused", "sources": ["shop"]}]


def test_a_source_that_we_hold_for_somebody_else_is_left_alone(house: House) -> None:
    with_recipients("web_log", processor_for="Somebody Else Inc.")
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert fresh(case).state == State.CLOSED
    assert [act.source.slug for act in Act.objects.filter(case=case)] == ["shop"]


def test_an_opt_out_that_is_refused_meanwhile_goes_no_further(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    suppress = SqlConnector.suppress

    def suppress_while_it_is_refused(connector: SqlConnector, *arguments: object) -> object:
        if fresh(case).is_open:
            house.move(
                case, "refuse_opt_out", APPROVER, code="ca_7026e_fraud", explanation="Not you.", reason="Not hers."
            )
        return suppress(connector, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlConnector, "suppress", suppress_while_it_is_refused)
    house.work()
    assert [act.source.slug for act in Act.objects.filter(case=case)] == ["shop"]
    assert told(case) == set()


# ---- opting in again


def code_of(submission: Submission) -> str:
    """The code in the letter that asks for the second step."""
    found = re.search(r"/opt-in/R-\S+/(\S+)/", submission.messages.get(letter=Letter.OPT_IN_CONFIRM).text)
    assert found
    return found[1]


def opted_in(house: House, **changes: object) -> Case:
    """Somebody opts in, and makes the second step."""
    submission = house.file(Right.OPT_IN, **changes)
    assert opting_in.confirm(submission, code_of(submission), at=NOW, declared_name="Mallory")
    house.work()
    return submission.cases.get(right=Right.OPT_IN)


def flag(house: House) -> list[tuple[object, ...]]:
    """Whether the shop's record of the person says that nothing is sold."""
    return house.sql("shop", "SELECT sale_opt_out FROM customers WHERE id = 7")


@pytest.fixture
def flagged(house: House) -> House:
    """The person has opted out, and the map of the shop says how to take that back."""
    load_anew("shop", OPTED_OUT, BACK)
    house.file(Right.OPT_OUT_SALE_SHARE, account_number=person().account_no)
    house.work()
    assert flag(house) == [(1,)]
    return house


def test_the_own_opt_in_takes_the_flag_off(flagged: House) -> None:
    case = opted_in(flagged)
    assert flag(flagged) == [(0,)]
    assert Act.objects.get(case=case, source__slug="shop").proof == {"customers": {"rows": 1}}


def test_an_opt_in_whose_authority_nobody_accepted_reaches_no_source(flagged: House) -> None:
    case = opted_in(flagged, **GUARDIAN)
    assert (fresh(case).state, flag(flagged)) == (State.RECEIVED, [(1,)])


@pytest.mark.parametrize("named", ["email", "account_number"])
def test_an_opt_in_for_somebody_whose_opt_out_holds_on_changes_no_flag_and_says_so(flagged: House, named: str) -> None:
    known = {"email": person().email} if named == "email" else {"email": "", "account_number": person().account_no}
    case = opted_in(flagged, **GUARDIAN, **known)
    inputs = {"paper": "court_paper", "seen": "on_paper", "receiver": "requester", "note": "An order."}
    flagged.move(case, "accept_permission", **inputs)
    flagged.work()
    assert (fresh(case).state, flag(flagged)) == (State.CLOSED, [(1,)])
    assert Act.objects.get(case=case, source__slug="shop").proof == {}
    text = " ".join(case.submission.messages.get(letter=Letter.OPT_IN_DONE).text.split())
    assert "is in force and stays" in text


def test_an_account_number_that_was_only_typed_takes_no_flag_off(flagged: House) -> None:
    opted_in(flagged, email="mallory@evil.example", account_number=person().account_no)
    assert flag(flagged) == [(1,)]


def test_an_opt_out_that_comes_while_the_flag_is_taken_off_wins(
    flagged: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppress, came = SqlConnector.suppress, list[Case]()

    def suppress_while_somebody_opts_out(connector: SqlConnector, right: Right, *arguments: object) -> object:
        if right == Right.OPT_IN and not came:
            came.append(flagged.file(Right.OPT_OUT_SALE_SHARE).cases.get())
        return suppress(connector, right, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlConnector, "suppress", suppress_while_somebody_opts_out)
    submission = flagged.file(Right.OPT_IN)
    code = code_of(submission)
    assert opting_in.confirm(submission, code, at=NOW)
    case = submission.cases.get()
    execute(Job.objects.get(key__startswith=f"carry_out:{case.pk}").pk, clock=timezone.now)
    assert came
    assert flag(flagged) == [(1,)]


def test_an_opt_in_leaves_the_flag_of_a_record_that_somebody_else_opted_out_by_its_number(house: House) -> None:
    load_anew("shop", OPTED_OUT, BACK)
    parent = {"requester": Requester.PARENT, "requester_name": "Mum", "requester_email": "mum@post.example"}
    number = {"email": "", "account_number": person().account_no, "born_on": date(2015, 1, 1)}
    house.file(Right.OPT_OUT_SALE_SHARE, **number, **parent)
    house.work()
    case = opted_in(house)
    assert flag(house) == [(1,)]
    assert Act.objects.get(case=case, source__slug="shop").proof == {"customers": {"rows": 0}}


def test_an_opt_in_by_the_mailbox_of_a_household_leaves_the_flag_of_who_opted_out_otherwise(house: House) -> None:
    load_anew("shop", OPTED_OUT, BACK)
    one, other = (person(number) for number in COUPLE)
    house.sql("shop", "UPDATE customers SET email = ? WHERE account_no = ?", one.email, other.account_no)
    for number, email in ((one.account_no, one.email), (other.account_no, "own@post.example")):
        house.file(Right.OPT_OUT_SALE_SHARE, email=email, account_number=number)
    house.work()
    submission = house.file(Right.OPT_IN, who=one)
    assert opting_in.confirm(submission, code_of(submission), at=NOW)
    house.work()
    flags = f"SELECT sale_opt_out FROM customers WHERE account_no IN {COUPLE} ORDER BY account_no"
    assert house.sql("shop", flags) == [(0,), (1,)]
    assert Act.objects.get(case=submission.cases.get(), source__slug="shop").proof == {"customers": {"rows": 1}}


def test_the_flag_of_an_opt_out_by_the_account_number_in_other_letters_stays_at_an_opt_in(house: House) -> None:
    by_number = "      - {by: account_number, column: account_no"
    load_anew("shop", f"{by_number}}}\n", f"{by_number}, compare: casefold}}\n")
    load_anew("shop", OPTED_OUT, BACK)
    house.file(Right.OPT_OUT_SALE_SHARE, email="new@post.example", account_number=person().account_no.lower())
    house.work()
    assert flag(house) == [(1,)]
    opted_in(house)
    assert flag(house) == [(1,)]
