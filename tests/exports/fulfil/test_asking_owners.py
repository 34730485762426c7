"""A source in which a person looks: asked, reminded, opened by a link and a code, answered, and the case goes on."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from dsar.jobs.models import Job
from exports import findings
from exports.admin.attention import attention
from exports.fulfil.tasks import answering, repeats
from exports.fulfil.tasks.opening import AnswerRefused, NotYours
from exports.models import RunState, Task, TaskMail, TaskState, TaskUpload
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import OWNER, Actor, Role
from requests_app.services import closing
from requests_app.states import State
from tests.exports import tasks
from tests.exports.csv_text import records_of
from tests.exports.house import (
    ANALYST,
    APPROVER,
    House,
    facts_of,
    files_of,
    fresh,
    parts_of,
    person,
    rows,
    run_of,
)
from tests.exports.tasks import HEADER, MAP, Owner

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


@pytest.fixture
def archive(house: House) -> House:
    """The house, with an archive in which a person looks."""
    tasks.set_up()
    return house


def gathering(house: House, right: Right = Right.KNOW_SPECIFIC) -> Case:
    case = house.reviewing(right)
    house.move(case, "start_gathering")
    house.work()
    return fresh(case)


def entered(house: House) -> Owner:
    owner = Owner()
    owner.asks_for_code(tasks.link())
    house.work()
    owner.types(tasks.code())
    return owner


def removal(owner: Owner, number: int) -> dict[str, str]:
    """What the button to remove a file sends, as the page shows it now."""
    hidden = r'<input type="hidden" name="(\w+)" value="([^"]+)">'
    forms = re.findall(rf"<form(?:(?!</form>).)*File {number}:.*?</form>", owner.page, re.DOTALL)
    (sent,) = (dict(re.findall(hidden, form)) for form in forms)
    return sent | {"do": "remove"}


def row(text: str = "Dear all", written_on: str = "2026-01-01") -> str:
    return f"{person().email},{written_on},{text},x\n"


def test_the_owner_is_asked_while_the_other_sources_are_searched(archive: House) -> None:
    case = gathering(archive)
    assert case.state == State.GATHERING
    assert run_of(case, "archive").state == RunState.ASKED
    assert run_of(case, "shop").state == RunState.DONE
    (text,) = tasks.mails("A privacy request needs you")
    task = tasks.task_of(case)
    assert task.reference in text
    assert "Letters archive" in text
    secret = {person().email, person().name, person().account_no, case.submission.reference}
    assert not [value for value in secret if value in text + str(mail.outbox[-1].subject)]
    assert not TaskMail.objects.get(task=task).text, "the link stays nowhere but in the mailbox"


def test_what_the_owner_brings_is_in_the_bundle(
    archive: House, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    caplog.set_level(logging.DEBUG)
    case = gathering(archive)
    owner = entered(archive)
    assert person().email in owner.page
    assert person().account_no in owner.page
    assert person().name not in owner.page
    owner.sends(HEADER + row() + row("A second one; with “signs”"))
    assert "2 rows were sent" in owner.page
    owner.sends('{"note": "phoned"}\n', "notes")
    owner.answers("done")
    assert "Thank you" in owner.page
    with django_capture_on_commit_callbacks(execute=True):
        archive.work()
    case = fresh(case)
    assert case.state == State.DECIDING
    assert run_of(case, "archive").counts == {"letters": 2, "notes": 1}
    assert [record["text"] for record in rows(case, "archive", "letters")] == ["Dear all", "A second one; with “signs”"]
    assert "passport" not in rows(case, "archive", "letters")[0], "never disclosed, and in no file of ours"
    assert run_of(case, "archive").never_disclosed_kinds() == {"government_id_number"}
    assert not TaskUpload.objects.exists()
    assert not list((archive.data / "uploads").rglob("*.sealed")), "what was sent is gone once its rows are kept"
    archive.approve(case)
    assert {line["text"] for line in records_of(files_of(case)["data/archive/letters.csv"])} > {"Dear all"}
    written = caplog.text + str([event for kind in EventKind for event in facts_of(case, kind)])
    assert person().email not in written
    assert "Ann Archer" not in written
    assert tasks.task_of(case).name == "Ann Archer"


def test_what_looks_like_a_file_of_the_bundle_is_no_link_on_its_page(archive: House) -> None:
    case = gathering(archive)
    owner = entered(archive)
    owner.sends('{"note": {"$file": "javascript:alert(1)", "bytes": 1}}\n{"note": {"$file": "x"}}\n', "notes")
    owner.answers("done")
    archive.work()
    archive.approve(case)
    page = files_of(case)["index.html"].decode()
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


def test_nothing_found_lets_the_case_go_on(archive: House) -> None:
    case = gathering(archive)
    owner = entered(archive)
    owner.answers("nothing")
    archive.work()
    assert fresh(case).state == State.DECIDING
    assert run_of(case, "archive").counts == {"letters": 0, "notes": 0} or not run_of(case, "archive").records
    assert facts_of(case, EventKind.TASK_ANSWERED)[0]["answer"] == "nothing"


def test_nobody_is_asked_where_nothing_leads(house: House) -> None:
    tasks.set_up(MAP.replace("by: email", "by: device_id").replace("by: account_number", "by: device_id"), position=0)
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert case.state == State.DECIDING
    assert not Task.objects.exists()


def test_only_what_leads_there_is_told_and_asked_for(house: House) -> None:
    tasks.set_up(MAP.replace("by: account_number", "by: loyalty_card"))
    gathering(house)
    owner = entered(house)
    assert person().email in owner.page
    assert person().account_no not in owner.page
    assert "Letters" in owner.page
    assert "Notes" not in owner.page


REFUSED = [
    ("", "choose a file first"),
    (HEADER, "holds no row"),
    ("email,written_on,text\nx\n", "does not name the column “passport”"),
    ("email,email,text,passport\n", "names the column “email” twice"),
    ("email,written_on,text,passport,more\n", "Line 1 names a column that is not asked for"),
    (HEADER + "a,b\n", "Line 2 has 2 fields, and the first line names 4"),
    (HEADER + '"a,b\n', "Line 2 is no CSV"),
    (HEADER + "other@example.com,2026-01-01,t,x\n", "Line 2, column “email”: it does not hold what was asked for"),
    (HEADER + row(written_on="yesterday"), "Line 2, column “written_on”: it is no date"),
    ('{"email": 1', "Line 1 is no JSON object"),
    ('{"email": "x", "more": 1}', "Line 1 names a column that is not asked for"),
    ("x" * 1_100_000, "too large: at most 1 MB"),
]


def test_a_file_that_is_not_as_asked_for_is_refused_by_line_and_column(archive: House, settings: Settings) -> None:
    settings.MOST_UPLOADED = 1024 * 1024
    gathering(archive)
    owner = entered(archive)
    for content, sentence in REFUSED:
        answer = owner.sends(content)
        assert answer.status_code == 400
        assert sentence in owner.page
    owner.sends(HEADER + row(), "no_such")
    assert "Nothing is asked for there" in owner.page
    owner.sends(HEADER + row(), encoding="utf-7")
    assert "choose one of the encodings" in owner.page
    assert not TaskUpload.objects.exists()


def test_several_files_of_a_collection_are_one_answer(archive: House) -> None:
    case = gathering(archive)
    owner = entered(archive)
    owner.sends(HEADER + row("One"))
    owner.sends_together(second=HEADER + row("Two") + row("Three"), third=HEADER + row("Four"))
    assert "4 rows were sent" in owner.page
    owner.sends_together(
        again=HEADER + row("Four"),
        good=HEADER + row("Five"),
        good_too=HEADER + row("Five"),
    )
    assert "again.csv: it is the same, byte for byte, as file 3, which was sent before." in owner.page
    assert "good_too.csv: it is the same, byte for byte, as good.csv. Send it once." in owner.page
    answer = owner.sends_together(good=HEADER + row("Five"), bad=HEADER + row(written_on="soon"), empty=HEADER)
    assert answer.status_code == 400
    assert "bad.csv: Line 2, column “written_on”: it is no date" in owner.page
    assert "empty.csv: The file holds no row." in owner.page
    assert "good.csv" not in owner.page
    assert "None of these files was kept." in owner.page
    assert len(list((archive.data / "uploads").rglob("*.sealed"))) == TaskUpload.objects.count() == 3
    stale = removal(owner, 3)
    owner.post("/task/work/", stale)
    owner.sends(HEADER + row("Four"))
    owner.post("/task/work/", stale)
    assert "4 rows were sent" in owner.page, "the newer file has the number of the one that is gone"
    assert owner.post("/task/work/", stale | {"upload_id": "3"}).status_code == 400
    owner.post("/task/work/", removal(owner, 2))
    owner.sends(HEADER + row("Five"))
    owner.answers("done")
    (answered,) = facts_of(case, EventKind.TASK_ANSWERED)
    sent = (hashlib.sha256((HEADER + row(text)).encode()).hexdigest() for text in ("One", "Four", "Five"))
    assert (answered["files"], answered["sha256"]) == (3, list(sent))
    archive.work()
    assert [record["text"] for record in rows(fresh(case), "archive", "letters")] == ["One", "Four", "Five"]


def test_rows_that_came_before_are_named_and_a_file_that_holds_no_others_is_refused(
    archive: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathering(archive)
    owner = entered(archive)
    owner.sends(HEADER + row("Uno") + row("Señor") + row("Uno"))
    anew = (HEADER + row("Señor") + row("Uno") + row("Uno")).replace("\n", "\r\n").replace(",", ";").encode("cp1252")
    assert owner.sends(anew, encoding="cp1252").status_code == 400
    there = "line 2 (line 3 of file 1), line 3 (line 2 of file 1), line 4 (line 4 of file 1)."
    assert f"rows.csv: all its rows are there already: {there}" in owner.page
    owner.sends(HEADER + row("Uno") * 3 + row("Dos"))
    assert "File 2: 2 of its 4 rows are there already, and count twice now: line 2 (line 2 of file 1), " in owner.page
    typed = {"email": person().email, "written_on": "2026-01-01", "text": 7, "passport": "x"}
    owner.sends_together(one=HEADER + row("7"), other=json.dumps(typed))
    assert "other.csv: all its rows are there already: line 1 (line 2 of one.csv)." in owner.page
    assert "None of these files was kept." in owner.page
    assert [upload.records for upload in TaskUpload.objects.all()] == [3, 4]
    owner.sends(HEADER + row("Dos") + "".join(row(f"{number}") for number in range(2000)))
    owner.sends(HEADER + "".join(row(f"{number}") for number in range(1000)) + row("Tres"))
    assert "line 6 (line 7 of file 3) …. If" in owner.page
    assert "File 4: 1000 of its 1001 rows" in owner.page
    compare = repeats.found

    def compare_late(*files: Any) -> Any:
        monkeypatch.setattr(repeats, "found", compare)
        owner.sends(HEADER + row("Quatro"))
        return compare(*files)

    monkeypatch.setattr(repeats, "found", compare_late)
    owner.sends((HEADER + row("Quatro")).replace("\n", "\r\n"))
    assert "Another file came in meanwhile." in owner.page
    assert TaskUpload.objects.count() == 5


def test_a_file_that_is_removed_while_another_is_compared_with_it_has_that_one_sent_again(
    archive: House,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    gathering(archive)
    owner = entered(archive)
    owner.sends(HEADER + row("Uno"))
    compare = repeats.found

    def compare_late(*files: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            owner.post("/task/work/", removal(owner, 1))
        return compare(*files)

    monkeypatch.setattr(repeats, "found", compare_late)
    assert owner.sends(HEADER + row("Dos")).status_code == 400
    assert "A file was removed meanwhile." in owner.page
    assert not TaskUpload.objects.exists()


def test_a_file_in_another_encoding_is_read_as_it_was_chosen(archive: House) -> None:
    case = gathering(archive)
    owner = entered(archive)
    content = (HEADER + row("Señor")).replace(",", ";").encode("cp1252")
    owner.sends(content)
    assert "holds signs that the chosen encoding does not know" in owner.page
    owner.sends(content, encoding="cp1252")
    owner.answers("done")
    archive.work()
    assert rows(fresh(case), "archive", "letters")[0]["text"] == "Señor"


def test_an_answer_needs_a_name_a_word_and_files_that_fit_it(archive: House) -> None:
    gathering(archive)
    owner = entered(archive)
    owner.answers("nothing", name=" ")
    assert "Please type your name" in owner.page
    owner.answers("nothing", name="Ann\x00 Archer")
    assert "characters that can&#x27;t be used" in owner.page
    owner.answers("nothing", confirmed="")
    assert "Please tick the box" in owner.page
    owner.answers("done")
    assert "No file was sent" in owner.page
    owner.answers("refuse")
    assert "Please say why" in owner.page
    owner.answers("everything")
    assert "Please choose one of the answers" in owner.page
    owner.sends(HEADER + row())
    owner.answers("nothing")
    assert "You have sent files" in owner.page
    owner.post("/task/work/", removal(owner, 1))
    assert not TaskUpload.objects.exists()
    assert Task.objects.get().state == TaskState.OPEN


def test_the_owner_is_reminded_three_days_before_and_on_the_day_and_then_it_is_late(archive: House) -> None:
    case = gathering(archive)
    task = tasks.task_of(case)
    asked_on = task.asked_at.date()
    assert task.due_on == asked_on + timedelta(days=10)
    archive.later(timedelta(days=6))
    assert not tasks.mails("Reminder")
    archive.later(timedelta(days=1))
    archive.later(timedelta(days=1))
    assert len(tasks.mails("Reminder")) == 1
    archive.later(timedelta(days=2))
    archive.later(timedelta(days=1))
    assert len(tasks.mails("Reminder")) == 2
    assert len(facts_of(case, EventKind.TASK_REMINDED)) == 2
    assert list(Task.objects.late(timezone.localdate())) == [task]
    panel = attention(case, ANALYST)
    assert panel is not None
    assert task.reference in str(panel.context["troubles"])
    assert Client().get(tasks.link()).status_code == 200, "the link of the reminder leads in"


def test_the_date_leaves_the_desk_time_before_its_own_target(house: House) -> None:
    tasks.set_up(MAP.replace("days: 10", "days: 60"))
    case = gathering(house)
    targets = [duty.target_on or duty.due_on for duty in case.duties.unmet().filter(kind="answer")]
    assert tasks.task_of(case).due_on == min(targets) - timedelta(days=3)


def test_a_withdrawn_case_ends_its_task_at_once_and_the_owner_is_told(archive: House) -> None:
    case = gathering(archive)
    owner = entered(archive)
    owner.sends(HEADER + row())
    closing.withdraw(case.pk, at=timezone.now())
    assert owner.client.get("/task/work/").status_code == 404
    assert Client().get(tasks.link()).status_code == 404
    archive.later(timedelta(minutes=20))
    assert tasks.task_of(case).state == TaskState.CANCELLED
    assert len(tasks.mails("Task ")) == 1
    assert not TaskUpload.objects.exists()


def test_a_waived_source_ends_its_task(archive: House) -> None:
    case = gathering(archive)
    archive.move(case, "waive_source", source="archive", reason="Nobody answers.")
    archive.work()
    assert fresh(case).state == State.DECIDING
    assert tasks.task_of(case).state == TaskState.CANCELLED
    assert len(facts_of(case, EventKind.TASK_CANCELLED)) == 1


def test_what_the_owner_gives_leads_on_to_sources_that_were_searched_meanwhile(house: House) -> None:
    given = MAP.replace(
        "    on_delete: delete\n    fields:",
        "    gives: [{kind: device_id, column: note}]\n    on_delete: delete\n    fields:",
    )
    assert given != MAP
    tasks.set_up(given, position=0)
    case = gathering(house)
    before = {run.source.slug: run.pk for run in findings.current_runs(case)}
    owner = entered(house)
    owner.sends('{"note": "d-unknown"}\n', "notes")
    owner.answers("done")
    house.work()
    assert fresh(case).state == State.DECIDING
    after = {run.source.slug: run.pk for run in findings.current_runs(case)}
    assert before["archive"] == after["archive"]
    assert before["web_log"] != after["web_log"], "searched again by what the archive gave"


def test_a_refusal_waits_for_the_desk_which_asks_again_or_answers_in_the_owner_s_place(archive: House) -> None:
    case = gathering(archive)
    entered(archive).answers("refuse", note="We gave the archive away.")
    archive.work()
    run = run_of(case, "archive")
    assert (run.state, run.error) == (RunState.FAILED, "OwnerRefused")
    refused = tasks.task_of(case)
    assert refused.note == "We gave the archive away."
    with pytest.raises(NotYours):
        answering.ask_again(refused.pk, by=Actor("staff:9", frozenset({Role.AUDITOR})), at=timezone.now())
    answering.ask_again(refused.pk, by=ANALYST, at=timezone.now())
    archive.work()
    task = tasks.task_of(case)
    assert (task.pk != refused.pk, task.state) == (True, TaskState.OPEN)
    answering.finish(
        task.pk, TaskState.NOTHING, name="Ann, by telephone", confirmed=True, by=ANALYST, at=timezone.now()
    )
    archive.work()
    assert fresh(case).state == State.DECIDING
    with pytest.raises(AnswerRefused):
        answering.finish(task.pk, TaskState.NOTHING, name="Ann", confirmed=True, by=OWNER, at=timezone.now())


def test_who_said_what_a_source_holds_does_not_approve_a_deletion(archive: House) -> None:
    case = gathering(archive, Right.DELETE)
    task = tasks.task_of(case)
    answering.finish(
        task.pk, TaskState.NOTHING, name="Bo, by telephone", confirmed=True, by=APPROVER, at=timezone.now()
    )
    archive.work()
    with pytest.raises(MoveShut, match="Four eyes"):
        archive.move(case, "approve", APPROVER)
    archive.move(case, "approve", Actor("staff:9", frozenset({Role.APPROVER})))


def test_a_map_that_changes_while_the_owner_is_asked_has_the_owner_asked_anew(archive: House) -> None:
    case = gathering(archive)
    owner = entered(archive)
    tasks.set_up(MAP.replace("column: text", "column: body"))
    owner.sends(HEADER + row())
    owner.answers("done")
    archive.work()
    assert fresh(case).state == State.GATHERING
    owner = entered(archive)
    owner.sends(HEADER.replace("text", "body") + row())
    owner.answers("done")
    archive.work()
    assert [record["body"] for record in rows(fresh(case), "archive", "letters")] == ["Dear all"]


def test_two_rows_of_what_is_one_a_person_are_refused(house: House) -> None:
    tasks.set_up(
        MAP.replace(
            "    on_delete: delete\n    received_at", "    one_per_person: true\n    on_delete: delete\n    received_at"
        )
    )
    gathering(house)
    owner = entered(house)
    owner.sends(HEADER + row() + row("Another"))
    assert "Line 3 is a second row" in owner.page
    owner.sends(HEADER + row())
    owner.sends(HEADER + row("Another"))
    assert "There is one row a person here" in owner.page
    assert TaskUpload.objects.count() == 1
    assert len(list((house.data / "uploads").rglob("*.sealed"))) == 1, "of the refused one nothing stays"


def test_for_categories_rows_without_contents_are_enough(archive: House) -> None:
    case = gathering(archive, Right.KNOW_CATEGORIES)
    owner = entered(archive)
    assert "only the number of records counts" in owner.page
    owner.sends(HEADER + f"{person().email},2026-01-01,x,\n")
    owner.sends(HEADER + f"{person().email},2026-01-01,x,\r\n")
    assert "File 2: 1 of its 1 rows are there already" in owner.page, "and may be another one"
    owner.answers("done")
    archive.work()
    run = run_of(case, "archive")
    assert (run.counts["letters"], run.held["letters"]) == (2, {"email": 2, "written_on": 2, "text": 2})
    assert not parts_of(case, "archive", "letters")


def test_a_deletion_is_done_once_the_owner_says_so_with_a_proof(archive: House) -> None:
    case = gathering(archive, Right.DELETE)
    owner = entered(archive)
    owner.sends(HEADER + row("x") + row("x"))
    owner.answers("done")
    archive.work()
    archive.move(case, "approve", APPROVER)
    archive.work()
    task = tasks.task_of(case)
    assert (task.kind, task.state) == ("delete", TaskState.OPEN)
    assert Job.objects.get(kind="carry_out").state == "failed"
    owner = entered(archive)
    assert "Delete 2 rows." in owner.page
    assert "These are meant, by their lines in the file that was brought: 2, 3." in owner.page
    assert "What came after that file, or says something else since, is not meant" in owner.page
    owner.sends(HEADER + row("x"))
    assert "Nothing is asked for there" in owner.page, "rows are no proof, and would be kept for nothing"
    owner.answers("done")
    assert "say in a few words what was done" in owner.page
    owner.answers("done", note="Shredded on the first of the month.")
    archive.work()
    assert fresh(case).state == State.CLOSED
    done = {str(facts["source"]): facts["done"] for facts in facts_of(case, EventKind.ACT_DONE)}
    assert done["archive"] == {"letters": 2}
    assert tasks.task_of(case).note == "Shredded on the first of the month."
