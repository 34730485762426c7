"""Bytes of a database on the desk before they are handed over: what they are, how they begin, and as pictures."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from django.test import Client
from PIL import Image

from dsar.demo.people import Chosen
from dsar.ledger.models import Event
from exports.documents.sandbox import Sandbox
from exports.fulfil.documents import showing
from exports.models import RunState, SourceRun
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from tests.exports.admin.test_passages import desk_of
from tests.exports.house import House
from tests.exports.papers import mail, pdf, scan

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

AVATARS = "?source=shop&collection=avatars"
AVATAR = "UPDATE avatars SET image = ? WHERE customer_id = (SELECT id FROM customers WHERE account_no = ?)"


def case_with(house: House, content: bytes) -> Case:
    """A case of somebody whose avatar is this."""
    house.sql("shop", AVATAR, content, Chosen.EVERYWHERE)
    return house.deciding(Right.KNOW_SPECIFIC)


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def findings_of(client: Client, case: Case) -> str:
    return read(client, f"/admin/requests_app/case/{case.pk}/findings/{AVATARS}")


def look_in(page: str) -> str:
    """The address of the look at the bytes."""
    (found,) = re.findall(r'href="([^"]+/bytes/[^"]+)"', page)
    return str(found)


def looks(case: Case) -> list[dict[str, object]]:
    """Where in the bytes somebody looked, as it was noted."""
    noted = Event.objects.filter(kind="seen.findings").order_by("sequence")
    return [event.facts for event in noted if "field" in event.facts and event.facts["case"] == str(case.pk)]


@pytest.mark.parametrize(
    ("content", "about", "pages"),
    [
        (scan("Robin Vale"), "picture (PNG)", 1),
        (scan("Robin Vale", "JPEG"), "picture (JPEG)", 1),
        (pdf("Robin Vale", "more"), "PDF", 2),
        (mail("Ask Robin Vale."), "mail", 1),
    ],
)
def test_what_can_be_drawn_is_looked_at_as_a_picture_and_each_look_is_noted(
    house: House, content: bytes, about: str, pages: int
) -> None:
    case, analyst = case_with(house, content), desk_of(Role.ANALYST)
    page = findings_of(analyst, case)
    assert f"{about}, {len(content)} bytes" in page
    look = read(analyst, look_in(page))
    assert (f"Page 1 of {pages}" in look) is (pages > 1)
    assert "its field can be withheld whole" in look
    assert (f'href="/admin/requests_app/case/{case.pk}/findings/{AVATARS}"') in look, "back to where one came from"
    assert ("Files that came with this mail" in look) is (about == "mail")
    (address,) = re.findall(r'<img src="([^"]+bytes_picture[^"]+)"', look)
    answer = analyst.get(address)
    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"].startswith("no-store, private")
    darkest, brightest = Image.open(io.BytesIO(answer.content)).convert("L").getextrema()
    assert darkest < brightest, "something is on it"
    assert content not in answer.content
    noted = looks(case)
    assert [(facts["field"], facts["start"], facts.get("page")) for facts in noted] == [
        ("image", 0, None),
        ("image", 0, 1),
    ]
    assert ("&page=2" in look) is (pages > 1)


def test_what_can_not_be_drawn_says_why_and_how_it_begins(house: House) -> None:
    case, analyst = case_with(house, pdf("Robin Vale", password="x")), desk_of(Role.ANALYST)
    look = read(analyst, look_in(findings_of(analyst, case)))
    assert "It asks for a password." in look
    assert "25 50 44 46 2d" in look
    assert "bytes_picture" not in look
    assert len(looks(case)) == 1


def test_bytes_of_no_kind_show_how_they_begin_and_that_nothing_in_them_can_be_blacked_out(house: House) -> None:
    page = findings_of(desk_of(Role.ANALYST), case_with(house, b"\0\x01Robin Vale"))
    assert "binary data, 12 bytes: 00 01 52 6f" in page
    assert "(..Robin Vale)" in page
    assert "nothing in it can be blacked out" in page
    assert "/bytes/" not in page


def test_bytes_that_are_a_text_are_read_and_blacked_out_as_one(house: House) -> None:
    page = findings_of(desk_of(Role.ANALYST), case_with(house, "José: 4111 1111 1111 1111".encode()))
    assert '<mark class="desk-flag">4111 1111 1111 1111</mark>' in page
    assert "Black out words in Picture" in page
    assert "nothing in it can be blacked out" not in page


def test_nobody_is_led_anywhere_else(house: House) -> None:
    case, analyst = case_with(house, scan("x")), desk_of(Role.ANALYST)
    address = look_in(findings_of(analyst, case)).partition("&back=")[0]
    for back in ("https://evil.example/", "//evil.example", "/admin/logout/"):
        page = read(analyst, f"{address}&back={back}")
        assert back not in re.findall(r'<a href="([^"]*)">Back', page)


@pytest.mark.parametrize("query", ["finding=x&field=image", "finding={0}&field=media_type", "finding={0}&field=no"])
def test_there_is_no_picture_of_what_is_no_such_thing(house: House, query: str) -> None:
    case, analyst = case_with(house, scan("x")), desk_of(Role.ANALYST)
    (part,) = SourceRun.objects.get(case=case, source__slug="shop").parts.filter(collection="avatars")
    for page in ("bytes", "bytes_picture"):
        address = f"/admin/requests_app/case/{case.pk}/{page}/?{query.format(f'{part.pk}:0')}"
        assert analyst.get(address).status_code == 404
    assert looks(case) == []


def test_what_came_of_a_source_that_was_waived_is_not_shown(house: House) -> None:
    case, analyst = case_with(house, scan("x")), desk_of(Role.ANALYST)
    address = look_in(findings_of(analyst, case))
    SourceRun.objects.filter(case=case, source__slug="shop").update(state=RunState.WAIVED)
    assert analyst.get(address).status_code == 404


def test_where_the_process_can_not_be_locked_up_the_page_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case, analyst = case_with(house, scan("x")), desk_of(Role.ANALYST)
    unlockable = Sandbox(module="tests.exports.documents.unlockable")
    monkeypatch.setattr(showing, "_sandbox", lambda: unlockable)
    look = read(analyst, look_in(findings_of(analyst, case)))
    assert "can't be locked up on this system" in look
