"""Tasks of source owners on the desk: insiders answer their own and see nothing else, the desk acts on all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from exports.models import Task, TaskState, TaskUpload
from requests_app.law.words import Right
from requests_app.models import Case, User
from requests_app.roles import Role
from requests_app.services import staffing
from requests_app.states import State
from tests.exports import tasks
from tests.exports.house import APPROVER, House, fresh, person, rows
from tests.exports.tasks import HEADER, MAP, OWNER

pytestmark = pytest.mark.django_db(databases="__all__")

INSIDE = "keeper@larkspur-outfitters.example"
SignedIn = Callable[[Role, str], Client]


@pytest.fixture
def signed_in() -> SignedIn:
    """A browser of a member of the staff with a role and an address."""
    staffing.set_up_roles()

    def sign_in(role: Role, email: str = "somebody@larkspur-outfitters.example") -> Client:
        client = Client()
        client.force_login(staffing.add_staff(f"{role}-{email}", email, None, [role]))
        return client

    return sign_in


def gathering(house: House, text: str, right: Right = Right.KNOW_SPECIFIC) -> Case:
    tasks.set_up(text)
    case = house.reviewing(right)
    house.move(case, "start_gathering")
    house.work()
    return fresh(case)


def inside(house: House) -> tuple[Case, Task]:
    case = gathering(house, MAP.replace(OWNER, INSIDE).replace("outsider", "insider"))
    return case, Task.objects.get()


def page_of(task: Task) -> str:
    return f"/admin/exports/task/{task.pk}/change/"


def test_an_insider_answers_in_the_admin_and_sees_nothing_else_of_the_case(house: House, signed_in: SignedIn) -> None:
    case, task = inside(house)
    owner = signed_in(Role.SOURCE_OWNER, INSIDE.upper())
    assert task.reference in owner.get("/admin/exports/task/").content.decode()
    page = owner.get(page_of(task)).content.decode()
    assert person().email in page
    assert person().name not in page
    assert case.submission.reference not in page
    assert owner.get(f"/admin/requests_app/case/{case.pk}/change/").status_code in (302, 403)
    file = SimpleUploadedFile("rows.csv", f"{HEADER}{person().email},2026-01-01,Hello,\n".encode())
    sent = {"do": "send", "collection": "letters", "encoding": "utf-8-sig", "file": file}
    assert "1 row was sent" in owner.post(page_of(task), sent, follow=True).content.decode()
    owner.post(page_of(task), {"do": "done", "name": "Kim Keeper", "confirmed": "yes"})
    house.work()
    assert fresh(case).state == State.DECIDING
    assert rows(fresh(case), "archive", "letters")[0]["text"] == "Hello"
    task.refresh_from_db()
    assert task.answered_by.startswith("staff:")
    after = owner.get(page_of(task)).content.decode()
    assert "takes no answer from you" in after
    assert person().email not in after


def test_the_first_page_of_an_owner_counts_the_tasks_that_wait(house: House, signed_in: SignedIn) -> None:
    _case, task = inside(house)
    owner = signed_in(Role.SOURCE_OWNER, INSIDE)
    assert "<b>1</b><span>Tasks that wait for your answer" in owner.get("/admin/").content.decode()
    assert "<b>0</b><span>Of these late" in owner.get("/admin/").content.decode()
    house.shift(timedelta(days=30))
    owner.force_login(User.objects.get(email=INSIDE))  # nobody stays signed in that long
    assert "<b>1</b><span>Of these late" in owner.get("/admin/").content.decode()
    owner.post(page_of(task), {"do": "nothing", "name": "Kim Keeper", "confirmed": "yes"})
    assert "<b>0</b><span>Tasks that wait for your answer" in owner.get("/admin/").content.decode()
    other = signed_in(Role.SOURCE_OWNER, "other@larkspur-outfitters.example")
    assert "<b>0</b><span>Tasks that wait for your answer" in other.get("/admin/").content.decode()
    assert (
        "Tasks that wait for your answer"
        not in signed_in(Role.ANALYST, "a@larkspur.example").get("/admin/").content.decode()
    )


def test_others_who_own_sources_see_and_answer_no_task_that_is_not_theirs(house: House, signed_in: SignedIn) -> None:
    _case, task = inside(house)
    other = signed_in(Role.SOURCE_OWNER, "other@larkspur-outfitters.example")
    assert task.reference not in other.get("/admin/exports/task/").content.decode()
    assert other.get(page_of(task)).status_code == 404
    answer = {"do": "nothing", "name": "Eve", "confirmed": "yes"}
    assert other.post(page_of(task), answer).status_code == 404
    assert signed_in(Role.ADMINISTRATOR).post(page_of(task), answer).status_code in (302, 403, 404)
    auditor = signed_in(Role.AUDITOR)
    assert person().email not in auditor.get(page_of(task)).content.decode()
    assert auditor.post(page_of(task), answer).status_code == 403
    assert Task.objects.get().state == TaskState.OPEN


def test_the_desk_mails_again_revokes_and_answers_in_the_owner_s_place(house: House, signed_in: SignedIn) -> None:
    case = gathering(house, MAP)
    task, desk = Task.objects.get(), signed_in(Role.ANALYST)
    case_page = f"/admin/requests_app/case/{case.pk}/change/"
    assert "Answer for the owner" in desk.get(case_page).content.decode()
    act = f"/admin/exports/task/{task.pk}/act/"
    assert "its links open nothing any more" in desk.post(act, {"do": "revoke"}, follow=True).content.decode()
    assert "no link that works" in desk.get(case_page).content.decode()
    desk.post(act, {"do": "again"})
    house.work()
    assert len(tasks.mails("A privacy request needs you")) == 2
    assert Client().get(tasks.link()).status_code == 200
    assert signed_in(Role.AUDITOR).post(act, {"do": "revoke"}).status_code == 403
    assert desk.post(act, {"do": "burn"}).status_code == 404
    page = desk.get(page_of(task)).content.decode()
    assert "You answer in the place of the owner" in page
    assert desk.post(page_of(task), {"do": "nothing", "name": "Ann", "confirmed": ""}).status_code == 422
    desk.post(page_of(task), {"do": "nothing", "name": "Ann, by telephone", "confirmed": "yes"})
    house.work()
    assert fresh(case).state == State.DECIDING
    assert "Ann, by telephone" in desk.get(case_page).content.decode()


def test_the_proof_of_a_deletion_can_be_saved_by_the_desk_alone(house: House, signed_in: SignedIn) -> None:
    case = gathering(house, MAP, Right.DELETE)
    desk = signed_in(Role.ANALYST)
    file = SimpleUploadedFile("rows.csv", f"{HEADER}{person().email},2026-01-01,x,\n".encode())
    look = Task.objects.get()
    desk.post(page_of(look), {"do": "send", "collection": "letters", "encoding": "utf-8-sig", "file": file})
    desk.post(page_of(look), {"do": "done", "name": "Ann", "confirmed": "yes"})
    house.work()
    house.move(case, "approve", APPROVER)
    house.work()
    task = Task.objects.get(kind="delete")
    proof = SimpleUploadedFile("proof.pdf", b"%PDF-1.7 shredded")
    given = {"do": "done", "name": "Ann", "confirmed": "yes", "note": "Shredded.", "proof": proof}
    desk.post(page_of(task), given)
    house.work()
    assert fresh(case).state == State.CLOSED
    saved = desk.get(f"/admin/exports/task/{task.pk}/proof/")
    assert saved.content == b"%PDF-1.7 shredded"
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert signed_in(Role.SOURCE_OWNER).get(f"/admin/exports/task/{task.pk}/proof/").status_code == 404
    assert TaskUpload.objects.get().collection == TaskUpload.PROOF


def test_the_page_of_a_source_says_that_a_person_looks(house: House, signed_in: SignedIn) -> None:
    tasks.set_up()
    assert "a person looks" in signed_in(Role.ANALYST).get("/admin/exports/datasource/").content.decode()
