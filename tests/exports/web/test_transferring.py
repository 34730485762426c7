"""The person has the file sent straight to another organisation, from the case page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dsar.jobs.models import Job
from dsar.ledger import chains
from exports.fulfil import receivers
from exports.models import Receiver, Transfer, TransferState
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from tests.exports.fulfil.receiving import Bank, receiving
from tests.exports.fulfil.web_server import HOST
from tests.exports.house import ANALYST, House, person
from tests.exports.web.fetching import code_in_mail, enter

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

HERE = "/case/me/data/portability/"


@pytest.fixture
def bank(settings: Settings) -> Iterator[Bank]:
    settings.RECEIVER_HOSTS = settings.SOURCE_HOSTS = frozenset({HOST})
    with receiving() as bank:
        yield bank


@pytest.fixture
def receiver(db: None, bank: Bank) -> Receiver:
    return bank.registered()


@pytest.fixture
def case(house: House) -> Case:
    return house.closed(Right.PORTABILITY)


def page_of(client: Client) -> str:
    return client.get("/case/me/").content.decode()


def choose(client: Client, receiver: Receiver) -> str:
    return client.post(f"{HERE}receiver/", {"receiver": receiver.pk}, follow=True).content.decode()


def confirm(client: Client, house: House, case: Case, **changes: str) -> int:
    """Read what is sent to whom, and confirm it with code and answer; the status of the page that comes."""
    assert client.post(f"{HERE}transfer/code/")["Location"] == f"{HERE}transfer/"
    house.work()
    chosen = Transfer.objects.get(case=case, state=TransferState.CHOSEN)
    given = {"code": code_in_mail(case), "answer": person().account_no, "transfer": str(chosen.pk), **changes}
    return client.post(f"{HERE}transfer/", given).status_code


def test_chosen_read_confirmed_and_sent(
    entered: Client, house: House, case: Case, bank: Bank, receiver: Receiver
) -> None:
    assert f'<option value="{receiver.pk}">First Harbor Bank, N.A.</option>' in page_of(entered)
    assert "Nothing is sent before you have confirmed it." in choose(entered, receiver)
    shown = entered.get(f"{HERE}transfer/").content.decode()
    assert "First Harbor Bank, N.A." in shown
    assert "privacy@bank.example" in shown
    assert f"The whole file that you can download here: {case.bundle.records} records" in shown
    assert confirm(entered, house, case) == 302
    assert "We are sending your file to First Harbor Bank, N.A." in page_of(entered)
    assert not bank.got
    house.work()
    assert bank.opened(bank.got[0].body)
    assert "Sent to First Harbor Bank, N.A. on Nov. 23, 2026." in page_of(entered)


def test_where_an_agent_receives_the_history_says_who_chose_and_confirmed(
    entered: Client, house: House, case: Case, receiver: Receiver
) -> None:
    Submission.objects.update(requester=Requester.AGENT, person_receives=False)
    choose(entered, receiver)
    entered.post(f"{HERE}receiver/", {"do": "take_back"})
    choose(entered, receiver)
    assert confirm(entered, house, case) == 302
    kinds = (EventKind.TRANSFER_CHOSEN, EventKind.TRANSFER_ENDED, EventKind.TRANSFER_CONFIRMED)
    assert [event.actor for event in chains.history(case.chain).filter(kind__in=kinds)] == ["requester"] * 4


@pytest.mark.parametrize("wrong", ["code", "answer"])
def test_a_wrong_code_or_answer_sends_nothing(
    entered: Client, house: House, case: Case, receiver: Receiver, wrong: str
) -> None:
    choose(entered, receiver)
    assert confirm(entered, house, case, **{wrong: "AAAAAAAA"}) == 400
    assert not Job.objects.filter(kind="send_transfer").exists()
    assert Transfer.objects.get().state == TransferState.CHOSEN


def test_what_is_confirmed_is_what_was_shown(
    entered: Client, house: House, case: Case, bank: Bank, receiver: Receiver
) -> None:
    choose(entered, receiver)
    shown = Transfer.objects.get().pk
    entered.post(f"{HERE}receiver/", {"do": "take_back"})
    choose(entered, bank.registered(name="Somebody else"))
    assert confirm(entered, house, case, transfer=str(shown)) == 302
    house.work()
    assert not bank.got


def test_before_the_file_is_ready_there_is_a_choice_and_nothing_to_confirm(
    client: Client, house: House, receiver: Receiver
) -> None:
    submission = house.file(Right.PORTABILITY)
    enter(client, submission)
    choose(client, receiver)
    assert "we ask you to confirm it here once your file is ready" in page_of(client)
    assert client.get(f"{HERE}transfer/").status_code == 404
    assert client.post(f"{HERE}transfer/code/").status_code == 404


def test_a_failure_is_told_and_the_download_remains(
    entered: Client, house: House, case: Case, bank: Bank, receiver: Receiver
) -> None:
    choose(entered, receiver)
    bank.answers = [(400, {})]
    confirm(entered, house, case)
    house.work()
    page = page_of(entered)
    assert "We could not send your file to First Harbor Bank, N.A.; our privacy team has been told." in page
    assert "Mail me a code to fetch it" in page
    entered.post(f"{HERE}receiver/", {"do": "take_back"})
    assert "Send it straight to" in page_of(entered)


def test_a_receiver_that_was_ended_can_not_be_confirmed(entered: Client, receiver: Receiver) -> None:
    choose(entered, receiver)
    receivers.end(receiver.pk, by=ANALYST, at=timezone.now())
    assert "we send nothing there any more" in page_of(entered)
    assert entered.get(f"{HERE}transfer/").status_code == 404


@pytest.mark.parametrize("given", ["", "x", "99999", "٣", "1" * 30])
def test_what_is_no_receiver_is_refused_in_words(entered: Client, receiver: Receiver, given: str) -> None:
    page = entered.post(f"{HERE}receiver/", {"receiver": given}, follow=True)
    assert page.status_code == 200
    assert not Transfer.objects.exists()


def test_other_rights_and_other_people_have_no_such_page(
    client: Client, house: House, case: Case, receiver: Receiver
) -> None:
    other = house.closed(Right.KNOW_SPECIFIC, person("LO-100102"))
    enter(client, other.submission)
    assert "Send it straight to another organisation" not in page_of(client)
    assert client.post(f"{HERE}receiver/", {"receiver": receiver.pk}).status_code == 404
    client.post("/case/me/data/know_specific/receiver/", {"receiver": receiver.pk})
    assert not Transfer.objects.exists()


def test_who_does_not_receive_the_data_chooses_no_receiver(entered: Client, receiver: Receiver) -> None:
    Submission.objects.update(person_receives=True)
    assert "Send it straight to another organisation" not in page_of(entered)
    assert entered.post(f"{HERE}receiver/", {"receiver": receiver.pk}).status_code == 404


def test_after_its_time_the_file_is_not_sent(client: Client, house: House, case: Case, receiver: Receiver) -> None:
    enter(client, case.submission)
    choose(client, receiver)
    house.shift(django_settings.BUNDLE_LIFE + timedelta(hours=1))
    later = Client()
    enter(later, case.submission)
    assert later.get(f"{HERE}transfer/").status_code == 404
    assert later.post(f"{HERE}transfer/code/").status_code == 404


def test_the_pages_are_spanish_for_who_reads_spanish(entered: Client, receiver: Receiver) -> None:
    entered.post("/i18n/setlang/", {"language": "es"})
    assert "Enviarlo directamente a otra organización" in page_of(entered)
    choose(entered, receiver)
    page = entered.get(f"{HERE}transfer/").content.decode()
    for english in ("Send", "To whom", "What is sent", "Encrypted", "Fingerprint", "Once it is sent"):
        assert english not in page
