"""By the clock: content of closed cases is destroyed, files that no row needs are removed, and nothing else."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.utils import timezone
from pytest_django import Settings

from dsar.jobs.models import Job
from dsar.vault.errors import KeyDestroyed
from exports import findings
from exports.fulfil import hand_over, upkeep
from exports.models import Bundle, Document, DocumentPage, EncryptedFile, Part, Report, Shredding, TaskUpload
from exports.reports import ordering
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import PermissionFile, Submission, SupportingDocument
from requests_app.services import identity, papers, permissions
from tests.exports.house import APPROVER, House, facts_of, fresh, parts_of, person
from tests.exports.papers import pdf

pytestmark = pytest.mark.django_db(databases="__all__")

LONG = timedelta(days=2)
# Each kind of row that names a sealed file, and the folder of its files.
FOLDERS: dict[type[Model], str] = {
    Part: "findings",
    Bundle: "bundles",
    Report: "reports",
    EncryptedFile: "encrypted",
    TaskUpload: "uploads",
    Document: "documents",
    DocumentPage: "documents",
    PermissionFile: "permissions",
    SupportingDocument: "supporting",
}


def sealed(house: House, folder: str) -> set[Path]:
    """The sealed files of a folder."""
    return set((house.data / folder).rglob("*.sealed"))


def age(house: House) -> None:
    """All files have been there for long."""
    then = timezone.now().timestamp() - LONG.total_seconds()
    for path in house.data.rglob("*"):
        os.utime(path, (then, then))


def test_content_lives_until_its_time_is_over_and_not_longer(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    house.shift(settings.CONTENT_LIFE - timedelta(minutes=5))
    house.work()
    assert not Shredding.objects.exists()
    assert hand_over.within_reach(case, timezone.now()) is not None
    house.later(timedelta(hours=1))
    assert Shredding.objects.get(case=case)
    assert hand_over.within_reach(fresh(case), timezone.now()) is None
    assert facts_of(case, EventKind.CONTENT_SHREDDED) == [{}]


def test_destroyed_content_opens_no_more_and_the_record_stays(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (part,) = parts_of(case, "shop", "ticket_messages")
    house.move(case, "withhold", finding=f"{part.pk}:0", field="", code="ca_145k_rights_of_others")
    house.approve(case)
    bundle = Bundle.objects.get(case=case)
    house.later(settings.CONTENT_LIFE + timedelta(hours=1))
    with pytest.raises(KeyDestroyed):
        hand_over.start_download(bundle, at=timezone.now())
    with pytest.raises(KeyDestroyed):
        next(findings.pieces(part))
    ordering.order_report(case)
    house.work()
    made = ordering.order_report(case)
    assert made is not None
    assert ordering.read_report(made).startswith(b"%PDF")
    assert Submission.objects.get(cases=case).name == person().name
    assert findings.withholdings(case).count() == 1


def test_every_way_to_close_ends_the_content(house: House) -> None:
    opt_out = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    open_case = house.deciding(Right.KNOW_SPECIFIC)
    house.later(settings.CONTENT_LIFE + timedelta(hours=1))
    assert list(Shredding.objects.values_list("case", flat=True)) == [opt_out.pk]
    assert findings.read(Part.objects.filter(run__case=open_case)[0])


def test_a_worker_that_dies_after_the_key_is_gone_writes_it_down_the_next_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    record, calls = upkeep.record, iter(range(10))

    def record_or_die(*arguments: object, **more: object) -> object:
        if next(calls) == 0:
            raise OSError
        return record(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(upkeep, "record", record_or_die)
    house.later(settings.CONTENT_LIFE + timedelta(hours=1))
    assert not Shredding.objects.exists()
    house.later(timedelta(minutes=1))
    assert Shredding.objects.get(case=case)
    assert len(facts_of(case, EventKind.CONTENT_SHREDDED)) == 1


def test_a_file_without_a_row_is_removed_after_a_day_and_not_before(house: House) -> None:
    house.closed(Right.KNOW_SPECIFIC)
    kept = sealed(house, "findings") | sealed(house, "bundles")
    orphan = house.data / "findings" / "some-case" / "a-part.1.sealed"
    orphan.parent.mkdir()
    orphan.write_bytes(b"left by a worker that died")
    assert upkeep.remove_orphaned_files(at=timezone.now()) == 0
    age(house)
    assert upkeep.remove_orphaned_files(at=timezone.now()) == 1
    assert sealed(house, "findings") | sealed(house, "bundles") == kept


@pytest.mark.parametrize("folder", sorted(set(FOLDERS.values())))
def test_of_every_kind_of_sealed_file_what_no_row_names_and_no_writer_ended_is_removed(
    settings: Settings, tmp_path: Path, folder: str
) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / folder / "a-case").mkdir(parents=True)
    (tmp_path / folder / "a-case" / "b.sealed").write_bytes(b"whole, and without a row")
    (tmp_path / folder / ".b.sealed.x.unfinished").write_bytes(b"half")
    later = timezone.now() + upkeep.YOUNGEST_ORPHAN + timedelta(minutes=1)
    assert upkeep.remove_orphaned_files(at=later) == 2


def test_no_kind_of_sealed_file_is_left_out() -> None:
    rows = {
        model
        for model in apps.get_models()
        if {"path", "size", "sha256"} <= {field.name for field in model._meta.get_fields()}
    }
    assert rows == FOLDERS.keys()
    assert upkeep.IN_USE.keys() == set(FOLDERS.values())


def test_a_paper_of_who_asks_for_another_stays_as_long_as_its_row(house: House) -> None:
    agent = {"requester_name": "Paula Porter", "requester_email": "paula@agents.example"}
    submission = house.file(Right.KNOW_CATEGORIES, requester=Requester.AGENT, **agent)
    identity.note_mailbox(submission, at=timezone.now())
    paper = permissions.send_file(submission, pdf("power of attorney"), at=timezone.now())
    age(house)
    assert upkeep.remove_orphaned_files(at=timezone.now()) == 0
    assert papers.read(paper).startswith(b"%PDF")
    paper.delete()
    assert upkeep.remove_orphaned_files(at=timezone.now()) == 1


def test_files_of_a_round_that_was_set_aside_are_removed_and_their_rows_stay(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    first = sealed(house, "findings")
    house.move(case, "gather_again")
    house.work()
    age(house)
    assert upkeep.remove_orphaned_files(at=timezone.now()) == len(first)
    assert not first & sealed(house, "findings")
    assert Part.objects.filter(run__case=case).count() == 2 * len(first)
    assert all(list(findings.read(part)) for part in Part.objects.filter(run__case=case, run__round=2))


def test_a_bundle_that_was_made_and_not_released_is_removed(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    for _before in range(2):
        house.reviewing(Right.KNOW_CATEGORIES)
    house.move(case, "approve", APPROVER)
    Submission.objects.exclude(pk=case.submission_id).update(provided_at=timezone.now())
    house.work()
    assert len(sealed(house, "bundles")) == 1
    age(house)
    upkeep.remove_orphaned_files(at=timezone.now())
    assert not sealed(house, "bundles")


def test_the_files_of_destroyed_content_are_removed_and_reports_stay(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    ordering.order_report(case)
    house.work()
    house.later(settings.CONTENT_LIFE + timedelta(hours=1))
    age(house)
    upkeep.remove_orphaned_files(at=timezone.now())
    assert not sealed(house, "findings") | sealed(house, "bundles")
    assert len(sealed(house, "reports")) == 1


def test_what_recipients_were_told_is_removed_when_they_had_long_enough_to_fetch_it(house: House) -> None:
    house.closed(Right.DELETE)
    written = set((house.data / "recipients").rglob("*.jsonl"))
    assert written
    then = timezone.now()
    for path in written:
        os.utime(path, (then.timestamp(), then.timestamp()))
    assert upkeep.remove_old_instructions(at=then + settings.CONTENT_LIFE) == 0
    assert upkeep.remove_old_instructions(at=then + settings.CONTENT_LIFE + timedelta(seconds=1)) == len(written)
    assert not set((house.data / "recipients").rglob("*.jsonl"))


def test_both_come_round_by_the_clock(house: House) -> None:
    house.work()
    assert {"shred_content", "remove_orphaned_files"} <= set(Job.objects.values_list("kind", flat=True))
