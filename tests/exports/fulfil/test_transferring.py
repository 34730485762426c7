"""Direct transfer: to a registered receiver, encrypted to its key, confirmed by the person, sent once in effect."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from dsar.jobs import pausing, running
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from exports.bundle import age
from exports.fulfil import encrypted, receivers, transfer, upkeep, upload
from exports.fulfil.hand_over import NotHandedOver
from exports.models import EncryptedFile, ReceiverWay, Transfer, TransferState
from requests_app import ports
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import PERSON
from requests_app.services.intake import IntakeRefused
from requests_app.services.two_people import RuleRefused
from tests.exports.fulfil.receiving import Bank, receiving, verified
from tests.exports.fulfil.web_server import HOST
from tests.exports.house import ANALYST, APPROVER, House, facts_of

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def bank(settings: Settings) -> Iterator[Bank]:
    settings.RECEIVER_HOSTS = settings.SOURCE_HOSTS = frozenset({HOST})
    with receiving() as bank:
        yield bank


@pytest.fixture
def case(house: House) -> Case:
    return house.closed(Right.PORTABILITY)


def confirmed(case: Case, bank: Bank, **changes: object) -> Transfer:
    """The person has chosen the receiver and confirmed it."""
    receiver = bank.registered(**changes)
    chosen = transfer.choose(case.pk, receiver.pk, at=timezone.now())
    transfer.confirm(case.pk, chosen.pk, at=timezone.now())
    return chosen


def stand_of(chosen: Transfer) -> Transfer:
    return Transfer.objects.get(pk=chosen.pk)


def test_the_receiver_gets_the_bundle_under_its_key_and_nothing_stays(
    house: House, case: Case, bank: Bank, tmp_path: Path
) -> None:
    chosen = confirmed(case, bank)
    assert not bank.got
    house.work()
    (got,) = bank.got
    clear = bank.opened(got.body)
    assert "IN ORDER" in verified(clear, tmp_path)
    assert (len(clear), got.path) == (case.bundle.clear_size, "/import")
    assert got.headers["idempotency-key"] == f'"{chosen.pk}"'
    sha256 = hashlib.sha256(got.body).hexdigest()
    (facts,) = facts_of(case, EventKind.TRANSFERRED)
    assert facts == {
        "transfer": str(chosen.pk),
        "receiver": chosen.receiver_id,
        "sha256": sha256,
        "status": 201,
        "receipt_sha256": hashlib.sha256(b"received").hexdigest(),
    }
    sent = stand_of(chosen)
    assert (sent.state, sent.sha256, sent.receipt_status) == (TransferState.SENT, sha256, 201)
    assert not EncryptedFile.objects.exists()
    assert not list((house.data / "encrypted").iterdir())


def test_a_receiver_that_was_named_when_asking_waits_to_be_confirmed(house: House, bank: Bank) -> None:
    receiver = bank.registered()
    assert [(known.key, known.name) for known in ports.systems().receivers()] == [(str(receiver.pk), receiver.name)]
    case = house.closed(Right.PORTABILITY, receiver=str(receiver.pk))
    chosen = transfer.current(case)
    assert chosen is not None
    assert (chosen.receiver, chosen.state, bank.got) == (receiver, TransferState.CHOSEN, [])
    assert len(facts_of(case, EventKind.TRANSFER_CHOSEN)) == 1
    transfer.confirm(case.pk, chosen.pk, at=timezone.now())
    house.work()
    assert len(bank.got) == 1


def test_a_receiver_that_nobody_accepted_or_that_was_ended_can_t_be_named(house: House, bank: Bank) -> None:
    ended, proposed = bank.registered(), bank.proposed(name="Second Harbor Bank")
    receivers.end(ended.pk, by=ANALYST, at=timezone.now())
    for receiver in (ended, proposed):
        with pytest.raises(IntakeRefused, match="receiver"):
            house.file(Right.PORTABILITY, receiver=str(receiver.pk))
    assert not Case.objects.exists()
    case = house.file(Right.PORTABILITY).cases.get()
    with pytest.raises(ports.NoReceiver):
        ports.work().choose_receiver(case, str(ended.pk), by=PERSON, at=timezone.now())


def test_a_request_that_names_a_receiver_is_no_duplicate_of_one_that_names_none(house: House, bank: Bank) -> None:
    older = house.reviewing(Right.PORTABILITY)
    house.shift(timedelta(minutes=1))
    newer = house.reviewing(Right.PORTABILITY, receiver=str(bank.registered().pk))
    with pytest.raises(MoveShut, match="the organisation to which the person has the file sent"):
        house.move(newer, "merge", into=str(older.pk))
    transfer.take_back(newer.pk, at=timezone.now())
    house.move(newer, "merge", into=str(older.pk))


def test_another_key_opens_nothing(house: House, case: Case, bank: Bank) -> None:
    confirmed(case, bank)
    house.work()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(bank.got[0].body, [pyrage.x25519.Identity.generate()])


def test_what_lies_on_the_disk_is_neither_the_bundle_nor_what_is_sent(house: House, case: Case, bank: Bank) -> None:
    bank.answers = [(503, {})]
    confirmed(case, bank)
    house.work()
    made = EncryptedFile.objects.get()
    sealed = (house.data / made.path).read_bytes()
    assert b"age-encryption.org" not in sealed
    assert b"PK\x03\x04" not in sealed
    assert b"".join(encrypted.opened(made)) == bank.got[0].body


def test_encryption_stops_when_work_is_paused_and_is_begun_anew(
    house: House, case: Case, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BETWEEN_LOOKS", 0)
    confirmed(case, bank)
    with monkeypatch.context() as somebody:
        encrypt = age.encrypt

        def pauses(clear: Any, write: Any, *, to: str) -> None:
            pausing.pause(by="staff:1", at=timezone.now())
            encrypt(clear, write, to=to)

        somebody.setattr(age, "encrypt", pauses)
        house.work()
    job = Job.objects.get(kind="send_transfer")
    assert (job.state, job.attempts, job.error) == (JobState.WAITING, 0, "")
    assert not list((house.data / "encrypted").iterdir())
    pausing.resume()
    house.work()
    assert len(bank.got) == 1


def test_a_busy_receiver_is_asked_again_when_it_said_with_the_same_file_and_key(
    house: House, case: Case, bank: Bank
) -> None:
    bank.answers = [(503, {"Retry-After": "7200"})]
    confirmed(case, bank)
    house.work()
    house.later(timedelta(minutes=119))
    assert len(bank.got) == 1
    house.later(timedelta(minutes=2))
    first, second = bank.got
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert Transfer.objects.get().state == TransferState.SENT


def test_a_job_killed_before_it_wrote_down_sends_the_same_file_under_the_same_key(
    house: House, case: Case, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(case, bank)
    calls, post = iter(range(9)), upload.post

    def die_once(*arguments: Any) -> upload.Receipt:
        receipt = post(*arguments)
        if next(calls) == 0:
            raise OSError
        return receipt

    monkeypatch.setattr(upload, "post", die_once)
    house.work()
    assert not facts_of(case, EventKind.TRANSFERRED)
    house.later(timedelta(minutes=1))
    first, second = bank.got
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert len(facts_of(case, EventKind.TRANSFERRED)) == 1


def test_a_receiver_that_was_ended_meanwhile_gets_nothing_and_all_are_told(
    house: House, case: Case, bank: Bank
) -> None:
    chosen = confirmed(case, bank)
    receivers.end(chosen.receiver_id, by=ANALYST, at=timezone.now())
    house.work()
    assert not bank.got
    assert stand_of(chosen).state == TransferState.FAILED
    (facts,) = facts_of(case, EventKind.TRANSFER_FAILED)
    assert facts == {"transfer": str(chosen.pk), "receiver": chosen.receiver_id, "error": "ReceiverEnded"}
    transfer.take_back(case.pk, at=timezone.now())
    assert transfer.current(case) is None


def test_what_the_receiver_refuses_waits_for_the_desk_and_is_sent_by_the_job_tried_again(
    house: House, case: Case, bank: Bank
) -> None:
    bank.answers = [(422, {})]
    chosen = confirmed(case, bank)
    house.work()
    assert (stand_of(chosen).state, stand_of(chosen).error) == (TransferState.FAILED, "ReceiverRefused")
    retry(Job.objects.get(kind="send_transfer"), at=timezone.now())
    house.work()
    assert stand_of(chosen).state == TransferState.SENT
    assert bank.got[0].body == bank.got[1].body


def test_a_choice_that_was_taken_back_after_a_failure_is_not_sent_by_the_old_job(
    house: House, case: Case, bank: Bank
) -> None:
    bank.answers = [(422, {})]
    confirmed(case, bank)
    house.work()
    transfer.take_back(case.pk, at=timezone.now())
    retry(Job.objects.get(kind="send_transfer"), at=timezone.now())
    house.work()
    assert len(bank.got) == 1
    assert not EncryptedFile.objects.exists()


def test_a_host_that_the_operator_names_no_more_gets_nothing(
    house: House, case: Case, bank: Bank, settings: Settings
) -> None:
    chosen = confirmed(case, bank)
    settings.RECEIVER_HOSTS = frozenset()
    house.work()
    assert not bank.got
    assert stand_of(chosen).error == "ReceiverNotAllowed"


def test_a_redirection_is_not_followed(house: House, case: Case, bank: Bank) -> None:
    bank.answers = [(307, {"Location": f"{bank.url}/elsewhere"})]
    chosen = confirmed(case, bank)
    house.work()
    assert len(bank.got) == 1
    assert stand_of(chosen).error == "ReceiverRefused"


def test_a_damaged_bundle_is_not_encrypted(house: House, case: Case, bank: Bank) -> None:
    chosen = confirmed(case, bank)
    path = house.data / case.bundle.path
    path.write_bytes(path.read_bytes()[:-1])
    house.work()
    assert not bank.got
    assert stand_of(chosen).error == "NothingToEncrypt"
    assert not EncryptedFile.objects.exists()


def test_nothing_is_sent_before_the_person_is_verified_and_has_confirmed(house: House, bank: Bank) -> None:
    case = house.file(Right.PORTABILITY).cases.get()
    chosen = transfer.choose(case.pk, bank.registered().pk, at=timezone.now())
    with pytest.raises(NotHandedOver):
        transfer.confirm(case.pk, chosen.pk, at=timezone.now())
    house.work()
    assert not bank.got
    assert not Job.objects.filter(kind="send_transfer").exists()


def test_other_rights_have_no_transfer(house: House, bank: Bank) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    with pytest.raises(NotHandedOver):
        transfer.choose(case.pk, bank.registered().pk, at=timezone.now())


def test_only_one_choice_is_open_and_only_of_receivers_in_force(case: Case, bank: Bank) -> None:
    with pytest.raises(NotHandedOver):
        transfer.choose(case.pk, bank.proposed(name="Not accepted").pk, at=timezone.now())
    receiver = bank.registered()
    transfer.choose(case.pk, receiver.pk, at=timezone.now())
    with pytest.raises(NotHandedOver, match="already"):
        transfer.choose(case.pk, receiver.pk, at=timezone.now())
    transfer.take_back(case.pk, at=timezone.now())
    transfer.choose(case.pk, receiver.pk, at=timezone.now())
    assert len(facts_of(case, EventKind.TRANSFER_CHOSEN)) == 2


def test_what_was_confirmed_can_not_be_taken_back(case: Case, bank: Bank) -> None:
    confirmed(case, bank)
    with pytest.raises(NotHandedOver, match="on its way"):
        transfer.take_back(case.pk, at=timezone.now())


def test_staff_pass_on_what_is_picked_up_and_see_only_the_encrypted_file(
    house: House, case: Case, bank: Bank, tmp_path: Path
) -> None:
    chosen = confirmed(case, bank, way=ReceiverWay.PICK_UP, url="")
    house.work()
    ready = stand_of(chosen)
    assert ready.state == TransferState.READY
    taken = transfer.take(case.pk, str(chosen.pk), by=ANALYST, at=timezone.now())
    assert taken.file is not None
    content = b"".join(encrypted.opened(taken.file))
    assert "IN ORDER" in verified(bank.opened(content), tmp_path)
    transfer.passed_on(case.pk, str(chosen.pk), by=ANALYST, at=timezone.now())
    assert len(facts_of(case, EventKind.TRANSFER_TAKEN)) == 1
    assert facts_of(case, EventKind.TRANSFERRED)[0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert not EncryptedFile.objects.exists()
    with pytest.raises(NotHandedOver):
        transfer.take(case.pk, str(chosen.pk), by=ANALYST, at=timezone.now())


def test_nothing_is_passed_on_to_a_receiver_that_was_ended_and_the_choice_can_be_taken_back(
    house: House, case: Case, bank: Bank
) -> None:
    chosen = confirmed(case, bank, way=ReceiverWay.PICK_UP, url="")
    house.work()
    with pytest.raises(NotHandedOver, match="on its way"):
        transfer.take_back(case.pk, at=timezone.now())
    receivers.end(chosen.receiver_id, by=ANALYST, at=timezone.now())
    with pytest.raises(NotHandedOver, match="ended"):
        transfer.take(case.pk, str(chosen.pk), by=ANALYST, at=timezone.now())
    assert not facts_of(case, EventKind.TRANSFER_TAKEN)
    transfer.take_back(case.pk, at=timezone.now())
    assert transfer.current(case) is None
    assert not EncryptedFile.objects.exists()


def test_the_encrypted_file_ends_with_the_content(house: House, case: Case, bank: Bank) -> None:
    confirmed(case, bank, way=ReceiverWay.PICK_UP, url="")
    house.work()
    path = house.data / EncryptedFile.objects.get().path
    upkeep.remove_orphaned_files(at=timezone.now() + timedelta(days=2))
    assert path.exists()
    house.later(django_settings.CONTENT_LIFE + timedelta(hours=1))
    upkeep.remove_orphaned_files(at=timezone.now() + timedelta(days=2))
    assert not path.exists()


class TestRegister:
    """One enters a receiver, another makes it active."""

    def test_nobody_accepts_his_own(self, db: None, bank: Bank) -> None:
        receiver = bank.proposed()
        with pytest.raises(RuleRefused, match="Approvers"):
            receivers.accept(receiver.pk, by=ANALYST, at=timezone.now())
        own = receivers.propose(
            receivers.Proposal("Bank", "there", bank.public_key, ReceiverWay.PICK_UP), by=APPROVER, at=timezone.now()
        )
        with pytest.raises(RuleRefused, match="yourself"):
            receivers.accept(own.pk, by=APPROVER, at=timezone.now())
        assert receivers.accept(receiver.pk, by=APPROVER, at=timezone.now()).is_in_force

    @pytest.mark.parametrize("key", ["", "age1notakey", "AGE-SECRET-KEY-1QQQQ", "ssh-ed25519 AAAA"])
    def test_what_is_no_public_key_is_refused(self, db: None, bank: Bank, key: str) -> None:
        with pytest.raises(RuleRefused, match="no public key of age"):
            bank.proposed(public_key=key)

    @pytest.mark.parametrize(
        "url",
        ["", "ftp://127.0.0.1/x", "https://elsewhere.example/", "http://127.0.0.1/x?to=me", "https://a@127.0.0.1/"],
    )
    def test_an_address_that_the_operator_does_not_allow_is_refused(self, db: None, bank: Bank, url: str) -> None:
        with pytest.raises(RuleRefused, match="DSAR_RECEIVER_HOSTS"):
            bank.proposed(url=url)

    def test_a_host_without_tls_has_to_be_named_twice(self, db: None, bank: Bank, settings: Settings) -> None:
        settings.SOURCE_HOSTS = frozenset()
        with pytest.raises(RuleRefused, match="DSAR_SOURCE_HOSTS"):
            bank.proposed()
