"""This system as a source: a person's earlier requests stand in answers, and outlive a deletion (11 CCR 7101)."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from exports.fulfil.corrections import supporting
from exports.fulfil.corrections.supporting import Sent
from exports.models import Act, DataSource, SourceChange
from exports.source_changes import CHANGES, install, own_record_proposal
from exports.sources import own_record
from exports.sources.connector import open_source
from exports.sources.datamap import DataMapError, read_data_map
from exports.sources.errors import MapDoesNotFitError
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.roles import PERSON, Role
from requests_app.services import earlier, statements
from requests_app.services.correcting import Correction
from requests_app.services.letters import Letter, queue
from requests_app.services.staffing import add_staff
from requests_app.states import Outcome
from tests.exports import papers
from tests.exports.bundle.test_verify import KEY, SEED, Desk
from tests.exports.house import ANALYST, NOW, House, files_of, fresh, json_lines, person, rows, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

SOURCE = "privacy_requests"
WROTE = "My neighbour told me that you know when I am at home."


@pytest.fixture
def house(house: House) -> House:
    """The house, whose own record is a source."""
    install(own_record_proposal(), at=NOW)
    return house


def found(case: Case, collection: str) -> list[dict[str, object]]:
    """What was gathered of the own record."""
    return [dict(row) for row in rows(case, SOURCE, collection)]


def test_an_access_bundle_holds_what_was_asked_before_how_it_ended_and_the_letters(house: House) -> None:
    before = house.closed(Right.KNOW_CATEGORIES, details=WROTE)
    case = house.closed(Right.KNOW_SPECIFIC)
    files = files_of(case)
    (asked,) = json_lines(files[f"data/{SOURCE}/requests.jsonl"])
    assert (asked["reference"], asked["details"], asked["email"], asked["received_on"], asked["closed_on"]) == (
        *(before.submission.reference, WROTE, person().email),
        *("2026-11-23", "2026-11-23"),
    )
    (right,) = json_lines(files[f"data/{SOURCE}/rights.jsonl"])
    assert (right["right"], right["outcome"], right["state"]) == ("know_categories", Outcome.FULFILLED, "closed")
    letters = json_lines(files[f"data/{SOURCE}/letters.jsonl"])
    assert len(letters) == before.submission.messages.count()
    answer = before.submission.messages.get(letter=Letter.CATEGORIES)
    assert {"text": answer.text, "reached_on": "2026-11-23"}.items() <= next(
        letter for letter in letters if letter["letter_id"] == str(answer.pk)
    ).items()


def test_each_correction_is_given_out_as_it_was_asked_with_what_was_decided(house: House) -> None:
    name = Correction(field="shop.customers.name", now="Anne", value="Ann Other")
    before = house.deciding(Right.CORRECT, corrections=(name, Correction(words="my shoe size", value="43")))
    refused = {"verdict": "refused", "code": "ca_106_accurate", "explanation": "You signed so."}
    house.move(before, "decide_correction", correction="1", reason="Weighed.", **refused)
    house.move(before, "decide_correction", correction="2", reason="Weighed.", verdict="not_held")
    house.approve(before)
    held = json_lines(files_of(house.closed(Right.KNOW_SPECIFIC))[f"data/{SOURCE}/corrections.jsonl"])
    told = [(row["number"], row["field"], row["words"], row["value_now"], row["value"]) for row in held]
    assert told == [
        ("01", "shop.customers.name", None, "Anne", "Ann Other"),
        ("02", None, "my shoe size", None, "43"),
    ]
    assert [(row["decision"], row["ground"]) for row in held] == [("refused", "11 CCR 7023(b)"), ("not_held", None)]


STATED = "I never had asthma. The clinic mixed up two charts."
ON_IT = f"data/{SOURCE}/statements.jsonl"


def with_a_statement(house: House) -> Case:
    """A correction was refused by itself; the person stated something on it, and it was passed on."""
    name = Correction(field="shop.customers.name", now="Anne", value="Ann Other")
    case = house.deciding(Right.CORRECT, corrections=(name,))
    refused = {"verdict": "refused", "code": "ca_106_accurate", "explanation": "You signed so."}
    house.move(case, "decide_correction", correction="1", reason="Weighed.", **refused)
    house.approve(case)
    statements.file_statement(case.pk, number=1, text="First thoughts.", is_to_pass_on=False, at=NOW)
    stated = statements.file_statement(case.pk, number=1, text=STATED, is_to_pass_on=True, at=timezone.now())
    house.later(timedelta(days=9))
    house.move(case, "pass_on_statement", statement=str(stated.pk), proof="By letter to Mrs Quill of the bank.")
    return fresh(case)


def test_a_statement_on_a_refused_correction_is_given_out_in_a_bundle_that_verifies(
    house: House, settings: Settings, tmp_path: Path
) -> None:
    settings.SIGNING_KEY = base64.b64encode(SEED).decode()
    before = with_a_statement(house)
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    assert json_lines(files[ON_IT]) == [
        {
            "reference": before.submission.reference,
            "number": "01",
            "received_on": "2026-11-23",
            "filed_on": "2026-11-23",
            "text": STATED,
            "to_pass_on": True,
            "passed_on": "2026-12-02",
            "closed_on": "2026-11-23",
        }
    ]
    schema = json.loads(files[f"schemas/data/{SOURCE}/statements.schema.json"])
    assert set(schema["properties"]) == set(earlier.Stated._fields)
    assert {"path": ON_IT, "sha256": hashlib.sha256(files[ON_IT]).hexdigest()}.items() <= next(
        entry.items() for entry in json.loads(files["manifest.json"])["files"] if entry["path"] == ON_IT
    )
    page = files["index.html"].decode()
    assert STATED in page
    assert "What you stated on corrections that we refused" in page
    desk = Desk(tmp_path, files)
    key = ("--key", KEY.public_key.hex())
    assert desk.check(*key) == (0, [])
    code, faults = desk.check(*key, **{ON_IT: files[ON_IT].replace(b"asthma", b"cancer")})
    assert (code, [ON_IT in fault for fault in faults]) == (1, [True])


def test_documents_for_a_correction_are_named_with_their_hashes_and_what_staff_wrote_stays(house: House) -> None:
    name = Correction(field="shop.customers.name", value="Ann Other")
    before = house.deciding(Right.CORRECT, corrections=(name,))
    sent = [
        supporting.take(before.pk, 1, Sent(papers.pdf(text), f"{text}.pdf", f"On {text}."), by=by, at=timezone.now())
        for text, by in (("passport", PERSON), ("letter", ANALYST), ("contract", PERSON))
    ]
    supporting.take_back(sent[2].pk, before.pk, by=PERSON, at=timezone.now())
    for document in sent[:2]:
        supporting.note_seen(document, 1, by=ANALYST, at=timezone.now())
    house.approve(before)
    held = json_lines(files_of(house.closed(Right.KNOW_SPECIFIC))[f"data/{SOURCE}/documents.jsonl"])
    everybody_s = {"reference": before.submission.reference, "number": "01", "kind": "application/pdf"}
    everybody_s |= dict.fromkeys(("received_on", "sent_on", "closed_on"), "2026-11-23")
    told = [
        {**everybody_s, "document_id": str(one.pk), "size": one.clear_size, "sha256": one.clear_sha256, **own}
        for one, own in zip(
            sent,
            (
                {"name": "passport.pdf", "note": "On passport.", "taken_back_on": None},
                {"name": None, "note": None, "taken_back_on": None},
                {"name": None, "note": None, "taken_back_on": "2026-11-23"},
            ),
            strict=True,
        )
    ]
    assert held == sorted(told, key=lambda row: str(row["document_id"]))


def test_to_whom_a_statement_went_and_who_passed_it_on_stays_with_the_staff(house: House) -> None:
    with_a_statement(house)
    case = house.deciding(Right.KNOW_SPECIFIC)
    everything = json.dumps([found(case, name) for name in own_record.KEPT])
    assert STATED in everything
    assert "Quill" not in everything
    assert "First thoughts" not in everything
    assert "staff:" not in everything


def test_a_statement_of_somebody_else_at_the_same_mailbox_is_given_to_nobody(house: House) -> None:
    with_a_statement(house)
    theirs = other_person_at_the_same_mailbox(house)
    house.move(theirs.cases.get(), "start_gathering")
    house.work()
    assert earlier.identifiers_of(fresh(theirs.cases.get())) == {}


def test_a_map_of_the_record_that_is_older_than_the_program_is_told_by_the_check(house: House) -> None:
    source = DataSource.objects.get(slug=SOURCE)
    older = yaml.safe_load(own_record.MAP.read_text(encoding="utf-8"))
    older["collections"] = [item for item in older["collections"] if item["name"] != "statements"]
    DataSource.set_up(
        yaml.safe_dump(older), read_url_variable="", write_url_variable="", position=source.position, at=NOW
    )
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("sources", "check", stdout=said, stderr=StringIO())
    assert f"{SOURCE}: its map lacks statements, and so do answers." in said.getvalue()
    mira = add_staff("mira", "mira@example.com", None, [Role.ADMINISTRATOR])
    noor = add_staff("noor", "noor@example.com", None, [Role.APPROVER])
    call_command("sources", "own", "--by", mira.username, stdout=StringIO())
    CHANGES.accept(SourceChange.objects.get().pk, by=noor.as_actor(), at=NOW)
    said = StringIO()
    call_command("sources", "check", stdout=said, stderr=StringIO())
    assert f"{SOURCE}: answers as its map says." in said.getvalue()


def test_it_has_its_schema_its_disclosure_and_its_table_on_the_overview_page(house: House) -> None:
    house.closed(Right.KNOW_CATEGORIES, details=WROTE)
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    schema = json.loads(files[f"schemas/data/{SOURCE}/letters.schema.json"])
    assert "letter_id" in schema["properties"]
    disclosure = json.loads(files["disclosure.json"])
    assert "Answer privacy requests, and prove that they were answered" in disclosure["purposes"]
    assert "Your requests, and those of whom you let ask for you" in disclosure["sources"]
    page = files["index.html"].decode()
    assert "Your earlier privacy requests" in page
    assert WROTE in page


def test_the_request_that_is_answered_is_no_earlier_one(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert run_of(case, SOURCE).records == 0


def test_nothing_that_opens_something_is_given_out(house: House) -> None:
    before = house.closed(Right.KNOW_SPECIFIC)
    queue(before.submission, Letter.PASSPHRASE, at=NOW, case=before, passphrase="ABCD-EFGH")
    case = house.deciding(Right.KNOW_SPECIFIC)
    held_back = {str(message.pk) for message in before.submission.messages.all() if "code" in message.letter}
    held_back |= {
        str(message.pk) for message in before.submission.messages.filter(letter__in=(Letter.RECEIPT, Letter.PASSPHRASE))
    }
    texts = {row["letter_id"]: row["text"] for row in found(case, "letters")}
    assert {letter for letter, text in texts.items() if text is None} == held_back
    assert len(held_back) < len(texts)


def test_what_staff_wrote_down_is_given_out_nowhere(house: House) -> None:
    before = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(before, "ask_clarification", question="Which account?")
    house.move(before, "clarified", reason="She sounded annoyed on the telephone.")
    case = house.deciding(Right.KNOW_SPECIFIC)
    everything = json.dumps([found(case, name) for name in own_record.KEPT])
    assert "annoyed" not in everything
    assert "Which account?" in everything


def other_person_at_the_same_mailbox(house: House) -> Submission:
    """A request that another customer proved, whom the same mailbox writes for."""
    asking = person("LO-100102")
    submission = house.file(Right.KNOW_CATEGORIES, who=asking, email=person().email, account_number=asking.account_no)
    house.prove(submission, asking)
    return submission


def test_of_a_mailbox_that_two_people_use_each_gets_only_what_was_proved_by_their_own_record(house: House) -> None:
    theirs = other_person_at_the_same_mailbox(house)
    assert theirs.cases.get().proved_by.exists(), "it was proved, by another record"
    mine = house.reviewing(Right.KNOW_CATEGORIES)
    case = house.deciding(Right.KNOW_SPECIFIC)
    theirs.refresh_from_db()
    assert theirs.subject == case.submission.subject, "one mailbox, one record of a person"
    assert [row["reference"] for row in found(case, "requests")] == [mine.submission.reference]


def test_what_was_never_proved_is_found_only_where_the_record_holds_the_mailbox(house: House) -> None:
    unproved = house.file(Right.OPT_OUT_SALE_SHARE, Right.KNOW_CATEGORIES)
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert found(case, "requests") == [], "nobody has confirmed that mailbox for it"
    Submission.objects.filter(pk=unproved.pk).update(confirmed_at=NOW, subject=case.submission.subject)
    assert earlier.identifiers_of(case) == {earlier.KIND: [unproved.reference]}
    case.proved_by.get().identifiers.filter(kind="email").delete()
    assert earlier.identifiers_of(case) == {}


def test_a_record_that_a_reviewer_linked_brings_its_requests(house: House) -> None:
    elsewhere = house.file(Right.KNOW_CATEGORIES, who=person("LO-100102"))
    house.prove(elsewhere, person("LO-100102"))
    case = house.reviewing(Right.KNOW_SPECIFIC)
    assert earlier.identifiers_of(case) == {}
    house.move(case, "link_people", ANALYST, reference=elsewhere.reference, reason="One person, two addresses.")
    assert earlier.identifiers_of(fresh(case)) == {earlier.KIND: [elsewhere.reference]}


def test_who_asked_for_the_person_and_what_was_written_to_them_stay_out(house: House) -> None:
    case = fresh(house.reviewing(Right.KNOW_SPECIFIC))
    by_agent = house.file(
        Right.KNOW_CATEGORIES,
        requester=Requester.AGENT,
        requester_name="Ada Agent",
        requester_email="ada@agents.example",
    )
    Submission.objects.filter(pk=by_agent.pk).update(confirmed_at=NOW, subject=case.submission.subject)
    house.move(case, "start_gathering")
    house.work()
    everything = json.dumps([found(fresh(case), name) for name in own_record.KEPT])
    assert by_agent.reference in everything
    assert "Ada" not in everything
    assert "agents.example" not in everything


def test_a_deletion_keeps_the_record_and_tells_for_how_long_and_by_which_law(house: House) -> None:
    before = house.closed(Right.KNOW_CATEGORIES, details=WROTE)
    case = house.deciding(Right.DELETE)
    assert run_of(case, SOURCE).counts["requests"] == 1
    house.approve(case)
    case = fresh(case)
    proof = Act.objects.get(case=case, source__slug=SOURCE).proof
    assert {entry["action"] for entry in proof.values()} == {"keep"}
    assert before.submission.details == WROTE
    letter = " ".join(case.submission.messages.get(letter=Letter.DELETED).text.split())
    assert "Requests as they came: 1 record kept. We keep what the law obliges us to keep." in letter
    assert "not deleted: we keep them for at least 24 months after they are closed (11 CCR 7101(a))" in letter


def test_a_deletion_is_no_less_fulfilled_because_its_record_stays(house: House) -> None:
    def outcome_of(account_no: str, *, asked_before: bool) -> str:
        who = person(account_no)
        if asked_before:
            house.closed(Right.KNOW_CATEGORIES, who)
        return house.closed(Right.DELETE, who).outcome

    assert outcome_of("LO-100104", asked_before=True) == outcome_of("LO-100105", asked_before=False)


@pytest.mark.slow
def test_its_map_keeps_everything_and_names_nothing_that_is_not_kept() -> None:
    text = own_record.MAP.read_text(encoding="utf-8")
    data_map = yaml.safe_load(text)
    data_map["collections"][0]["on_delete"] = "delete"
    with pytest.raises(DataMapError, match="the record of requests is kept and never changed"):
        read_data_map(yaml.safe_dump(data_map))
    data_map = yaml.safe_load(text)
    data_map["collections"][0]["fields"][0]["column"] = "reasons"
    connector = open_source(read_data_map(yaml.safe_dump(data_map)), read_url="")
    with pytest.raises(MapDoesNotFitError, match="requests has no reasons"):
        connector.check()


def test_it_answers_as_its_map_says_and_about_nobody_nothing(house: House) -> None:
    house.closed(Right.KNOW_CATEGORIES)
    source = DataSource.objects.get(slug=SOURCE)
    with source.open(source.map_version.as_map()) as connector:
        connector.check()
        for name in own_record.KEPT:
            assert connector.presence(name, {"email": [person().email]}).rows == 0
            assert connector.presence(name, {earlier.KIND: [str(uuid.uuid4())]}).rows == 0


def test_a_page_goes_on_behind_the_last_key(house: House) -> None:
    one, other = house.closed(Right.KNOW_CATEGORIES), house.closed(Right.KNOW_CATEGORIES)
    references = sorted([one.submission.reference, other.submission.reference])
    source = DataSource.objects.get(slug=SOURCE)
    with source.open(source.map_version.as_map()) as connector:
        pages = list(connector.pages("requests", {earlier.KIND: references}, size=1))
        assert [page.last_key for page in pages] == [(reference,) for reference in references]
        (rest,) = connector.pages("requests", {earlier.KIND: references}, after=(references[0],))
        assert rest.last_key == (references[1],)
