"""On a medium by post: an encrypted ZIP that staff can't open, and its passphrase by another way, after it."""

from __future__ import annotations

import hashlib
import io
import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pyzipper
from django.conf import settings as django_settings
from django.core import mail
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.vault.errors import KeyDestroyed
from exports.fulfil import encrypted, medium
from exports.fulfil.hand_over import NotHandedOver
from exports.models import Bundle, EncryptedFile, Medium, MediumState, PassphraseBy
from requests_app.events import EventKind
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, Channel, Message, MessageState
from requests_app.services import codes
from requests_app.services.history import local_day
from requests_app.services.intake import Intake, receive_submission
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports.fulfil.receiving import verified
from tests.exports.house import ANALYST, House, facts_of, fresh, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

ADDRESS = "4 Orchard Lane\nUkiah, CA 95482"
PASSPHRASE = re.compile(r"^ +((?:[2-9A-HJKMNP-Z]{4}-){5}[2-9A-HJKMNP-Z]{4})$", re.MULTILINE)


@pytest.fixture
def case(house: House) -> Case:
    return house.closed(Right.KNOW_SPECIFIC)


def made(house: House, case: Case, by: PassphraseBy = PassphraseBy.LETTER) -> Medium:
    """Ordered by the desk and encrypted by a worker."""
    ordered = medium.order(case.pk, by, ADDRESS, by=ANALYST, at=timezone.now())
    house.work()
    return stand_of(ordered)


def stand_of(one: Medium) -> Medium:
    return Medium.objects.select_related("letter", "file", "case").get(pk=one.pk)


def post(house: House, case: Case, letter: Letter = Letter.MEDIUM) -> None:
    """Note that the letter was posted today."""
    message = Message.objects.get(case=case, letter=letter)
    house.move(case, "told_otherwise", letter=str(message.pk), how="post", on=f"{local_day(timezone.now())}")


def passphrase_in(text: str) -> str:
    (found,) = PASSPHRASE.findall(text)
    return str(found)


def taken(case: Case, one: Medium) -> bytes:
    """The encrypted file, as the analyst takes it."""
    file = medium.take(case.pk, str(one.pk), by=ANALYST, at=timezone.now()).file
    assert file is not None
    return b"".join(encrypted.opened(file))


def read_with(content: bytes, passphrase: str) -> bytes:
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        archive.setpassword(passphrase.encode())
        (name,) = archive.namelist()
        assert name == "bundle.zip"
        return bytes(archive.read(name))


def show(case: Case, one: Medium) -> str:
    return medium.show_passphrase(case.pk, str(one.pk), by=ANALYST, at=timezone.now()).text


def test_the_zip_opens_with_the_passphrase_alone_and_holds_the_bundle(house: House, case: Case, tmp_path: Path) -> None:
    one = made(house, case)
    content = taken(case, one)
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        (info,) = archive.infolist()
        assert (info.wz_aes_version, info.wz_aes_strength) == (2, 3), "AE-2, 256 bits"
    with pytest.raises(RuntimeError):
        read_with(content, codes.new_passphrase())
    post(house, case)
    clear = read_with(content, passphrase_in(show(case, one)))
    assert "IN ORDER" in verified(clear, tmp_path)
    assert one.sha256 == hashlib.sha256(content).hexdigest()
    assert facts_of(case, EventKind.MEDIUM_TAKEN) == [{"medium": str(one.pk), "sha256": one.sha256}]


def test_neither_file_nor_row_holds_anything_to_read(house: House, case: Case) -> None:
    one = made(house, case)
    file = EncryptedFile.objects.get()
    sealed = (house.data / file.path).read_bytes()
    assert b"PK\x03\x04" not in sealed
    assert one.passphrase.encode() not in bytes(one.passphrase_sealed or b"")
    letter = one.letter
    assert letter is not None
    assert one.passphrase not in letter.text
    assert letter.state == MessageState.TO_POST
    assert "you get it in a letter of its own" in " ".join(letter.text.split())


def test_the_passphrase_leaves_after_the_medium_and_is_destroyed_then(house: House, case: Case) -> None:
    one = made(house, case)
    for early in (show, lambda case, one: medium.give(case.pk, str(one.pk), "", by=ANALYST, at=timezone.now())):
        with pytest.raises(NotHandedOver, match="leaves after the medium"):
            early(case, one)
    post(house, case)
    for _look in range(2):
        show(case, one)
    assert len(facts_of(case, EventKind.PASSPHRASE_SHOWN)) == 2
    today = f"{local_day(timezone.now())}"
    path = house.data / EncryptedFile.objects.get().path
    medium.give(case.pk, str(one.pk), today, by=ANALYST, at=timezone.now())
    done = stand_of(one)
    assert (done.state, done.passphrase, done.file) == (MediumState.DONE, "", None)
    assert not path.exists()
    assert facts_of(case, EventKind.PASSPHRASE_GIVEN) == [
        {"medium": str(one.pk), "passphrase_by": "letter", "on": today}
    ]
    with pytest.raises(NotHandedOver, match="settled"):
        show(case, one)


@pytest.mark.parametrize("on", ["", "soon", "2026-11-24", "2026-11-22"])
def test_a_day_that_can_not_be_is_refused(house: House, case: Case, on: str) -> None:
    one = made(house, case)
    post(house, case)
    with pytest.raises(NotHandedOver):
        medium.give(case.pk, str(one.pk), on, by=ANALYST, at=timezone.now())
    assert stand_of(one).passphrase


def test_by_mail_nobody_sees_it_and_it_is_kept_nowhere(house: House, case: Case) -> None:
    one = made(house, case, PassphraseBy.EMAIL)
    content = taken(case, one)
    post(house, case)
    with pytest.raises(NotHandedOver, match="nobody here has to see it"):
        show(case, one)
    mail.outbox.clear()
    medium.give(case.pk, str(one.pk), "", by=ANALYST, at=timezone.now())
    house.work()
    (letter,) = mail.outbox
    assert letter.to == [case.submission.email]
    passphrase = passphrase_in(str(letter.body))
    assert read_with(content, passphrase)
    assert (stand_of(one).state, stand_of(one).passphrase) == (MediumState.DONE, "")
    assert all(passphrase not in message.text for message in Message.objects.all())


def test_a_medium_given_up_takes_its_passphrase_along_and_the_next_has_another(house: House, case: Case) -> None:
    first = made(house, case)
    old = first.passphrase
    with pytest.raises(NotHandedOver, match="on its way already"):
        medium.order(case.pk, PassphraseBy.LETTER, "", by=ANALYST, at=timezone.now())
    medium.end(case.pk, str(first.pk), by=ANALYST, at=timezone.now())
    assert (stand_of(first).passphrase, EncryptedFile.objects.count()) == ("", 0)
    second = made(house, case)
    assert second.passphrase != old
    assert second.letter == first.letter, "a letter that was not posted goes with the next medium"


def test_a_medium_that_is_given_up_while_it_is_encrypted_stays_given_up(
    house: House, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered = medium.order(case.pk, PassphraseBy.LETTER, ADDRESS, by=ANALYST, at=timezone.now())
    make = encrypted.make

    def given_up_meanwhile(*about: Any) -> EncryptedFile:
        done = make(*about)
        medium.end(case.pk, str(ordered.pk), by=ANALYST, at=timezone.now())
        return done

    monkeypatch.setattr(encrypted, "make", given_up_meanwhile)
    house.work()
    one = stand_of(ordered)
    assert (one.state, one.passphrase, one.letter) == (MediumState.ENDED, "", None)
    assert not EncryptedFile.objects.exists()
    assert not list((house.data / "encrypted").iterdir())
    assert facts_of(case, EventKind.MEDIUM_MADE) == []


def test_a_passphrase_that_could_not_be_mailed_is_mailed_when_it_is_asked_for_again(house: House, case: Case) -> None:
    one = made(house, case, PassphraseBy.EMAIL)
    post(house, case)
    medium.give(case.pk, str(one.pk), "", by=ANALYST, at=timezone.now())
    Job.objects.filter(kind="mail_passphrase").update(state=JobState.FAILED, finished_at=timezone.now())
    medium.give(case.pk, str(one.pk), "", by=ANALYST, at=timezone.now())
    house.work()
    assert stand_of(one).state == MediumState.DONE


def test_it_needs_an_address_a_mailbox_for_mail_and_a_file(house: House, case: Case) -> None:
    at = timezone.now()
    with pytest.raises(NotHandedOver, match="no postal address"):
        medium.order(case.pk, PassphraseBy.EMAIL, "", by=ANALYST, at=at)
    with pytest.raises(NotHandedOver, match="can't be used"):
        medium.order(case.pk, PassphraseBy.EMAIL, "x" * 501, by=ANALYST, at=at)
    with pytest.raises(NotHandedOver, match="content has ended"):
        medium.order(case.pk, PassphraseBy.EMAIL, ADDRESS, by=ANALYST, at=at + django_settings.CONTENT_LIFE)
    assert not Medium.objects.exists()


def test_the_passphrase_ends_with_the_content(house: House, case: Case) -> None:
    one = made(house, case)
    post(house, case)
    house.later(django_settings.CONTENT_LIFE + timedelta(hours=1))
    with pytest.raises(KeyDestroyed):
        _ = stand_of(one).passphrase
    with pytest.raises(NotHandedOver, match="destroyed with the content"):
        show(case, one)


def test_a_damaged_bundle_is_told_to_the_desk_and_writes_no_letter(house: House, case: Case) -> None:
    path = house.data / Bundle.objects.get(case=case).path
    path.write_bytes(path.read_bytes()[:-1])
    one = made(house, case)
    assert (one.state, one.error, one.letter) == (MediumState.FAILED, "NothingToEncrypt", None)


def by_post(house: House) -> Case:
    """Somebody without a mailbox, known to staff; everything is approved, and the answer to be printed."""
    asking = person()
    intake = Intake(
        organisation=house.organisation,
        channel=Channel.POST,
        rights=(Right.KNOW_SPECIFIC,),
        intake_key=uuid.uuid4(),
        residence="US-CA",
        name=asking.name,
        email="",
        postal_address=ADDRESS,
        account_number=asking.account_no,
    )
    case = receive_submission(intake, by=ANALYST, at=timezone.now()).cases.get()
    house.move(
        case,
        "identity_shown",
        how="by_telephone",
        question_1="phone",
        answer_1=asking.phone or "",
        question_2="birth_date",
        answer_2=str(asking.birth_date),
        declaration="signed",
        reason="Called back at the number in the account.",
    )
    house.work()
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    return fresh(case)


def test_the_case_of_who_has_no_mailbox_closes_once_the_medium_was_posted(house: House) -> None:
    case = by_post(house)
    answer = Message.objects.get(case=case, letter=Letter.ANSWER_READY)
    assert "Your data comes on an encrypted medium by post" in " ".join(answer.text.split())
    post(house, case, Letter.ANSWER_READY)
    assert fresh(case).state == State.CARRYING_OUT, "the answer alone brings no data"
    assert medium.is_owed(fresh(case))
    with pytest.raises(NotHandedOver, match="no confirmed e-mail address"):
        medium.order(case.pk, PassphraseBy.EMAIL, "", by=ANALYST, at=timezone.now())
    one = medium.order(case.pk, PassphraseBy.PHONE, "", by=ANALYST, at=timezone.now())
    house.work()
    post(house, case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert str(case.duties.get(kind=DutyKind.ANSWER).met_on) == "2026-11-28", "with the time that post takes"
    assert passphrase_in(show(case, one))
