"""A recipient with a service: a signed call, tried for days, and no case but its own waits; people settle the rest."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from dsar.jobs.running import Run
from exports.admin.attention import attention
from exports.fulfil.account import account_of
from exports.fulfil.recipients import by_people, push, telling
from exports.fulfil.recipients.by_people import StepRefused
from exports.models import Telling, TellingState
from exports.sources.http.exchange import Answer
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case
from requests_app.services import holds
from requests_app.services.holds import Asked
from requests_app.states import State
from tests.exports.fulfil.recipient import KEY, LISTED, Recipient, gives_the_address, serving, told_by
from tests.exports.fulfil.web_server import HOST
from tests.exports.house import ANALYST, APPROVER, House, facts_of, fresh, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

NAME = "Summit Lists LLC"


@pytest.fixture
def recipient(house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recipient]:
    settings.SOURCE_HOSTS = frozenset({HOST})
    monkeypatch.setenv("LISTS_KEY", KEY)
    with serving() as recipient:
        told_by(NAME, {"http": {"url": recipient.url, "key_env": "LISTS_KEY"}})
        yield recipient


def opted_out(house: House) -> Case:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    return fresh(case)


def telling_of(case: Case, name: str = NAME) -> Telling:
    return Telling.objects.get(case=case, recipient=name)


def test_it_gets_a_signed_call_and_its_answer_is_the_receipt(house: House, recipient: Recipient) -> None:
    case = opted_out(house)
    (call,) = recipient.calls
    moment, nonce = call.headers["dsar-timestamp"], call.headers["dsar-nonce"]
    signed = f"v1\n{moment}\n{nonce}\n{call.method}\n{call.path}\n".encode() + call.body
    assert call.headers["dsar-signature"] == "v1=" + hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()
    told = telling_of(case)
    assert call.headers["idempotency-key"] == f'"{told.request_id}"'
    assert json.loads(call.body)["email_sha256"] == hashlib.sha256(str(person().email).encode()).hexdigest()
    assert str(person().email) not in call.body.decode() + call.path + str(call.headers)
    (receipt,) = told.receipts
    assert (receipt["status"], receipt["id"]) == (200, "theirs-1")
    assert receipt["sha256"] == hashlib.sha256(b'{"id": "theirs-1"}').hexdigest()
    assert (case.state, case.outcome, told.state) == (State.CLOSED, "fulfilled", TellingState.TOLD)


def test_every_address_goes_and_a_call_that_is_repeated_is_the_same_letter_by_letter(
    house: House, recipient: Recipient
) -> None:
    gives_the_address()
    recipient.answers += [(503, {}, b"")] * 2
    case = house.closed(Right.DELETE, person(LISTED), email="elsewhere@post.example")
    house.later(timedelta(minutes=7))
    house.later(timedelta(minutes=7))
    (body,) = {call.body for call in recipient.calls}
    assert len(recipient.calls) == 3
    named = json.loads(body)
    assert named["email_sha256"] == hashlib.sha256(str(person(LISTED).email).encode()).hexdigest()
    assert named["other_email_sha256"] == [hashlib.sha256(b"elsewhere@post.example").hexdigest()]
    assert telling_of(case).state == TellingState.TOLD


def test_a_call_that_could_name_nobody_is_not_made_and_a_person_is_asked(house: House, recipient: Recipient) -> None:
    guardian = {"requester": Requester.GUARDIAN, "requester_name": "Ann Ito", "requester_email": "ann@post.example"}
    case = house.file(Right.OPT_OUT_SALE_SHARE, email="", account_number="LO-100102", **guardian).cases.get()
    house.work()
    assert not recipient.calls
    assert (telling_of(case).state, telling_of(case).error) == (TellingState.FAILED, "NothingToNameThePersonBy")
    panel = attention(fresh(case), ANALYST)
    assert panel is not None
    (trouble,) = (found for found in panel.context["troubles"] if NAME in found.what)  # type: ignore[attr-defined]
    assert trouble.to_do.startswith("Recipients know people by their e-mail address, and none is known here.")


def test_one_that_is_down_slows_neither_the_opt_out_nor_the_others(house: House, recipient: Recipient) -> None:
    recipient.answers += [(503, {}, b"")] * 2
    case = opted_out(house)
    assert house.sql("shop", "SELECT sale_opt_out FROM customers WHERE id = 7") == [(1,)]
    assert telling_of(case, "Brightpath Media LLC").state == TellingState.TOLD
    assert not case.duties.unmet().of_kind(DutyKind.OPT_OUT_DONE).exists()
    assert case.duties.unmet().of_kind(DutyKind.RECIPIENTS_TOLD).exists()
    assert case.state == State.CARRYING_OUT
    house.later(timedelta(minutes=2))
    assert len(recipient.calls) == 2
    house.later(timedelta(minutes=2))
    assert len(recipient.calls) == 2, "the waits grow"
    house.later(timedelta(minutes=3))
    assert len({call.headers["idempotency-key"] for call in recipient.calls}) == 1
    assert (fresh(case).state, telling_of(case).state) == (State.CLOSED, TellingState.TOLD)


def test_one_that_refuses_waits_for_a_person_who_is_shown_it(house: House, recipient: Recipient) -> None:
    recipient.answers.append((400, {}, b"no"))
    case = opted_out(house)
    stuck = telling_of(case)
    assert (stuck.state, stuck.error) == (TellingState.FAILED, "RecipientRefused")
    assert [fact["error"] for fact in facts_of(case, EventKind.RECIPIENT_NOT_REACHED)] == ["RecipientRefused"]
    panel = attention(case, ANALYST)
    assert panel is not None
    assert [trouble.what for trouble in panel.context["troubles"]] == [f"{NAME} could not be told."]  # type: ignore[attr-defined]
    by_people.try_again(case.pk, str(stuck.pk), by=ANALYST, at=timezone.now())
    house.work()
    assert fresh(case).state == State.CLOSED


def test_somebody_tells_it_otherwise_or_explains_why_not_with_words(house: House, recipient: Recipient) -> None:
    recipient.usual = lambda _call: (403, {}, b"")
    first, second = opted_out(house), opted_out(house)
    number = str(telling_of(first).pk)
    with pytest.raises(StepRefused, match="Say when, how and whom"):
        by_people.told_otherwise(first.pk, number, " ", by=ANALYST, at=timezone.now())
    with pytest.raises(StepRefused, match="no such recipient"):
        by_people.told_otherwise(second.pk, number, "x", by=ANALYST, at=timezone.now())
    by_people.told_otherwise(first.pk, number, "Called Ms. Ito.", by=ANALYST, at=timezone.now())
    by_people.explain(second.pk, str(telling_of(second).pk), "It went out of business.", by=ANALYST, at=timezone.now())
    house.work()
    assert [fresh(case).state for case in (first, second)] == [State.CLOSED, State.CLOSED]
    assert telling_of(first).note == "Called Ms. Ito."
    assert b"Ito" not in bytes(telling_of(first).note_sealed or b"")
    with pytest.raises(StepRefused, match="settled already"):
        by_people.explain(first.pk, number, "x", by=ANALYST, at=timezone.now())


@pytest.mark.parametrize("step", [by_people.explain, by_people.told_otherwise])
def test_nobody_says_otherwise_while_the_call_is_under_way(
    house: House, recipient: Recipient, monkeypatch: pytest.MonkeyPatch, step: Callable[..., Telling]
) -> None:
    recipient.answers.append((503, {}, b""))
    case, real = opted_out(house), push.answer_to

    def slow(*words: Any) -> Answer:
        answer = real(*words)
        with pytest.raises(StepRefused, match="being told at this moment"):
            step(case.pk, str(telling_of(case).pk), "It went out of business.", by=ANALYST, at=timezone.now())
        return answer

    monkeypatch.setattr(push, "answer_to", slow)
    house.later(timedelta(hours=1))
    told = telling_of(case)
    assert (told.state, told.note, fresh(case).state) == (TellingState.TOLD, "", State.CLOSED)
    letters = " ".join(message.text for message in case.submission.messages.all())
    assert "out of business" not in letters


def test_what_was_explained_before_the_call_began_is_not_told(
    house: House, recipient: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipient.answers.append((503, {}, b""))
    case, real = opted_out(house), telling._of

    def explained_meanwhile(run: Run) -> Telling:
        monkeypatch.setattr(telling, "_of", real)
        found = real(run)
        with monkeypatch.context() as begun:
            begun.setattr(telling, "is_being_told", lambda _telling: False)  # as just before the job was taken up
            by_people.explain(case.pk, str(found.pk), "It went out of business.", by=ANALYST, at=timezone.now())
        return found

    monkeypatch.setattr(telling, "_of", explained_meanwhile)
    house.later(timedelta(hours=1))
    assert telling_of(case).state == TellingState.EXPLAINED
    assert len(recipient.calls) == 1


@pytest.mark.parametrize("wrong", ["hosts", "key"])
def test_where_no_call_may_go_none_goes(
    house: House, recipient: Recipient, settings: Settings, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    if wrong == "hosts":
        settings.SOURCE_HOSTS = frozenset()
    else:
        monkeypatch.delenv("LISTS_KEY")
    case = opted_out(house)
    assert telling_of(case).error == "RecipientNotSetUp"
    assert not recipient.calls


def test_a_corrected_register_counts_when_it_is_tried_again(house: House, recipient: Recipient) -> None:
    recipient.usual = lambda _call: (403, {}, b"")
    case = opted_out(house)
    told_by(NAME, {"batch": {}})
    by_people.try_again(case.pk, str(telling_of(case).pk), by=ANALYST, at=timezone.now())
    house.work()
    assert telling_of(case).batch
    assert fresh(case).state == State.CLOSED


def test_the_letter_names_who_was_told_and_explains_in_detail_who_was_not(house: House) -> None:
    because = {"en": "It was dissolved in 2025, and nobody took over its data.", "es": "Se disolvió en 2025."}
    told_by(NAME, {"impossible": {"because": because}})
    case = house.closed(Right.DELETE)
    assert case.state == State.CLOSED
    assert telling_of(case).state == TellingState.EXPLAINED
    text = " ".join(case.messages.get(letter="deleted").text.split())
    assert "We told these recipients of your data to do the same: Brightpath Media LLC; Cardinal Pay Inc.;" in text
    assert f"We did not tell {NAME} to do the same" in text
    assert because["en"] in text
    spanish = account_of(case, "es")
    assert any(sentence.startswith("Hemos pedido a estos destinatarios") for sentence in spanish)
    assert any(f"No hemos pedido a {NAME}" in sentence and because["es"] in sentence for sentence in spanish)


def test_a_file_is_confirmed_once_for_all_that_it_carries_when_its_day_is_over(house: House) -> None:
    first, second = opted_out(house), opted_out(house)
    number = str(telling_of(first).pk)
    with pytest.raises(StepRefused, match="once the day is over"):
        by_people.note_receipt(first.pk, number, "Taken, ticket 4711.", by=ANALYST, at=timezone.now())
    house.shift(timedelta(days=1))
    by_people.note_receipt(first.pk, number, "Taken, ticket 4711.", by=ANALYST, at=timezone.now())
    assert telling_of(second).confirmed_at is not None
    assert len(facts_of(first, EventKind.RECIPIENT_CONFIRMED)) == 1


def test_a_recipient_is_not_told_to_delete_what_a_hold_keeps_since_and_a_person_decides(
    house: House, recipient: Recipient
) -> None:
    recipient.answers.append((503, {}, b""))
    case = house.closed(Right.DELETE)
    asked = Asked(kind="legal", matter="Docket 26-101", person=frozenset({("email", str(person().email))}))
    placed = holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())
    house.later(timedelta(hours=1))
    assert len(recipient.calls) == 1
    told = telling_of(case)
    assert (told.state, told.error) == (TellingState.FAILED, "RecipientHeld")
    assert fresh(case).state == State.CARRYING_OUT
    holds.release(placed.pk, by=APPROVER, at=timezone.now())
    by_people.try_again(case.pk, str(told.pk), by=ANALYST, at=timezone.now())
    house.work()
    assert (len(recipient.calls), fresh(case).state) == (2, State.CLOSED)
