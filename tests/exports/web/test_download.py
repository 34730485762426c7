"""The person fetches the bundle: with a fresh code and an answer that the mailbox alone can't give, for an hour."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client

from dsar.ledger import chains
from exports.models import Bundle, Download
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.web.session import AS_PERSON, ENTERED
from tests.exports.house import House, facts_of, person
from tests.exports.web.fetching import HERE, enter, fresh_code, open_file

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def test_with_code_and_answer_the_file_comes_whole(entered: Client, house: House, case: Case) -> None:
    assert open_file(entered, house, case) == 302
    answer = entered.get(f"{HERE}file/")
    content = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert int(answer["Content-Length"]) == len(content)
    assert answer["Content-Disposition"] == f'attachment; filename="{case.submission.reference}.zip"'
    assert "no-store" in answer["Cache-Control"]
    assert Download.objects.count() == 1


def test_it_can_be_fetched_again_within_the_hour_and_not_after(entered: Client, house: House, case: Case) -> None:
    open_file(entered, house, case)
    for _again in range(2):
        assert entered.get(f"{HERE}file/").status_code == 200
    house.shift(timedelta(minutes=50))
    entered.get("/case/me/")
    house.shift(timedelta(minutes=15))
    assert entered.get(f"{HERE}file/").status_code == 302
    assert Download.objects.count() == 2


def test_the_case_page_says_that_the_data_is_ready(entered: Client, case: Case) -> None:
    page = entered.get("/case/me/").content.decode()
    assert f"One file with {case.bundle.records} records" in page
    assert "You can fetch it until Dec. 23, 2026." in page


def test_without_a_ticket_nothing_comes(entered: Client) -> None:
    answer = entered.get(f"{HERE}file/")
    assert (answer.status_code, answer["Location"]) == (302, HERE)
    assert not Download.objects.exists()


@pytest.mark.parametrize("answer", ["", "LO-100008", "the wrong one"])
def test_a_right_code_with_a_wrong_answer_opens_nothing(entered: Client, house: House, case: Case, answer: str) -> None:
    assert open_file(entered, house, case, answer=answer) == 400
    assert entered.get(f"{HERE}file/").status_code == 302
    assert not Download.objects.exists()


def test_a_right_answer_with_a_wrong_code_opens_nothing_and_reads_the_same(
    entered: Client, house: House, case: Case
) -> None:
    code = fresh_code(entered, house, case)
    sentence = "That does not open the file. Check both, or ask for a fresh code."
    wrong_code = entered.post(HERE, {"code": "AAAAAAAA", "answer": person().account_no})
    wrong_answer = entered.post(HERE, {"code": code, "answer": "wrong"})
    for answer in (wrong_code, wrong_answer):
        assert answer.status_code == 400
        assert sentence in answer.content.decode()


def test_a_code_works_once_and_for_twenty_minutes(entered: Client, house: House, case: Case) -> None:
    code = fresh_code(entered, house, case)
    house.shift(timedelta(minutes=21))
    assert entered.post(HERE, {"code": code, "answer": person().account_no}).status_code == 400


def test_too_many_codes_are_refused_kindly(entered: Client, house: House) -> None:
    for _code in range(5):
        entered.post(f"{HERE}code/")
    page = entered.post(f"{HERE}code/", follow=True).content.decode()
    assert "Too many codes were asked for." in page


def test_somebody_who_has_not_entered_is_asked_to(client: Client, case: Case) -> None:
    for path in (HERE, f"{HERE}file/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/case/")


def test_leaving_gives_the_ticket_back(entered: Client, house: House, case: Case) -> None:
    open_file(entered, house, case)
    assert entered.get(f"{HERE}file/").status_code == 200
    entered.post("/case/out/")
    enter(entered, case.submission)
    assert entered.get(f"{HERE}file/").status_code == 302


def test_another_persons_session_finds_nothing_here(client: Client, house: House, case: Case) -> None:
    enter(client, house.file(Right.KNOW_SPECIFIC, who=person("LO-100102")))
    for path in (HERE, f"{HERE}file/"):
        assert client.get(path).status_code == 404
    assert client.post(f"{HERE}code/").status_code == 404


def test_a_ticket_is_for_one_bundle_only(entered: Client, house: House, case: Case) -> None:
    open_file(entered, house, case)
    other = house.closed(Right.KNOW_SPECIFIC, person("LO-100109"))
    session = entered.session
    session[ENTERED] = str(other.submission_id)
    session.save()
    assert entered.get(f"{HERE}file/").status_code == 302


@pytest.mark.parametrize("right", ["delete", "know_categories", "no-such-right"])
def test_a_right_that_has_no_bundle_is_not_found(entered: Client, right: str) -> None:
    assert entered.get(f"/case/me/data/{right}/").status_code == 404
    assert entered.get(f"/case/me/data/{right}/file/").status_code == 404


def test_after_its_time_the_file_is_gone_and_the_page_says_so(client: Client, house: House, case: Case) -> None:
    house.later(django_settings.CONTENT_LIFE + timedelta(hours=1))
    enter(client, case.submission)
    page = client.get("/case/me/").content.decode()
    assert "The file is no longer available. It was kept for 45 days after our answer and then destroyed" in page
    assert client.get(HERE).status_code == 404
    assert client.post(f"{HERE}code/").status_code == 404


def test_what_has_expired_is_made_available_again_by_the_proof_of_a_download(
    client: Client, house: House, case: Case
) -> None:
    house.shift(django_settings.BUNDLE_LIFE + timedelta(hours=1))
    enter(client, case.submission)
    page = client.get("/case/me/").content.decode()
    assert "The time to fetch the file was over on Dec. 23, 2026." in page
    assert "You can make it available again until Jan. 7, 2027; then it is destroyed." in page
    assert client.get(f"{HERE}file/").status_code == 404
    assert "The same makes the file available again" in client.get(HERE).content.decode()
    assert open_file(client, house, case, answer="wrong") == 400
    assert not facts_of(case, EventKind.BUNDLE_RENEWED)
    assert client.get(f"{HERE}file/").status_code == 404

    assert open_file(client, house, case) == 302
    assert client.get(f"{HERE}file/").status_code == 200
    (facts,) = facts_of(case, EventKind.BUNDLE_RENEWED)
    assert facts["until"] == "2027-01-07"
    assert "You can fetch it until Jan. 7, 2027." in client.get("/case/me/").content.decode()


def test_an_agent_who_fetches_the_file_stands_in_the_history_as_who_asks(
    client: Client, house: House, case: Case
) -> None:
    Submission.objects.update(requester=Requester.AGENT, person_receives=False)
    house.shift(django_settings.BUNDLE_LIFE + timedelta(hours=1))
    enter(client, case.submission)
    assert open_file(client, house, case) == 302
    assert client.get(f"{HERE}file/").status_code == 200
    kinds = (EventKind.BUNDLE_RENEWED, EventKind.DOWNLOADED)
    assert [event.actor for event in chains.history(case.chain).filter(kind__in=kinds)] == ["requester"] * 2


def test_who_has_renewed_often_enough_is_asked_to_write(client: Client, house: House, case: Case) -> None:
    Bundle.objects.update(renewals=3)
    house.shift(django_settings.BUNDLE_LIFE + timedelta(hours=1))
    enter(client, case.submission)
    assert "Write to us if you still need it." in client.get("/case/me/").content.decode()
    assert client.get(HERE).status_code == 404
    assert client.post(f"{HERE}code/").status_code == 404


def test_a_damaged_file_releases_nothing_and_says_so(
    entered: Client, house: House, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    open_file(entered, house, case)
    bundle = Bundle.objects.get(case=case)
    path = house.data / bundle.path
    path.write_bytes(path.read_bytes()[:-1])
    answer = entered.get(f"{HERE}file/", follow=True)
    assert "The file could not be opened." in answer.content.decode()
    assert not Download.objects.exists()
    assert f"The bundle {bundle.pk} can't be opened: FileDamaged." in caplog.text


def test_nothing_is_fetched_by_posting_and_nothing_mailed_by_looking(entered: Client) -> None:
    assert entered.post(f"{HERE}file/").status_code == 405
    assert entered.get(f"{HERE}code/").status_code == 405


def test_the_pages_are_spanish_for_who_reads_spanish(entered: Client) -> None:
    entered.post("/i18n/setlang/", {"language": "es"})
    page = entered.get(HERE).content.decode()
    assert '<html lang="es">' in page
    assert "Escriba el código" in entered.post(HERE, {"code": ""}).content.decode()
    for english in ("Fetch your data", "Open my file", "Back to my request", "Code from our e-mail"):
        assert english not in page


def test_who_proved_no_data_point_is_asked_for_the_code_alone(entered: Client, house: House, case: Case) -> None:
    best = case.proved_by.get()
    best.matched_kinds = {"email"}
    best.save()
    page = entered.get(HERE).content.decode()
    assert "we ask for a fresh code, which we mail you when you ask for it below." in page
    code = fresh_code(entered, house, case)
    page = entered.post(HERE, {"code": "AAAAAAAA"}).content.decode()
    assert "we ask for the code that we have just mailed you." in page
    assert "That code does not open the file." in page
    assert 'name="answer"' not in page
    assert entered.post(HERE, {"code": code}).status_code == 302


def test_a_mistyped_answer_does_not_use_the_code_up(entered: Client, house: House, case: Case) -> None:
    code = fresh_code(entered, house, case)
    assert entered.post(HERE, {"code": code, "answer": "LO-100008"}).status_code == 400
    assert entered.post(HERE, {"code": code, "answer": person().account_no}).status_code == 302
    assert entered.post(HERE, {"code": code, "answer": person().account_no}).status_code == 400


def test_five_tries_use_a_code_up_whatever_was_wrong(entered: Client, house: House, case: Case) -> None:
    code = fresh_code(entered, house, case)
    for _try in range(5):
        assert entered.post(HERE, {"code": code, "answer": "wrong"}).status_code == 400
    assert "a fresh code, which we mail you when you ask for it below" in entered.get(HERE).content.decode()
    assert entered.post(HERE, {"code": code, "answer": person().account_no}).status_code == 400


def guess(client: Client, house: House, case: Case) -> str:
    """Five wrong answers with a right code; the last page."""
    code = fresh_code(client, house, case)
    for number in range(5):
        page = client.post(HERE, {"code": code, "answer": f"LO-1{number:05}"}).content.decode()
    return page


def test_wrong_answers_close_the_download_until_staff_open_it_again(entered: Client, house: House, case: Case) -> None:
    assert "closed" not in guess(entered, house, case)
    page = guess(entered, house, case)
    assert "The file is closed after too many wrong answers." in page
    assert "Please write to us" in page
    assert 'name="code"' not in page
    (closed,) = facts_of(case, EventKind.DOWNLOAD_CLOSED)
    assert closed == {"missed": 10}
    letters = case.submission.messages.count()
    assert entered.post(f"{HERE}code/")["Location"] == HERE
    assert case.submission.messages.count() == letters, "no code is mailed for a closed door"

    house.move(case, "open_download")
    assert open_file(entered, house, case) == 302
    assert len(facts_of(case, EventKind.OPEN_DOWNLOAD)) == 1


def test_a_closed_download_stays_closed_for_the_right_answer_too(entered: Client, house: House, case: Case) -> None:
    code = fresh_code(entered, house, case)
    case.submission.codes.of_downloads().update(missed=10)
    assert entered.post(HERE, {"code": code, "answer": person().account_no}).status_code == 400
    assert entered.get(f"{HERE}file/").status_code == 302


def test_wrong_codes_close_nothing(entered: Client, house: House, case: Case) -> None:
    for _code in range(3):
        fresh_code(entered, house, case)
        for _try in range(5):
            entered.post(HERE, {"code": "AAAAAAAA", "answer": "wrong"})
    assert not case.submission.codes.download_is_closed()


def test_only_what_was_given_and_matched_is_asked_again(entered: Client, house: House, case: Case) -> None:
    page = entered.get(HERE).content.decode()
    assert "As you gave it then, one of: Account number, Date of birth, Telephone number." in page
    assert "E-mail address" not in page


def test_a_number_that_came_with_the_request_is_an_answer_if_it_matched(client: Client, house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC, account_number=person().account_no)
    enter(client, case.submission)
    assert "one of: Account number, Date of birth, Telephone number." in client.get(HERE).content.decode()
    assert open_file(client, house, case, answer=person().account_no.lower()) == 302


def test_a_number_that_came_with_the_request_and_did_not_match_is_none(client: Client, house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC, account_number="LO-999999")
    enter(client, case.submission)
    assert "one of: Date of birth, Telephone number." in client.get(HERE).content.decode()
    assert open_file(client, house, case, answer="LO-999999") == 400
    assert open_file(client, house, case, answer=str(person().birth_date)) == 302


def test_data_for_the_person_is_not_there_for_who_asks_for_them(entered: Client, case: Case) -> None:
    Submission.objects.update(person_receives=True)
    assert "One file with" not in entered.get("/case/me/").content.decode()
    for path in (HERE, f"{HERE}file/"):
        assert entered.get(path).status_code == 404
    assert entered.post(f"{HERE}code/").status_code == 404


def test_the_person_fetches_it_by_a_code_of_their_own(client: Client, case: Case) -> None:
    Submission.objects.update(person_receives=True)
    enter(client, case.submission)
    session = client.session
    session[AS_PERSON] = True
    session.save()
    assert "One file with" in client.get("/case/me/").content.decode()
    assert client.get(HERE).status_code == 200
