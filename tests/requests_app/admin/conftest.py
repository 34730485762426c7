"""A desk with one of each role, in front of a real small company; cases walk to a state through the services."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from time_machine import TimeMachineFixture

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.running import execute
from exports.models import DataSource
from requests_app.law.words import Right
from requests_app.models import Case, Channel, LookBack, Organisation, Submission, User
from requests_app.roles import PERSON, Role
from requests_app.services import identity, moving
from requests_app.services.intake import Intake, receive_submission
from requests_app.services.staffing import add_staff
from requests_app.states import State
from tests.exports.sources import small_company

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
PASSWORD = "only-for-tests-1"
LETTERS = 119  # of Ann's, beside the two of the small company, one of them from before 2022: 120 since then
MAP = small_company.MAP.replace("category: sensory}", "category: sensory, never_disclose: unique_biometric_data}")

SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def ten_in_the_morning(time_machine: TimeMachineFixture) -> None:
    """Monday, 23 November 2026, ten in the morning in California; the clock goes on from there."""
    time_machine.move_to(NOW)


@pytest.fixture(autouse=True)
def nothing_slow(settings: Settings) -> None:
    """Passwords hash quickly."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def organisation(db: None) -> Organisation:
    """The organisation that is asked."""
    return Organisation.objects.create(
        slug="acorn",
        legal_name="Acorn & Oak, Inc.",
        display_name="Acorn & Oak",
        postal_address="120 Harbor Street\nOakland, CA 94607",
        contact_email="privacy@acorn.example",
        policy_url="https://acorn.example/privacy",
    )


@pytest.fixture(scope="session")
def club_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company's database, with many letters of Ann's; nothing is ever changed in it."""
    path = tmp_path_factory.mktemp("club") / "club.sqlite3"
    engine = sa.create_engine(f"sqlite:///{path}")
    small_company.make(engine)
    small_company.fill(engine)
    with engine.begin() as connection:
        sent = NOW.replace(tzinfo=None) - timedelta(days=30)
        rows = [{"id": 100 + n, "member_id": 1, "body": f"piece {n}", "sent_at": sent} for n in range(LETTERS)]
        connection.execute(small_company.letters.insert(), rows)
    engine.dispose()
    return path


@pytest.fixture
def club_url(club_made: Path, tmp_path: Path) -> str:
    """A copy of its own for each test: what one deletes is there for the next."""
    return f"sqlite:///{shutil.copy(club_made, tmp_path / 'club.sqlite3')}"


@pytest.fixture
def club(db: None, club_url: str, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> DataSource:
    """The small company as the one source; its pictures are of the kind that is never disclosed."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("CLUB_READ_URL", club_url)
    monkeypatch.setenv("CLUB_WRITE_URL", club_url)
    return DataSource.set_up(
        MAP, read_url_variable="CLUB_READ_URL", write_url_variable="CLUB_WRITE_URL", position=0, at=NOW
    )


@dataclass
class Desk:
    """The staff, by role, and the way of a case."""

    organisation: Organisation
    staff: dict[Role, User]

    def client(self, role: Role) -> Client:
        """A browser in which somebody of this role is signed in."""
        client = Client()
        client.force_login(self.staff[role])
        return client

    def file(self, *rights: Right, at: datetime = NOW, **changes: str) -> Submission:
        """A request of Ann's, by the web form."""
        usual = {"residence": "US-CA", "name": "Ann O'Hara", "email": "Ann.O'Hara@Club.example"}
        intake = Intake(
            organisation=self.organisation,
            channel=Channel.WEB,
            rights=rights or (Right.KNOW_SPECIFIC,),
            look_back=LookBack.EVERYTHING,
            intake_key=uuid.uuid4(),
            **{**usual, **changes},  # type: ignore[arg-type]
        )
        return receive_submission(intake, by=PERSON, at=at)

    def work(self) -> None:
        """Do every job that waits, and those that come of it."""
        while jobs := list(Job.objects.filter(state=JobState.WAITING, run_at__lte=timezone.now())):
            for job in jobs:
                execute(job.pk)

    def move(self, case: Case, slug: str, role: Role = Role.ANALYST, **inputs: str) -> Case:
        """Make a move as one of the staff."""
        case.refresh_from_db()
        actor = self.staff[role].as_actor()
        moving.perform(slug, case_id=case.pk, version=case.version, actor=actor, at=timezone.now(), inputs=inputs)
        case.refresh_from_db()
        return case

    def prove(self, submission: Submission) -> None:
        """Ann confirms her mailbox, answers the questions, and signs."""
        identity.note_mailbox(submission, at=timezone.now())
        self.work()
        answers = {"phone": "415 555 0101", "birth_date": "1980-02-29"}
        identity.offer_proof(submission, points=answers, declared_name="Ann O'Hara", at=timezone.now())
        self.work()

    def case_in(self, state: State, right: Right = Right.KNOW_SPECIFIC, **changes: str) -> Case:
        """A case that walked to this state."""
        submission = self.file(right, **changes)
        case = submission.cases.get()
        if state == State.VERIFYING:
            return case
        self.prove(submission)
        if state == State.CLARIFYING:
            return self.move(case, "ask_clarification", question="Which of the two?")
        steps = [
            (State.REVIEWING, lambda: None),
            (State.GATHERING, lambda: self.move(case, "start_gathering")),
            (State.DECIDING, self.work),
            (State.CARRYING_OUT, lambda: self.move(case, "approve", Role.APPROVER)),
            (State.CLOSED, self.work),
        ]
        for reached, step in steps:
            step()
            case.refresh_from_db()
            assert case.state == reached
            if reached == state:
                break
        return case


@pytest.fixture
def desk(organisation: Organisation, club: DataSource) -> Desk:
    """The desk."""
    staff = {role: add_staff(role.value, f"{role}@acorn.example", PASSWORD, [role]) for role in Role}
    return Desk(organisation, staff)


def text_of(client: Client, path: str, *, status: int = 200) -> str:
    """The text of a page."""
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()
