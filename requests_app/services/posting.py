"""Letters around a medium by post: the one that lies beside it, and the one with its passphrase, which is not kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from requests_app.models import Case, Message, Submission
from requests_app.services import letters
from requests_app.services.letters import Letter


@dataclass(frozen=True)
class Sheet:
    """A letter that is written nowhere: it holds a secret."""

    subject: str
    text: str


def queue_medium(case: Case, *, how: str, at: datetime) -> Message:
    """The letter in the envelope with the medium, for who has a mailbox, too; ``how`` the passphrase comes."""
    return letters.queue(case.submission, Letter.MEDIUM, at=at, case=case, by_post=True, how=how)


def passphrase_letter(submission: Submission, passphrase: str, *, on: datetime) -> Sheet:
    """The letter with the passphrase: printed, read aloud or mailed, and never kept with the record."""
    addressee = submission.name if submission.person_receives else submission.contact_name
    return Sheet(*letters.compose(submission, Letter.PASSPHRASE, on=on, addressee=addressee, passphrase=passphrase))


def mail_passphrase(submission: Submission, passphrase: str, *, name: str, at: datetime) -> None:
    """Mail it to who receives the data; any error is raised, so that the job tries again."""
    sheet = passphrase_letter(submission, passphrase, on=at)
    address = submission.email if submission.person_receives else submission.contact_email
    letters.send(sheet.subject, sheet.text, to=address, name=name)
