"""Codes sent to the mailbox, and what they open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from dsar.vault import digests
from requests_app.models import AccessCode, CodePurpose, Evidence, Submission
from requests_app.services import codes, entering, identity
from requests_app.services.codes import TooManyCodes
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.requests_app.factories import AT, a_submission, code_in, days, letters_of

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

WRONG = "22222222"
MINUTES = timedelta(minutes=1)


def code_to_enter(submission: Submission, at: object = AT) -> str:
    """A fresh code from the mailbox."""
    entering.send_code(submission, CodePurpose.ENTER, at=at)  # type: ignore[arg-type]
    return code_in(submission, Letter.ENTRY_CODE)


def test_the_code_in_the_receipt_proves_the_mailbox_once() -> None:
    submission = a_submission()
    code = code_in(submission)
    assert identity.confirm_mailbox(submission, code, at=AT)
    assert not identity.confirm_mailbox(submission, code, at=AT)
    submission.refresh_from_db()
    assert submission.confirmed_at == AT
    assert Evidence.objects.get().kind == "mailbox"


def test_a_code_may_be_typed_in_small_letters_with_spaces_and_dashes() -> None:
    submission = a_submission()
    code = code_in(submission).lower()
    assert identity.confirm_mailbox(submission, f" {code[:4]}-{code[4:]} ", at=AT)


@pytest.mark.parametrize("tries", [4, 5])
def test_after_five_tries_a_code_is_dead(tries: int) -> None:
    submission = a_submission()
    for _ in range(tries):
        assert not identity.confirm_mailbox(submission, WRONG, at=AT)
    assert identity.confirm_mailbox(submission, code_in(submission), at=AT) is (tries < 5)


def test_a_try_is_counted_before_it_is_looked_at_so_that_many_at_once_are_no_more_than_five(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    submission = a_submission()
    code = code_in(submission)
    seen: list[int] = []
    look = digests.candidates

    def looking(kind: str, value: str) -> list[str]:
        seen.append(AccessCode.objects.get().tries)
        return look(kind, value)

    monkeypatch.setattr(digests, "candidates", looking)
    assert not codes.use(submission, CodePurpose.CONFIRM, WRONG, at=AT)
    assert codes.use(submission, CodePurpose.CONFIRM, code, at=AT)
    assert seen == [1, 2]


@pytest.mark.parametrize(
    ("purpose", "life"), [(CodePurpose.CONFIRM, days(30)), (CodePurpose.ENTER, 20 * MINUTES)], ids=str
)
def test_a_code_expires(purpose: CodePurpose, life: timedelta) -> None:
    for wait, opens in ((life - MINUTES, True), (life, False)):
        submission = a_submission()
        code = code_in(submission) if purpose == CodePurpose.CONFIRM else code_to_enter(submission)
        assert codes.use(submission, purpose, code, at=AT + wait) is opens


def test_a_newer_code_ends_the_older_one() -> None:
    submission = a_submission()
    older, newer = code_to_enter(submission), code_to_enter(submission, AT + MINUTES)
    assert not entering.enter(submission, older, at=AT + 2 * MINUTES)
    assert entering.enter(submission, newer, at=AT + 2 * MINUTES)


def test_a_code_opens_what_it_was_sent_for_and_only_in_its_own_submission() -> None:
    submission, other = a_submission(), a_submission(email="other@example.com")
    code = code_in(submission)
    assert not codes.use(submission, CodePurpose.DOWNLOAD, code, at=AT)
    assert not codes.use(submission, CodePurpose.ENTER, code, at=AT)
    assert not identity.confirm_mailbox(other, code, at=AT)
    assert identity.confirm_mailbox(submission, code, at=AT)


def test_codes_can_be_asked_for_a_few_times_an_hour() -> None:
    submission = a_submission()
    for place in range(codes.CODES_AN_HOUR):
        code_to_enter(submission, AT + place * MINUTES)
    with pytest.raises(TooManyCodes):
        code_to_enter(submission, AT + 59 * MINUTES)
    assert len(letters_of(submission, Letter.ENTRY_CODE)) == codes.CODES_AN_HOUR
    assert code_to_enter(submission, AT + 60 * MINUTES)


def test_a_code_is_found_after_its_digest_key_was_rotated() -> None:
    submission = a_submission()
    digests.rotate("code", at=AT)
    assert identity.confirm_mailbox(submission, code_in(submission), at=AT)


def test_only_a_digest_of_a_code_is_kept() -> None:
    submission = a_submission()
    kept = AccessCode.objects.get()
    assert code_in(submission) not in kept.digest
    assert str(kept) == "code to confirm the mailbox"


def test_a_code_to_enter_proves_the_mailbox_as_well() -> None:
    submission = a_submission()
    assert entering.enter(submission, code_to_enter(submission), at=AT)
    assert entering.enter(submission, code_to_enter(submission, AT + MINUTES), at=AT + MINUTES)
    submission.refresh_from_db()
    assert submission.confirmed_at == AT
    assert submission.cases.get().state == State.VERIFYING
    assert Evidence.objects.count() == 1


def test_a_code_that_could_not_be_written_down_as_used_still_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Using the code and noting the mailbox stand or fall together."""
    submission = a_submission()
    code = code_in(submission)
    with monkeypatch.context() as broken:
        broken.setattr(identity, "note_mailbox", lambda *args, **words: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            identity.confirm_mailbox(submission, code, at=AT)
    assert identity.confirm_mailbox(submission, code, at=AT)


@pytest.mark.parametrize(
    "spelling",
    [lambda text: text, str.lower, lambda text: text.replace("-", " "), lambda text: f"ref. {text[2:]}"],
)
def test_a_submission_is_found_by_its_reference_however_it_is_typed(spelling: Callable[[str], str]) -> None:
    submission = a_submission()
    assert entering.find(spelling(submission.reference)) == submission


@pytest.mark.parametrize("typed", ["", "R-", "R-2222-2222", "nothing", "'; DROP TABLE"])
def test_nothing_is_found_by_what_is_no_reference(typed: str) -> None:
    a_submission()
    assert entering.find(typed) is None


def test_a_code_to_download_has_a_letter_of_its_own() -> None:
    submission = a_submission()
    entering.send_code(submission, CodePurpose.DOWNLOAD, at=AT)
    assert codes.use(submission, CodePurpose.DOWNLOAD, code_in(submission, Letter.DOWNLOAD_CODE), at=AT)
