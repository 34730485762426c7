"""What comes after an answer or a deletion: a bundle sent straight or by post, documents, kept rows, a restore."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from shutil import copyfile

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from dsar.ledger.models import Event
from exports.fulfil import encrypted, keeping, medium, transfer
from exports.fulfil.documents import taking
from exports.fulfil.keeping import Longer
from exports.fulfil.tasks import answering
from exports.models import (
    Document,
    DocumentPage,
    DocumentState,
    EncryptedFile,
    ErasedRow,
    KeptKeys,
    KeptUntil,
    Medium,
    MediumState,
    PassphraseBy,
    TaskState,
    Transfer,
    TransferState,
)
from requests_app.events import EventKind
from requests_app.finding_moves import EDGES
from requests_app.guards import MoveShut
from requests_app.models import Case
from requests_app.services.history import local_day
from requests_app.states import State
from tests.exports import papers, tasks
from tests.exports.fulfil.test_keeping import kept_by_schedule
from tests.exports.fulfil.test_posting import PASSPHRASE, post, read_with
from tests.exports.house import ANALYST, APPROVER, House, fresh
from tests.exports.tasks import task_of
from tests.faults.outside import Outside
from tests.faults.stories import Answer, LivingHouse, Story, tables

ADDRESS = "4 Orchard Lane\nUkiah, CA 95482"
GROUND = "ca_145k_rights_of_others"
REPLAYED = "set.deletions_replayed"
SOURCES = ("shop", "web_log")
MUCH_LATER = timedelta(days=8 * 366)  # when whatever a map keeps may be kept no longer


class SentStraight(Story):
    """A bundle that a bank is to get: encrypted once, and sent under one key."""

    def begin(self, house: House, outside: Outside) -> Case:
        case = house.closed(self.right)
        chosen = transfer.choose(case.pk, outside.bank.registered().pk, at=timezone.now())
        transfer.confirm(case.pk, chosen.pk, at=timezone.now())
        return case

    def is_over(self, case: Case) -> bool:
        return Transfer.objects.filter(case=case, state=TransferState.SENT).exists()

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        one = Transfer.objects.get(case=case)
        is_noted = one.sha256 == hashlib.sha256(outside.bank.got[-1].body).hexdigest()
        received = self.bundle(house, case, outside)
        return {"received": received, "its hash is noted": str(is_noted).encode(), **_encrypted_files()}

    def bundle(self, house: House, case: Case, outside: Outside) -> bytes:
        return outside.bank.opened(outside.bank.got[-1].body)

    def faults(self, case: Case, outside: Outside) -> list[str]:
        """One file under one key, however often it was sent."""
        told = {key: len(bodies) for key, bodies in outside.bodies().items()}
        return [] if told == {str(Transfer.objects.get(case=case).pk): 1} else ["another file, or another key"]


class Posted(Story):
    """A bundle on a medium: encrypted, taken, posted, and its passphrase mailed."""

    def begin(self, house: House, outside: Outside) -> Case:
        case = house.closed(self.right)
        medium.order(case.pk, PassphraseBy.EMAIL, ADDRESS, by=ANALYST, at=timezone.now())
        return case

    def go_on(self, house: House, case: Case) -> None:
        one = Medium.objects.select_related("file", "letter").get(case=case)
        if one.state != MediumState.READY:
            return
        if not _taken(case).exists():
            file = medium.take(case.pk, str(one.pk), by=ANALYST, at=timezone.now()).file
            assert file is not None
            whole = b"".join(encrypted.opened(file))
            _taken(case).parent.mkdir(exist_ok=True)
            half = _taken(case).with_suffix(".half")
            half.write_bytes(whole)
            half.rename(_taken(case))
        if not one.is_posted:
            post(house, case)
        medium.give(case.pk, str(one.pk), "", by=ANALYST, at=timezone.now())

    def is_over(self, case: Case) -> bool:
        return Medium.objects.filter(case=case, state=MediumState.DONE).exists()

    def noted_each_time(self) -> frozenset[str]:
        """A file that never came to its end is taken again."""
        return frozenset({EventKind.MEDIUM_TAKEN})

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        return {"read": self.bundle(house, case, outside), **_encrypted_files()}

    def bundle(self, house: House, case: Case, outside: Outside) -> bytes:
        """What the person reads from the medium, with the passphrase from the mail."""
        mails = [path.read_text() for path in (house.folder / "mails").glob("*.log")]
        (passphrase,) = {found for text in mails for found in PASSPHRASE.findall(text)}
        return read_with(_taken(case).read_bytes(), passphrase)


class WithDocuments(Answer):
    """A mail that an owner has brought, and what came with it: drawn, looked at, burnt, released."""

    def begin(self, house: House, outside: Outside) -> Case:
        tasks.set_up()
        case = house.reviewing(self.right)
        house.move(case, "start_gathering")
        house.work()
        task = task_of(case)
        content = papers.mail("Hello", ("scan.png", papers.scan("x")))
        taking.keep(task.pk, content, by=ANALYST, at=timezone.now())
        answered = {"name": "Ann Archer", "confirmed": True, "by": ANALYST, "at": timezone.now()}
        answering.finish(task.pk, TaskState.DONE, **answered)  # type: ignore[arg-type]
        return fresh(case)

    def go_on(self, house: House, case: Case) -> None:
        if case.state != State.DECIDING:
            return
        for document in _undecided(case):
            _black_out_the_top(house, document)
            house.move(case, "decide_document", document=str(document.pk), choice="release", code="")
        with suppress(MoveShut):
            house.move(case, "approve", APPROVER)


class KeptLong(Story):
    """Rows that a deletion kept until a day, on the day after: some are noted as gone, others kept longer."""

    def begin(self, house: House, outside: Outside) -> Case:
        kept_by_schedule()
        return house.closed(self.right)

    def go_on(self, house: House, case: Case) -> None:
        at = timezone.now() + MUCH_LATER
        for kept in _over(case):
            if kept.collection == "orders":
                wanted = Longer("ca_145a_legal_claims", f"{local_day(at) + timedelta(days=900)}", "A dispute.")
                keeping.keep_longer(case.pk, str(kept.pk), wanted, by=ANALYST, at=at)
            else:
                keeping.note_gone(case.pk, str(kept.pk), "Deleted, ticket 4711.", by=ANALYST, at=at)

    def is_over(self, case: Case) -> bool:
        return not _over(case)

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        """Every note, how many keys are left, and what is on the replay list."""
        notes = KeptUntil.objects.filter(act__case=case).order_by("collection", "until")
        told = [f"{one.collection} {one.rows} {one.settled} {one.is_listed} {bool(one.erasure)}" for one in notes]
        keys = KeptKeys.objects.filter(act__case=case).values_list("collection", "number")
        listed = str(ErasedRow.objects.count())
        return {"notes": str(told).encode(), "keys": str(sorted(keys)).encode(), "list": listed.encode()}


class Replayed(Story):
    """A deletion whose sources were restored from a backup: each is replayed."""

    def begin(self, house: House, outside: Outside) -> Case:
        for name in SOURCES:
            copyfile(house.database(name), house.folder / f"{name}.backup")
        case = house.closed(self.right)
        for name in SOURCES:
            copyfile(house.folder / f"{name}.backup", house.database(name))
        return case

    def go_on(self, house: House, case: Case) -> None:
        for name in _not_replayed():
            call_command("deletions", "replay", name, stdout=StringIO())

    def is_over(self, case: Case) -> bool:
        return not list(_not_replayed())

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        return {f"{name}.{table}": rows.encode() for name in SOURCES for table, rows in tables(house, name)}


def _encrypted_files() -> dict[str, bytes]:
    """What is left of the encrypted files: no row. A file that a dead worker left behind is for the clock."""
    return {"encrypted files": str(EncryptedFile.objects.count()).encode()}


def _taken(case: Case) -> Path:
    """What the analyst has taken: on the analyst's own disk, as it were."""
    return Path(settings.DATA_DIR) / "taken" / f"{case.pk}.zip"


def _undecided(case: Case) -> list[Document]:
    found = Document.objects.filter(task__case=case, state=DocumentState.READY, decision="")
    return list(found.order_by("label"))


def _black_out_the_top(house: House, document: Document) -> None:
    """Of each page, once; then all are looked at."""
    for page in document.pages.filter(areas=None).order_by("number"):
        edges = dict(zip(EDGES, ("0", "0", "1000", "100"), strict=True))
        house.move(document.task.case, "mark_area", page=str(page.pk), code=GROUND, **edges)
    DocumentPage.objects.filter(document=document).update(seen_at=timezone.now(), seen_by="staff:1")


def _over(case: Case) -> list[KeptUntil]:
    return list(keeping.over(local_day(timezone.now() + MUCH_LATER)).filter(act__case=case))


def _not_replayed() -> Iterator[str]:
    done = {event.facts["source"] for event in Event.objects.filter(kind=REPLAYED)}
    return (name for name in SOURCES if name not in done)
