"""The link and the code by which the owner of a source comes to a task: whom they let in, how often, for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from exports.fulfil.tasks import answering
from exports.models import TaskCode, TaskLink
from tests.exports import tasks
from tests.exports.fulfil.test_asking_owners import archive, entered, gathering, row
from tests.exports.house import ANALYST, House
from tests.exports.tasks import HEADER, Owner

__all__ = ["archive"]

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def test_whatever_is_wrong_with_a_link_gets_the_same_page(archive: House) -> None:
    case = gathering(archive)
    dead = tasks.link()
    answering.revoke(tasks.task_of(case).pk, by=ANALYST, at=timezone.now())
    pages = [Client().get(path) for path in (dead, "/task/" + "x" * 43 + "/", "/task/" + "y" * 400 + "/")]
    answering.send_again(tasks.task_of(case).pk, by=ANALYST, at=timezone.now())
    archive.work()
    other = tasks.link()
    assert Client().get(other).status_code == 200
    archive.shift(settings.TASK_LINK_LIFE)
    pages.append(Client().get(other))
    pages.append(Client().get("/task/work/"))
    pages.append(Client().get("/task/code/"))
    assert {page.status_code for page in pages} == {404}
    texts = {page.content.decode().replace(page.request["PATH_INFO"], "") for page in pages}
    assert all("This link opens nothing" in text for text in texts)
    assert TaskLink.objects.filter(digest__contains=other.split("/")[2]).count() == 0, "kept as a digest"


def test_a_code_opens_once_within_twenty_minutes_and_five_tries(archive: House) -> None:
    gathering(archive)
    first, second = Owner(), Owner()
    first.asks_for_code(tasks.link())
    archive.work()
    for _try in range(5):
        first.types("22222222")
        assert "does not open the task" in first.page
    first.types(tasks.code())
    assert "does not open the task" in first.page, "the right code comes too late"
    second.asks_for_code(tasks.link())
    archive.work()
    archive.shift(timedelta(minutes=21))
    second.types(tasks.code())
    assert "does not open the task" in second.page
    second.post("/task/code/", {"do": "another"})
    archive.work()
    text = tasks.code()
    second.types(text.lower())
    assert "Whom to look for" in second.page
    first.types(text)
    assert "does not open the task" in first.page, "it was used"


def test_no_more_than_five_codes_are_mailed_in_an_hour(archive: House) -> None:
    gathering(archive)
    owner = Owner()
    for _press in range(8):
        owner.asks_for_code(tasks.link())
    assert TaskCode.objects.count() == 5
    archive.shift(timedelta(minutes=61))
    owner.asks_for_code(tasks.link())
    assert TaskCode.objects.count() == 6


def test_who_has_entered_is_out_once_the_link_is_revoked_or_an_hour_has_passed(archive: House) -> None:
    case = gathering(archive)
    owner = entered(archive)
    archive.shift(timedelta(minutes=61))
    assert owner.client.get("/task/work/").status_code == 404
    owner = entered(archive)
    answering.revoke(tasks.task_of(case).pk, by=ANALYST, at=timezone.now())
    assert owner.sends(HEADER + row()).status_code == 404
