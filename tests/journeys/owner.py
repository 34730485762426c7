"""The owner of an archive, an outsider: a mailbox and a browser."""

from __future__ import annotations

import re
from pathlib import Path

from dsar.demo.browser import Browser, Upload
from tests.exports.tasks import CODE, MAP, OWNER
from tests.journeys.house import House, wait_for
from tests.services import Mail

LINK = re.compile(r"/task/[\w-]{20,}/")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def add_archive(house: House, folder: Path) -> None:
    """Load the map of the archive, as who installs the system does before the first request."""
    path = folder / "archive.yaml"
    path.write_text(MAP, encoding="utf-8")
    loaded = house.manage("sources", "load", str(path), "--position", "9", "--at-installation")
    assert loaded.returncode == 0, loaded.stderr
    house.typed.add(OWNER)


class Owner:
    """Who looks into the archive."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.browser = Browser(house.base_url)

    @property
    def page(self) -> str:
        """The open page, as text."""
        return self.browser.text()

    def mails(self, about: str) -> list[Mail]:
        """The mails with such a subject."""
        return [mail for mail in self.house.mails_to(OWNER) if mail.message["Subject"].startswith(about)]

    def link(self, *, after: int = 0) -> str:
        """The link of the next mail that asks for something."""
        mail = wait_for("a mail to the owner", lambda: self.mails("A privacy request needs you")[after:])[0]
        found = LINK.search(mail.text)
        assert found, mail.text
        return found.group(0)

    def enters(self, link: str) -> str:
        """Open the link, press the button, type the code that comes; the page of the task."""
        before = len(self.mails("Your code"))
        self.browser.get(link)
        self.browser.post(self.browser.address)
        self.browser.post("/task/code/", {"code": self.code(after=before)})
        return self.page

    def code(self, *, after: int = 0) -> str:
        """The code in the next mail that holds one."""
        mail = wait_for("the code", lambda: self.mails("Your code")[after:])[0]
        found = CODE.search(mail.text)
        assert found, mail.text
        return found.group(1)

    def sends(self, content: str, collection: str) -> str:
        """Choose a file for a collection and send it; the page that follows."""
        fields = {"do": "send", "collection": collection, "encoding": "utf-8-sig"}
        return self._uploads("file", content.encode(), fields)

    def brings(self, document: bytes) -> str:
        """Choose a document and send it; the page that follows."""
        return self._uploads("document", document, {"do": "bring"})

    def _uploads(self, name: str, content: bytes, given: dict[str, str]) -> str:
        self.browser.send("/task/work/", {**self._token(), **given, name: Upload("a.bin", content)})
        return self.page

    def answers(self, do: str) -> str:
        """Type the name, tick the box, press a button; the page that follows."""
        self.house.typed.add("Ann Archer")
        self.browser.send("/task/work/", {**self._token(), "do": do, "name": "Ann Archer", "confirmed": "yes"})
        return self.page

    def _token(self) -> dict[str, str]:
        found = TOKEN.search(self.browser.html)
        assert found, self.page
        return {"csrfmiddlewaretoken": found.group(1)}
