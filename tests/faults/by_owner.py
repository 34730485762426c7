"""A deletion in a source in which a person looks: its owner is asked, brings rows, is asked again, and gives a word."""

from __future__ import annotations

from django.utils import timezone

from dsar.vault import files
from exports.fulfil.tasks import answering, sheets
from exports.models import Act, DataSource, Task, TaskKind, TaskState, TaskUpload
from requests_app.models import Case
from requests_app.roles import OWNER
from tests.exports import tasks
from tests.exports.house import ANALYST, House, fresh, person
from tests.faults.outside import Outside
from tests.faults.stories import Change, LivingHouse

PROOF = b"Card 4711: shredded."


class ByOwner(Change):
    """From the second mail with the link, for every round begins with work for workers. The archive is alone."""

    def begin(self, house: House, outside: Outside) -> Case:
        case = house.reviewing(self.right)
        DataSource.objects.update(active=False)  # what is done in the shop, workers die of in other stories
        tasks.set_up()
        house.move(case, "start_gathering")
        house.work()
        answering.send_again(tasks.task_of(case).pk, by=ANALYST, at=timezone.now())
        return fresh(case)

    def go_on(self, house: House, case: Case) -> None:
        """The owner knows of a task by its mail."""
        super().go_on(house, case)
        for task in Task.objects.wanted().filter(case=case):
            if not task.mails.filter(accepted_at=None).exists():
                _answer(task)

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        """What was asked and answered, too, and the proof as it opens; rows that were taken in are gone."""
        asked = sorted(case.tasks.values_list("kind", "state", "answered_by"))
        (proof,) = TaskUpload.objects.filter(task__case=case)
        with files.open_file(proof.as_sealed_file(), proof.content_key, context=proof.context) as opened:
            return super().holds(house, case, outside) | {"asked": str(asked).encode(), "proof": opened.read()}

    def faults(self, case: Case, outside: Outside) -> list[str]:
        """One question to look and one to delete, and the owner's word for the one row."""
        kinds = sorted(case.tasks.values_list("kind", flat=True))
        rows = Act.objects.get(case=case, source__slug="archive").proof["letters"]["rows"]
        told = [] if kinds == [TaskKind.DELETE, TaskKind.LOOK] and rows == 1 else [f"asked to {kinds}; {rows} rows"]
        return super().faults(case, outside) + told


def _answer(task: Task) -> None:
    """Bring what is asked for, unless it was sent before; then say that it is done."""
    proof = b"" if task.kind == TaskKind.LOOK else PROOF
    if task.kind == TaskKind.LOOK and not task.uploads.exists():
        rows = sheets.Brought("letters.csv", f"{tasks.HEADER}{person().email},2026-01-01,Hello,x\n".encode())
        sheets.keep(task.pk, "letters", [rows], encoding="utf-8-sig", by=OWNER, at=timezone.now())
    answered = {"name": "Ann Archer", "note": "Done.", "confirmed": True, "proof": proof}
    answering.finish(task.pk, TaskState.DONE, **answered, by=OWNER, at=timezone.now())  # type: ignore[arg-type]
