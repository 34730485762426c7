"""The privacy team at its desk: one member signed in at the admin."""

from __future__ import annotations

import re
from html import unescape

from dsar.demo.browser import Browser
from dsar.demo.company import PASSWORD
from tests.journeys.house import House, wait_for

CASE = re.compile(r'href="(/admin/requests_app/case/[0-9a-f-]{36}/)change/')
IN_WORK = "are being looked through"
SENT = re.compile(r'<li><a href="([^"]+/supporting/\?document=[^"]+)"')
PICTURE = re.compile(r'<img src="([^"]+)"')
NEXT_PAGE = re.compile(r'href="([^"]+)">Next page<')
TICK = re.compile(r'name="_selected_action" value="([^"]+)"')
STATE = re.compile(r'<p class="desk-line">\s*<span class="desk-badge [\w-]+">([^<]+)</span>')


class Desk:
    """One member of the staff. ``page`` is what they read on the screen; one case is open at a time."""

    def __init__(self, house: House, name: str) -> None:
        self.house = house
        self.browser = Browser(house.base_url)
        self.case = ""
        self.browser.get("/admin/")
        self.browser.post(self.browser.address, {"username": name, "password": PASSWORD})
        assert "Privacy desk" in self.page, self.page

    @property
    def page(self) -> str:
        """The open page, as text."""
        return self.browser.text()

    def opens(self, reference: str) -> str:
        """Look for a reference in the queue and open its case; the case's page."""
        self.browser.get("/admin/requests_app/case/")
        self.browser.post("/admin/requests_app/case/find/", {"wanted": reference})
        cases = set(CASE.findall(self.browser.html))
        assert len(cases) == 1, f"{len(cases)} cases found for a reference: {self.page}"
        self.case = cases.pop()
        return self.looks()

    def looks(self) -> str:
        """Open or reload the case's page."""
        self.browser.get(f"{self.case}change/")
        return self.page

    def state(self) -> str:
        """Where the open case stands; once closed, how it ended."""
        self.looks()
        badge = STATE.search(self.browser.html)
        assert badge, self.page
        return badge.group(1)

    def waits_until(self, *states: str) -> str:
        """Reload the case's page until the case stands there."""
        return wait_for(f"the case is {' or '.join(states)}", lambda: self._is_in(states), pause=0.2)

    def is_offered(self, move: str) -> bool:
        """Whether the case's page has a button for the move."""
        self.looks()
        return f'href="{self.case}move/{move}/"' in self.browser.html

    def makes(self, move: str, **inputs: str) -> str:
        """Choose a move that the case's page offers, fill in what it asks, and make it; the page that follows."""
        self.starts(move)
        return self.sends(**inputs)

    def starts(self, move: str) -> str:
        """Choose a move that the case's page offers; the move's page. It may wait until texts are looked through."""
        wait_for("the texts that were found", lambda: IN_WORK not in self.looks(), pause=0.2)
        assert self.is_offered(move), f"{move} is not offered: {self.page}"
        self.browser.get(f"{self.case}move/{move}/")
        return self.page

    def follows(self, words: str) -> str:
        """Follow the link on the open page that reads so; the page that it leads to."""
        link = re.search(rf'href="([^"]+)"[^>]*>{words}</a>', self.browser.html)
        assert link, f"no “{words}” here: {self.page}"
        self.browser.get(unescape(link.group(1)))
        return self.page

    def sends(self, **inputs: str) -> str:
        """Make the move whose page is open; the page that follows."""
        self.browser.post(self.browser.address, inputs)
        assert ": done." in self.page, self.page
        return self.page

    def opens_findings(self, system: str, collection: str) -> str:
        """The findings of one collection."""
        self.browser.get(f"{self.case}findings/?source={system}&collection={collection}")
        return self.page

    def withholds(self, field: str, *, record: int, code: str) -> str:
        """On the open page of findings, withhold one field of a record on a ground; back on that page."""
        link = re.search(rf'href="([^"]+)" aria-label="Withhold {field} of record {record}"', self.browser.html)
        assert link, f"“{field}” of record {record} can't be withheld here: {self.page}"
        self.browser.get(unescape(link.group(1)))
        return self.sends(code=code)

    def decides_on_correction(self, number: str, **typed: str) -> None:
        """On the page of corrections, decide on one of them; granted for what is ticked there already."""
        self.browser.get(f"{self.case}corrections/")
        self.browser.post(self.browser.address, {"correction": number, **typed})
        assert "Decided." in self.page, self.page

    def looks_at_documents(self) -> list[bytes]:
        """Look at each page of all that the person sent for corrections; the pictures, which are all that is shown."""
        pictures = []
        self.browser.get(f"{self.case}supporting/")
        for address in map(unescape, SENT.findall(self.browser.html)):
            following: str | None = address
            while following:
                self.browser.get(following)
                if picture := PICTURE.search(self.browser.html):
                    pictures.append(self.browser.fetch(unescape(picture.group(1))))
                found = NEXT_PAGE.search(self.browser.html)
                following = unescape(found.group(1)) if found else None
        return pictures

    def tries_failed_jobs_again(self) -> str:
        """Tick every job that gave up, and choose “Try again”; the page that follows."""
        self.browser.get("/admin/jobs/job/?state__exact=failed")
        failed = TICK.findall(self.browser.html)
        self.browser.post(self.browser.address, {"action": "try_again", "_selected_action": failed})
        return self.page

    def fetches_the_report(self) -> bytes:
        """Ask for the PDF report, and again until it is made."""
        return wait_for("the report", self._report, pause=0.3)

    def _is_in(self, states: tuple[str, ...]) -> str | None:
        state = self.state()
        return state if state in states else None

    def _report(self) -> bytes | None:
        content = self.browser.fetch(f"{self.case}report/")
        return content if content.startswith(b"%PDF") else None
