"""An owner brings a letter and a mail; an analyst blacks out; the person has all of it but what was black."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from dsar.demo.people import Chosen
from requests_app.law.words import Right
from tests.exports import papers
from tests.journeys.conftest import Opening
from tests.journeys.desk import Desk
from tests.journeys.house import House, wait_for
from tests.journeys.owner import Owner, add_archive
from tests.journeys.person import Person
from tests.journeys.procedures import approved, reviewed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SECRET = "Robin Vale"
GROUND = "ca_145k_rights_of_others"
PICTURE = re.compile(r'<img src="([^"]+)"')
PAGE = re.compile(r'name="page" value="([0-9a-f-]{36})"')
DOCUMENT = re.compile(r'<li><a href="([^"]*documents/\?document=([0-9a-f-]{36})[^"]*)"')
VERSION = re.compile(r'name="version" value="(\d+)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture(scope="module")
def house(open_house: Opening, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own, with an archive beside the shop."""
    with open_house() as house:
        add_archive(house, tmp_path_factory.mktemp("map"))
        yield house


def test_what_is_black_in_a_document_reaches_nobody(house: House, tmp_path: Path) -> None:
    person = Person(house, Chosen.EVERYWHERE)
    person.files(Right.KNOW_SPECIFIC, look_back="everything")
    analyst = reviewed(house, person)
    analyst.makes("start_gathering")
    owner = Owner(house)
    owner.enters(owner.link())
    house.typed.add(SECRET)
    assert "Document 1: PDF" in owner.brings(papers.pdf(f"Dear {SECRET}", title=SECRET))
    letter = papers.mail("The tent came.", html=f"<p>The tent came.</p><p hidden>{SECRET}</p>")
    assert "Document 2: MAIL" in owner.brings(letter)
    assert "Thank you" in owner.answers("done")

    # The analyst looks at both, and blacks the name out of the letter; before that nobody can approve.
    analyst.waits_until("deciding")
    addresses = wait_for("the pages", lambda: drawn(analyst), pause=0.5)
    assert len(addresses) == 2
    approver = Desk(house, "approver")
    approver.opens(person.reference)
    assert "documents were not looked through yet" in approver.page
    for number, (address, document) in enumerate(addresses):
        analyst.browser.get(address)
        assert analyst.browser.fetch(picture_on(analyst)).startswith(b"\x89PNG")
        if number == 0:
            edges = {"left": "0", "top": "100", "right": "1000", "bottom": "250"}
            page = PAGE.search(analyst.browser.html)
            assert page
            makes(analyst, "mark_area", page=page.group(1), code=GROUND, explanation="", **edges)
            analyst.browser.get(address)
        makes(analyst, "decide_document", document=document, choice="release", code="", explanation="")

    # Another person approves; the copies are made by then.
    wait_for("the copies", lambda: "are being made" not in approver.looks(), pause=0.5)
    approved(house, person).waits_until("partly fulfilled")
    bundle = person.fetches(Right.KNOW_SPECIFIC)
    documents = {path: content for path, content in bundle.files.items() if path.startswith("documents/")}
    assert list(documents) == ["documents/archive/1.pdf", "documents/archive/2.pdf"]
    for content in bundle.files.values():
        assert SECRET.encode() not in content
    assert not "".join(papers.text_of(content) for content in documents.values()).strip()
    (page,) = papers.pictures_of(documents["documents/archive/1.pdf"])
    assert {page.getpixel((x, 300)) for x in range(5, page.width - 5)} == {(0, 0, 0)}
    (entry, _mail) = json.loads(bundle.files["manifest.json"])["documents"]
    assert entry["blacked_out"][0]["areas"] == 1
    assert "1 area is blacked out." in bundle.page()

    # Anybody can check it.
    packed = tmp_path / "bundle.zip"
    packed.write_bytes(bundle.content)
    (tmp_path / "verify.py").write_bytes(bundle.files["verify.py"])
    checked = subprocess.run(
        [sys.executable, tmp_path / "verify.py", packed], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def drawn(analyst: Desk) -> list[tuple[str, str]]:
    """The documents, by the addresses of their pages and their ids, once both are drawn."""
    analyst.browser.get(f"{analyst.case}documents/")
    found = [(unescape(address), document) for address, document in DOCUMENT.findall(analyst.browser.html)]
    return [] if "being drawn" in analyst.page else found


def picture_on(analyst: Desk) -> str:
    """The address of the picture on the open page."""
    found = PICTURE.search(analyst.browser.html)
    assert found, analyst.page
    return unescape(found.group(1))


def makes(analyst: Desk, move: str, **inputs: str) -> None:
    """Send one of the forms of the open page, and come back to it."""
    version, token = VERSION.search(analyst.browser.html), TOKEN.search(analyst.browser.html)
    assert version
    assert token
    given = {"version": version.group(1), "csrfmiddlewaretoken": token.group(1), "back": analyst.browser.address}
    analyst.browser.send(f"{analyst.case}move/{move}/", {**given, **inputs})
    assert ": done." in analyst.page, analyst.page
