"""Taking a submission in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dsar.jobs.models import Job
from dsar.ledger import chains
from dsar.ledger.models import Event
from dsar.vault.models import WrappedKey
from requests_app import ports
from requests_app.law.words import DutyKind, Right
from requests_app.models import (
    Case,
    CorrectionAsked,
    DataSubject,
    Evidence,
    Identifier,
    LookBack,
    Message,
    Organisation,
    ProofOffered,
    Submission,
)
from requests_app.roles import PERSON
from requests_app.services import intake, letters
from requests_app.services.correcting import Correction
from requests_app.services.intake import IntakeRefused, receive_submission
from requests_app.services.letters import Letter
from requests_app.services.references import new_reference
from requests_app.states import State
from tests.requests_app.factories import (
    AT,
    a_submission,
    an_intake,
    answered,
    case_in,
    days,
    letters_of,
    move,
    run_jobs,
    the_organisation,
)

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

BORN = {"correct_field": "shop.people.birth_date"}
IN_CALIFORNIA = intake.rights_offered(Organisation(), "US-CA", AT.date())


def test_a_submission_has_one_case_a_right_each_with_its_duties_its_first_events_and_a_letter() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, Right.DELETE)
    assert submission.reference.startswith("R-")
    assert submission.received_on == date(2026, 11, 23)
    cases = {case.right_asked: case for case in submission.cases.all()}
    assert set(cases) == {Right.KNOW_SPECIFIC, Right.DELETE}
    for case in cases.values():
        assert case.state == State.VERIFYING
        assert [law.law for law in case.laws.all()] == ["ccpa"]
        kinds = [event.kind for event in chains.history(case.chain)]
        assert kinds == ["received", "ask_proof", "letter_queued"]
    assert [message.letter for message in submission.messages.all()] == [Letter.RECEIPT]
    assert Job.objects.get().kind == "deliver_message"


@pytest.mark.slow
def test_duties_are_those_of_the_right_each_with_its_date_its_working_and_its_pinned_law() -> None:
    submission = a_submission(*IN_CALIFORNIA)
    owed = {
        case.right_asked: {duty.kind: duty.due_on.isoformat() for duty in case.duties.all()}
        for case in submission.cases.all()
    }
    answer = {DutyKind.ACKNOWLEDGE: "2026-12-07", DutyKind.ANSWER: "2027-01-07"}
    told = {DutyKind.RECIPIENTS_TOLD: "2027-01-07"}
    at_once = {DutyKind.OPT_OUT_DONE: "2026-12-14", DutyKind.RECIPIENTS_TOLD: "2026-12-14"}
    assert owed == {
        Right.KNOW_SPECIFIC: answer,
        Right.KNOW_CATEGORIES: answer,
        Right.PORTABILITY: answer,
        Right.CORRECT: {**answer, **told},
        Right.DELETE: {**answer, **told},
        Right.OPT_OUT_SALE_SHARE: at_once,
        Right.LIMIT_SENSITIVE: at_once,
        Right.RESTRICT: {DutyKind.ANSWER: "2026-12-23", DutyKind.RESTRICTED: "2026-11-23"},
        Right.OBJECT: {DutyKind.ANSWER: "2026-12-23", DutyKind.RESTRICTED: "2026-11-23"},
        Right.OBJECT_MARKETING: {DutyKind.OPT_OUT_DONE: "2026-11-23"},
        Right.WITHDRAW_CONSENT: {DutyKind.OPT_OUT_DONE: "2026-12-08"},
        Right.OPT_IN: {},
        Right.SHINE_THE_LIGHT: {DutyKind.ANSWER: "2026-12-23"},
        Right.COMPLAINT: {DutyKind.ANSWER: "2026-12-23"},
        Right.INQUIRY: {DutyKind.ANSWER: "2026-12-23"},
    }
    for case in submission.cases.all():
        for duty in case.duties.all():
            assert duty.pack_version == case.laws.get(law=duty.law).pack_version
            assert "Received on 23 November 2026" in duty.explained()
            assert duty.target_on
            assert duty.target_on <= duty.due_on


@pytest.mark.parametrize(
    ("at", "received_on"),
    [
        (datetime(2026, 11, 23, 7, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), date(2026, 6, 30)),
    ],
    ids=["Sunday, a minute before midnight", "Monday, midnight", "summer time"],
)
def test_the_day_of_receipt_is_the_day_of_arrival_where_the_business_is(at: datetime, received_on: date) -> None:
    assert a_submission(at=at).received_on == received_on


def test_what_the_person_typed_is_kept_sealed() -> None:
    typed = {"name": "Zoë O'Hara", "email": "zoe@example.com", "account_number": "A-7", "details": "Two\nlines"}
    submission = a_submission(Right.CORRECT, **typed, correct_value="Zo")
    kept = Submission.objects.get(pk=submission.pk)
    assert {name: getattr(kept, name) for name in typed} == typed
    assert CorrectionAsked.objects.get().value == "Zo"
    assert CorrectionAsked.objects.get().field == "shop.people.nickname"
    columns = [bytes(getattr(kept, f"{name}_sealed")) for name in typed]
    assert not any(value.encode() in column for value in typed.values() for column in columns)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nBcc: b@example.com"}, "name"),
        ({"name": "a\rb"}, "name"),
        ({"name": "a\u2028b"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "half a character \ud800"}, "name"),
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c.example"}, "email"),
        ({"email": "sam@example.com\nBcc: x@example.com"}, "email"),
        ({"email": f"{'x' * 250}@example.com"}, "email"),
        ({"email": "sam@exa\ud800mple.com"}, "email"),
        ({"account_number": "x" * 65}, "account_number"),
        ({"account_number": "1\n2"}, "account_number"),
        ({"details": "x" * 5001}, "details"),
        ({"details": "a\x07b"}, "details"),
        ({"residence": "Atlantis"}, "residence"),
        ({"residence": ""}, "residence"),
        ({"language": "tlh"}, "language"),
        ({"rights": ()}, "rights"),
        ({"rights": (Right.DELETE, Right.DELETE)}, "rights"),
        ({"rights": (Right.APPEAL,)}, "rights"),
        ({"rights": (Right.CORRECT,), "correct_field": "shop.people.password"}, "correct_field"),
        ({"rights": (Right.CORRECT,), "correct_value": " "}, "correct_value"),
        ({"rights": (Right.CORRECT,), "correct_value": "x" * 501}, "correct_value"),
        ({"rights": (Right.CORRECT,), **BORN, "correct_value": "3/4/1990"}, "correct_value"),
        ({"rights": (Right.CORRECT,), **BORN, "correct_value": "4.3.1990"}, "correct_value"),
        ({"rights": (Right.CORRECT,), **BORN, "correct_value": "1990-02-30"}, "correct_value"),
        ({"rights": (Right.CORRECT,), **BORN, "correct_value": "1990-W09-7"}, "correct_value"),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_is_written(changes: dict[str, object], field: str) -> None:
    message = an_intake(**changes)
    keys = WrappedKey.objects.count()
    with pytest.raises(IntakeRefused) as refused:
        receive_submission(message, by=PERSON, at=AT)
    assert set(refused.value.errors) == {field}
    assert not Submission.objects.exists()
    assert not Event.objects.exists()
    assert not Job.objects.exists()
    assert WrappedKey.objects.count() == keys


def test_all_faults_are_told_at_once_and_the_exception_quotes_none_of_what_was_typed() -> None:
    message = an_intake(name="", email="secret", residence="secret", language="secret", rights=())
    with pytest.raises(IntakeRefused) as refused:
        receive_submission(message, by=PERSON, at=AT)
    assert set(refused.value.errors) == {"name", "email", "residence", "language", "rights"}
    assert "secret" not in str(refused.value)


def test_no_right_is_offered_that_no_law_gives_on_that_day() -> None:
    before_2020 = datetime(2019, 12, 1, 20, 0, tzinfo=UTC)
    not_yet = {Right.ACCESS_AUTOMATED, Right.REVIEW_AUTOMATED, Right.OPT_OUT_AUTOMATED, Right.APPEAL_AUTOMATED}
    assert set(intake.FILABLE) - set(IN_CALIFORNIA) == not_yet
    assert intake.rights_offered(Organisation(), "US-CA", before_2020.date()) == (Right.SHINE_THE_LIGHT,)
    with pytest.raises(IntakeRefused, match="rights"):
        a_submission(Right.DELETE, at=before_2020)


def test_where_no_other_law_gives_the_right_the_house_answers_under_its_own_policy() -> None:
    (case,) = a_submission(Right.DELETE, residence="US-WY").cases.all()
    assert [law.law for law in case.laws.all()] == ["house"]
    assert case.laws.get().leads


def test_the_same_form_sent_twice_is_one_submission() -> None:
    message = an_intake()
    first = receive_submission(message, by=PERSON, at=AT)
    keys = WrappedKey.objects.count()
    again = receive_submission(replace(message, name=" Sam Rivera ", language="es"), by=PERSON, at=AT + days(1))
    assert again == first
    assert (Submission.objects.count(), Case.objects.count(), Message.objects.count()) == (1, 1, 1)
    assert WrappedKey.objects.count() == keys


def test_two_submits_at_the_same_moment_are_one_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    message = an_intake()
    first: list[Submission] = []
    make_keys = intake._new_keys

    def while_the_other_gets_in(*args: object, at: datetime) -> object:
        monkeypatch.setattr(intake, "_new_keys", make_keys)
        first.append(receive_submission(message, by=PERSON, at=AT))
        return make_keys(*args, at=at)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "_new_keys", while_the_other_gets_in)
    assert [receive_submission(message, by=PERSON, at=AT)] == first
    assert (Submission.objects.count(), Case.objects.count()) == (1, 1)


def test_the_same_form_with_other_answers_is_another_submission_so_that_nothing_is_lost() -> None:
    message = an_intake(Right.KNOW_SPECIFIC)
    first = receive_submission(message, by=PERSON, at=AT)
    changed = receive_submission(replace(message, rights=(Right.DELETE,)), by=PERSON, at=AT)
    assert changed != first
    assert changed.cases.get().right_asked == Right.DELETE


def statements(submission: Callable[[], Submission]) -> list[str]:
    """The statements that intake makes, without the values that it writes or compares with."""
    with CaptureQueriesContext(connection) as captured:
        submission()
    sql = [query["sql"].partition(" VALUES ")[0] for query in captured if "SAVEPOINT" not in query["sql"]]
    return [re.sub(r"'[^']*'|\b\d+\b", "?", statement) for statement in sql]


@pytest.mark.slow
def test_intake_looks_nobody_up_and_asks_the_same_of_known_and_unknown_people() -> None:
    answered(at=AT - days(40))
    a_submission(email="warm@example.com")  # whatever is made once, such as pack versions, is there now
    known = statements(lambda: a_submission(email="sam@example.com"))
    unknown = statements(lambda: a_submission(email="nobody@example.com"))
    assert known == unknown
    reads = [statement for statement in known if statement.startswith("SELECT")]
    people = {model._meta.db_table for model in (DataSubject, Identifier, Evidence, ProofOffered)}
    assert not [read for read in reads for table in people if table in read]
    conditions = " ".join(read.partition(" WHERE ")[2] for read in reads)
    assert "email" not in conditions
    assert "digest" not in conditions.replace('"requests_app_packversion"."digest"', "")


@pytest.mark.parametrize("place", ["letters.queue", "duties.owe", "codes.issue", "carry_out", "get_template"])
def test_a_failure_anywhere_leaves_nothing_behind_but_keys_that_harm_nobody(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **words: object) -> None:
        raise RuntimeError(place)

    targets = {
        "letters.queue": (intake.letters, "queue"),
        "duties.owe": (intake.duties, "owe"),
        "codes.issue": (intake.codes, "issue"),
        "carry_out": (ports.work(), "carry_out"),
        "get_template": (letters, "render_to_string"),
    }
    monkeypatch.setattr(*targets[place], fail)
    the_message = an_intake(Right.OPT_OUT_SALE_SHARE, Right.KNOW_SPECIFIC)
    with pytest.raises(RuntimeError, match=place):
        receive_submission(the_message, by=PERSON, at=AT)
    for model in (Submission, Case, Event, Job, Message):
        assert not model.objects.exists()
    monkeypatch.undo()


def test_after_a_failure_the_same_form_can_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    message = an_intake()
    with monkeypatch.context() as broken:
        broken.setattr(letters, "render_to_string", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            receive_submission(message, by=PERSON, at=AT)
    assert receive_submission(message, by=PERSON, at=AT).cases.count() == 1


def test_a_day_is_taken_as_sources_take_it_whatever_the_person_believes_is_held() -> None:
    asked = Correction(BORN["correct_field"], now="3/4/90", value="1990-03-04")
    submission = a_submission(Right.CORRECT, correct_field="", correct_value="", corrections=(asked,))
    assert submission.cases.get().corrections.get().value == "1990-03-04"


def test_a_correction_asks_for_its_own_field_only() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, correct_field="nonsense", correct_value="x")
    assert not CorrectionAsked.objects.exists()
    assert submission.cases.count() == 1


def test_the_look_back_is_kept_as_chosen() -> None:
    assert a_submission(look_back=LookBack.EVERYTHING).look_back == LookBack.EVERYTHING


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" sam@example.com ", "sam@example.com"),
        ("Sam@Example.COM", "Sam@Example.COM"),
        ("maría@example.com", None),
        ("sam@correo-méxico.example", "sam@correo-méxico.example"),
        ("sam@xn--correo-mxico-ieb.example", "sam@correo-méxico.example"),
        ("sam@faß.example", "sam@fass.example"),
    ],
)
def test_an_address_is_kept_as_mail_to_it_goes_out(typed: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(IntakeRefused, match="email"):
            a_submission(email=typed)
    else:
        assert a_submission(email=typed).email == kept


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("maría@example.com", "write or call us"),
        ("用户@correo-méxico.example", "write or call us"),
        ("maría@example", "such as name@example.com"),
        ("a maria@example.com", "such as name@example.com"),
    ],
)
def test_whose_address_our_mail_can_t_reach_is_told_another_way(typed: str, sentence: str) -> None:
    with pytest.raises(IntakeRefused) as refused:
        receive_submission(an_intake(email=typed), by=PERSON, at=AT)
    assert sentence in str(refused.value.errors["email"])


def test_a_mailbox_that_only_looks_like_another_one_proves_nothing_of_it() -> None:
    """Mail to faß.example is delivered at fass.example; whoever owns that must not become the owner of the first."""
    submission = a_submission(email="sam@faß.example")
    run_jobs()
    assert mail.outbox[0].message()["To"] == submission.email == "sam@fass.example"


def test_letters_are_written_in_the_language_of_the_form() -> None:
    (english,) = letters_of(a_submission(), Letter.RECEIPT)
    (spanish,) = letters_of(a_submission(language="es"), Letter.RECEIPT)
    assert "January" in english or "Jan." in english
    assert "enero" in spanish


def test_references_are_not_in_order_and_hold_no_letters_that_look_alike() -> None:
    references = {new_reference() for _ in range(200)}
    assert len(references) == 200
    assert not set("".join(references)) & set("01IOL")


def test_events_of_intake_hold_codes_and_dates_only() -> None:
    submission = a_submission(details="my secret", name="Sam Rivera", account_number="A-1001")
    facts = json.dumps([event.facts for event in Event.objects.all()])
    for typed in (submission.name, submission.email, "A-1001", "my secret"):
        assert typed not in facts


def test_a_law_that_binds_the_organisation_everywhere_joins_the_law_of_the_place() -> None:
    the_organisation(laws_everywhere=["gdpr"])
    case = a_submission(Right.DELETE).cases.get()
    assert [law.law for law in case.laws.all()] == ["ccpa", "gdpr"]
    answers = case.duties.filter(kind=DutyKind.ANSWER).order_by("due_on").values_list("law", "due_on")
    assert list(answers) == [("gdpr", date(2026, 12, 23)), ("ccpa", date(2027, 1, 7))]
    assert case.submission.organisation.laws_for("US-CA", Right.RESTRICT, AT.date())[0].slug == "gdpr"


@pytest.mark.slow
def test_an_extension_moves_the_date_of_each_law_by_its_own_rule() -> None:
    the_organisation(laws_everywhere=["gdpr"])
    case = case_in(State.REVIEWING, Right.DELETE)
    move(case, "extend", reason="Several complex requests.")
    answers = case.duties.filter(kind=DutyKind.ANSWER).values_list("law", "due_on")
    assert set(answers) == {("gdpr", date(2027, 2, 23)), ("ccpa", date(2027, 2, 21))}
