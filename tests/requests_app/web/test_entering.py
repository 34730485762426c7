"""Entering a case page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from requests_app.law.words import Right
from requests_app.models import AccessCode, Message, Submission
from requests_app.services.letters import Letter
from requests_app.web.session import FILED
from tests.requests_app.web.conftest import NOW, FileRequest, confirm_path, enter, entry_code, page, without_token

if TYPE_CHECKING:
    from time_machine import TimeMachineFixture

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

NOT_ANY_MORE = "This code does not work any more"
OPENS_NOTHING = "This code does not open a request"


def test_looking_at_the_link_changes_nothing(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    assert "Yes, this is my e-mail address" in page(client, confirm_path(submission))
    submission.refresh_from_db()
    assert submission.confirmed_at is None
    assert not AccessCode.objects.exclude(used_at=None, tries=0).exists()


def test_pressing_the_button_confirms_the_mailbox_and_enters(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    answer = client.post(confirm_path(submission), follow=True)
    assert "your e-mail address is confirmed" in answer.content.decode()
    assert submission.reference in answer.content.decode()
    submission.refresh_from_db()
    assert submission.confirmed_at is not None


def test_reference_and_code_may_be_typed_by_hand(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    code = confirm_path(submission).split("/")[3]
    loosely = submission.reference.lower().replace("-", " ")
    assert 'name="code"' in page(client, "/confirm/")
    answer = client.post("/confirm/", {"reference": loosely, "code": f" {code[:4]}-{code[4:]} ".lower()})
    assert answer.headers["Location"] == "/case/me/"


def test_a_form_left_empty_is_told_so(client: Client, file_request: FileRequest) -> None:
    file_request()
    for path in ("/confirm/", "/case/code/"):
        shown = client.post(path, {"reference": "", "code": ""}).content.decode()
        assert "Please type the reference of your request." in shown
        assert "Please type the code from our letter." in shown
    assert "Please type the reference of your request." in client.post("/case/", {}).content.decode()


def test_a_link_works_once_and_offers_a_fresh_code_afterwards(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    client.post(confirm_path(submission))
    shown = Client().post(confirm_path(submission)).content.decode()
    assert NOT_ANY_MORE in shown
    assert f'name="reference" value="{submission.reference}"' in shown


def test_the_link_once_more_is_no_mistake_for_who_is_in_already(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    client.post(confirm_path(submission))
    assert client.post(confirm_path(submission)).headers["Location"] == "/case/me/"


def test_a_link_expires(client: Client, file_request: FileRequest, time_machine: TimeMachineFixture) -> None:
    submission = file_request()
    time_machine.move_to(NOW + timedelta(days=31))
    assert NOT_ANY_MORE in client.post(confirm_path(submission)).content.decode()


@pytest.mark.parametrize("reference", ["R-2222-2222", "nonsense", "' OR 1=1 --"])
def test_an_unknown_reference_gets_the_words_of_a_wrong_code(
    client: Client, file_request: FileRequest, reference: str
) -> None:
    submission = file_request()
    for path, words in (("/confirm/", NOT_ANY_MORE), ("/case/code/", OPENS_NOTHING)):
        wrong = client.post(path, {"reference": submission.reference, "code": "WRONG234"}).content.decode()
        unknown = client.post(path, {"reference": reference, "code": "WRONG234"}).content.decode()
        assert words in wrong
        escaped = reference.replace("'", "&#x27;")
        assert without_token(unknown).replace(escaped, submission.reference) == without_token(wrong)


def test_asking_for_a_code_gets_the_same_answer_for_every_reference(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    known = client.post("/case/", {"reference": submission.reference}, follow=True)
    unknown = client.post("/case/", {"reference": "R-2222-2222"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    shown = without_token(unknown.content.decode()).replace("R-2222-2222", submission.reference)
    assert shown == without_token(known.content.decode())
    assert submission.messages.filter(letter=Letter.ENTRY_CODE).count() == 1


def test_asking_too_often_gets_the_same_answer_and_sends_nothing_more(
    client: Client, file_request: FileRequest
) -> None:
    submission = file_request()
    answers = [client.post("/case/", {"reference": submission.reference}, follow=True) for _time in range(7)]
    assert len({without_token(answer.content.decode()) for answer in answers}) == 1
    assert Message.objects.filter(letter=Letter.ENTRY_CODE).count() == 5


def test_the_mailed_code_opens_the_case_page(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    enter(client, submission)
    assert submission.reference in page(client)


def test_a_code_works_once_and_for_20_minutes(
    client: Client, file_request: FileRequest, time_machine: TimeMachineFixture
) -> None:
    submission = file_request()
    enter(client, submission)
    typed = {"reference": submission.reference, "code": entry_code(submission)}
    assert OPENS_NOTHING in Client().post("/case/code/", typed).content.decode()
    client.post("/case/", {"reference": submission.reference})
    time_machine.move_to(NOW + timedelta(minutes=21))
    typed["code"] = entry_code(submission)
    assert OPENS_NOTHING in Client().post("/case/code/", typed).content.decode()


def test_after_five_wrong_tries_the_right_code_opens_nothing(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    client.post("/case/", {"reference": submission.reference})
    for _try in range(5):
        client.post("/case/code/", {"reference": submission.reference, "code": "WRONG234"})
    typed = {"reference": submission.reference, "code": entry_code(submission)}
    assert OPENS_NOTHING in client.post("/case/code/", typed).content.decode()


def test_a_code_opens_its_own_request_only(client: Client, file_request: FileRequest) -> None:
    mine, other = file_request(), file_request(email="other@example.com")
    client.post("/case/", {"reference": mine.reference})
    typed = {"reference": other.reference, "code": entry_code(mine)}
    assert OPENS_NOTHING in client.post("/case/code/", typed).content.decode()


def test_the_case_page_shows_nobody_else_s_request(client: Client, file_request: FileRequest) -> None:
    mine = file_request(Right.DELETE)
    other = file_request(Right.KNOW_CATEGORIES, email="other@example.com")
    enter(client, mine)
    assert other.reference not in page(client)
    assert client.get("/case/me/withdraw/know_categories/").status_code == 404
    assert client.post("/case/me/withdraw/know_categories/").status_code == 404


def test_the_session_gets_a_new_key_on_entering_and_on_leaving(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    client.post("/case/", {"reference": submission.reference})
    before = client.session.session_key
    enter(client, submission)
    inside = client.session.session_key
    client.post("/case/out/")
    assert len({before, inside, client.session.session_key}) == 3


def test_nobody_sees_the_case_page_without_entering(client: Client, file_request: FileRequest) -> None:
    file_request(Right.DELETE)
    for path in ("/case/me/", "/case/me/withdraw/delete/"):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain == [("/case/", 302)]
        assert "Please enter first" in answer.content.decode()


def test_leaving_closes_the_case_page(client: Client, file_request: FileRequest) -> None:
    enter(client, file_request())
    assert "You have left your case page." in client.post("/case/out/", follow=True).content.decode()
    assert client.get("/case/me/").status_code == 302


def test_leaving_keeps_nothing_of_a_request_in_this_browser(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    client.post("/case/", {"reference": submission.reference})
    here = client.session
    here[FILED] = submission.reference  # as if it had been filed here
    here.save()
    enter(client, submission)
    assert submission.reference in page(client, "/request/done/")
    client.post("/case/out/")
    for path in ("/request/done/", "/case/code/"):
        assert submission.reference not in client.get(path, follow=True).content.decode()


def test_an_hour_after_the_last_page_the_case_page_is_closed(
    client: Client, file_request: FileRequest, time_machine: TimeMachineFixture
) -> None:
    enter(client, file_request())
    for minutes in (50, 100, 150):
        time_machine.move_to(NOW + timedelta(minutes=minutes))
        assert client.get("/case/me/").status_code == 200
    time_machine.move_to(NOW + timedelta(minutes=212))
    assert client.get("/case/me/").status_code == 302


def test_a_case_page_whose_request_is_gone_is_closed(client: Client, file_request: FileRequest) -> None:
    submission = file_request()
    enter(client, submission)
    session = client.session
    session["entered_submission"] = "5b7a9d4e-0000-4000-8000-000000000000"
    session.save()
    assert client.get("/case/me/").status_code == 302
    assert Submission.objects.exists()
