"""A house with the example company behind it: cases walk through the services, jobs are done by a real worker."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import uuid
import zipfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import yaml
from django.utils import timezone
from time_machine import TimeMachineFixture

from dsar.demo import people, systems
from dsar.demo.people import Chosen, Person
from dsar.jobs.polling import Worker
from dsar.ledger import chains
from exports import findings
from exports.fulfil import hand_over
from exports.models import Bundle, DataMapVersion, DataSource, Part, SourceRun
from exports.sources.values import json_value
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, Channel, LookBack, Organisation, Submission
from requests_app.roles import PERSON, Actor, Role
from requests_app.services import identity, moving
from requests_app.services.intake import Intake, receive_submission

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # a Monday, ten in the morning in California
ANALYST = Actor("staff:1", frozenset({Role.ANALYST}))
APPROVER = Actor("staff:2", frozenset({Role.APPROVER}))


def person(account_no: str = Chosen.EVERYWHERE) -> Person:
    """A customer of the example company."""
    return everybody()[account_no]


@cache
def everybody() -> dict[str, Person]:
    return people.make_people()


@dataclass
class House:
    """The organisation with its two sources; ``folder`` holds their databases, and ``data`` what we write."""

    folder: Path
    organisation: Organisation
    clock: TimeMachineFixture | None = None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def database(self, name: str) -> Path:
        """The file of a source's database."""
        return self.folder / f"{name}.sqlite3"

    def sql(self, name: str, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run a statement in a source's database, as the company itself would."""
        with closing(sqlite3.connect(self.database(name))) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def switch_off(self, name: str) -> None:
        """A source is down."""
        self.database(name).rename(self.folder / f"{name}.off")

    def switch_on(self, name: str) -> None:
        """It is back."""
        (self.folder / f"{name}.off").rename(self.database(name))

    def file(self, *rights: Right, who: Person | None = None, **changes: object) -> Submission:
        """A request by the web form."""
        asking = who or person()
        usual: dict[str, object] = {"residence": "US-CA", "name": asking.name, "email": asking.email}
        usual |= {"look_back": LookBack.EVERYTHING, **changes}
        intake = Intake(
            organisation=self.organisation,
            channel=Channel.WEB,
            rights=rights,
            intake_key=uuid.uuid4(),
            **usual,  # type: ignore[arg-type]
        )
        return receive_submission(intake, by=PERSON, at=timezone.now())

    def prove(self, submission: Submission, who: Person | None = None) -> None:
        """The person confirms the mailbox, answers the questions, and signs."""
        asking = who or person()
        identity.note_mailbox(submission, at=timezone.now())
        self.work()
        points = {"phone": asking.phone or "", "birth_date": str(asking.birth_date or "")}
        points |= {} if submission.account_number else {"account_number": asking.account_no}
        asked = identity.questions(submission)
        answers = {kind: value for kind, value in points.items() if kind in asked}
        identity.offer_proof(submission, points=answers, declared_name=asking.name, at=timezone.now())
        self.work()

    def reviewing(self, right: Right, who: Person | None = None, **changes: object) -> Case:
        """A case whose person has proved who asks."""
        submission = self.file(right, who=who, **changes)
        self.prove(submission, who)
        return submission.cases.get()

    def deciding(self, right: Right, who: Person | None = None, **changes: object) -> Case:
        """A case with its findings."""
        case = self.reviewing(right, who, **changes)
        self.move(case, "start_gathering")
        self.work()
        return fresh(case)

    def closed(self, right: Right, who: Person | None = None, **changes: object) -> Case:
        """A case that went all its way."""
        case = self.deciding(right, who, **changes)
        self.approve(case)
        return fresh(case)

    def approve(self, case: Case) -> None:
        """A second person approves, the workers carry it out."""
        self.move(case, "approve", APPROVER)
        self.work()

    def move(self, case: Case, slug: str, by: Actor = ANALYST, **inputs: str) -> None:
        """Make a move of the desk."""
        version = fresh(case).version
        moving.perform(slug, case_id=case.pk, version=version, actor=by, at=timezone.now(), inputs=inputs)

    def later(self, by: timedelta = timedelta(hours=5)) -> None:
        """Let time pass, and do what is due then."""
        self.shift(by)
        self.work()

    def shift(self, by: timedelta) -> None:
        """Let time pass."""
        assert self.clock is not None
        self.clock.shift(by)

    def work(self) -> None:
        """Do what is due, and what comes of it."""
        Worker().run_until_idle()


def fresh(case: Case) -> Case:
    """The case as it stands."""
    return Case.objects.select_related("submission__organisation", "submission__subject").get(pk=case.pk)


def run_of(case: Case, source: str) -> SourceRun:
    """The look into a source in the present round."""
    return SourceRun.objects.get(case=case, source__slug=source, round=fresh(case).gathering_round)


def parts_of(case: Case, source: str, collection: str) -> list[Part]:
    """The part files of a collection."""
    return list(run_of(case, source).parts.filter(collection=collection).order_by("number"))


def rows(case: Case, source: str, collection: str) -> list[findings.Record]:
    """Everything gathered of a collection."""
    return [record for part in parts_of(case, source, collection) for _number, record in findings.read(part)]


def copy_systems(built: Path, folder: Path) -> dict[str, str]:
    """Systems of one's own in a folder; the environment variables with which they are read and written."""
    for name in systems.BUILD:
        shutil.copyfile(built / f"{name}.sqlite3", folder / f"{name}.sqlite3")
    return systems.addresses(folder)


def files_of(case: Case) -> dict[str, bytes]:
    """The files of a case's bundle, by their paths, as its owner unpacks them."""
    return unpacked(b"".join(hand_over.start_download(Bundle.objects.get(case=case), at=timezone.now())))


def unpacked(clear: bytes) -> dict[str, bytes]:
    """The files of a ZIP by their paths, in its order."""
    with zipfile.ZipFile(io.BytesIO(clear)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def json_lines(content: bytes) -> list[dict[str, object]]:
    """The records of a file of JSON lines."""
    return [json.loads(line) for line in content.splitlines()]


def with_bytes(records: list[dict[str, object]], files: dict[str, bytes]) -> list[dict[str, object]]:
    """Records as they were gathered: with the bytes that lie as files of their own."""

    def held(value: object) -> object:
        if isinstance(value, dict) and "$file" in value:
            return json_value(files[value["$file"]])
        return value

    return [{name: held(value) for name, value in record.items()} for record in records]


def facts_of(case: Case, kind: EventKind) -> list[dict[str, object]]:
    """The facts of all events of a kind."""
    return [event.facts for event in chains.history(case.chain).filter(kind=kind)]


def without_flags(slug: str) -> None:
    """The map of a source says no more how opt-outs are carried out."""
    source = DataSource.objects.get(slug=slug)
    data_map = yaml.safe_load(source.map_version.text)
    for collection in data_map["collections"]:
        collection.pop("suppress", None)
    source.map_version = DataMapVersion.accept(yaml.safe_dump(data_map, allow_unicode=True), at=NOW)
    source.save()


def remap(slug: str, old: str, new: str) -> None:
    """Another map of a source is accepted."""
    source = DataSource.objects.get(slug=slug)
    assert old in source.map_version.text
    DataSource.set_up(
        source.map_version.text.replace(old, new),
        read_url_variable=source.read_url_variable,
        write_url_variable=source.write_url_variable,
        position=source.position,
        at=NOW,
    )
