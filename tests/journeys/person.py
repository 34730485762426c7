"""A person at home: a browser, a mailbox, and what a customer knows of themselves."""

from __future__ import annotations

import re

from dsar.demo.browser import Browser, Upload
from dsar.demo.people import Person as Customer
from dsar.demo.stories import CODE, FRESH_CODE, REFERENCE
from requests_app.law.words import Right
from tests.journeys.bundle import Bundle
from tests.journeys.house import House, cast, wait_for
from tests.services import Mail

CALIFORNIA = "US-CA"
RECEIPT = "We have your privacy request"
ENTRY_CODE = "Your code for request"
DOWNLOAD_CODE = "Your download code for request"
TAKE_BACK = re.compile(r'action="([^"]+/take-back/)"')
ENOUGH = "Enough: we know that it is you who asks."


class Person:
    """Somebody who asks. ``page`` is what they read on the screen."""

    def __init__(self, house: House, who: str | Customer) -> None:
        self.house = house
        self.knows = cast()[who] if isinstance(who, str) else who
        self.browser = Browser(house.base_url)
        self.reference = ""

    @property
    def page(self) -> str:
        """The open page, as text."""
        return self.browser.text()

    @property
    def mailbox(self) -> str:
        """The e-mail address, as mail servers write it."""
        local, _at, domain = (self.knows.email or "").rpartition("@")
        return f"{local}@{domain.encode('idna').decode()}"

    # ---- asking

    def files(self, *rights: Right, residence: str = CALIFORNIA, **typed: str) -> str:
        """Fill the form in and send it; the reference that the answer page gives."""
        self.opens_the_form(residence)
        self.sends_the_form(*rights, **typed)
        found = REFERENCE.search(self.page)
        assert found, f"no reference on the answer page: {self.page}"
        self.reference = found.group(0)
        return self.reference

    def opens_the_form(self, residence: str = CALIFORNIA) -> None:
        """From the start page, over the place of residence."""
        self.browser.get("/")
        self.browser.get("/request/")
        self.browser.get(f"/request/?residence={residence}")

    def sends_the_form(self, *rights: Right, **typed: str) -> None:
        """Send the open form with what is typed into it."""
        fields = {"name": self.knows.name, "email": self.knows.email or "", **typed}
        self.house.typed.update(fields[name] for name in ("name", "email", "details") if name in fields)
        self.browser.post(self.browser.address, {"rights": [right.value for right in rights], **fields})

    # ---- letters

    def letters(self, subject: str) -> list[Mail]:
        """The letters about the request that have come with such a subject."""
        mails = self.house.mails_to(self.mailbox, self.reference)
        return [mail for mail in mails if mail.message["Subject"].startswith(subject)]

    def reads(self, subject: str, *, after: int = 0) -> str:
        """Wait for a letter and read it; ``after`` so many of the same subject."""
        letters = wait_for(f"the letter “{subject}”", lambda: self.letters(subject)[after:])
        return letters[0].text

    def code_from(self, subject: str, *, after: int = 0) -> str:
        """The code that such a letter carries."""
        code = FRESH_CODE.search(self.reads(subject, after=after))
        assert code, f"the letter “{subject}” holds no code"
        return code.group(1)

    # ---- proving

    def confirms_the_mailbox(self) -> None:
        """Follow the link in the receipt and press the button."""
        self.follows(self.link())

    def link(self) -> str:
        """The link in the receipt."""
        found = CODE.search(self.reads(RECEIPT))
        assert found, "the receipt holds no link"
        return found.group(0)

    def follows(self, link: str) -> str:
        """Open a link from the receipt and press the button; the page that follows."""
        self.browser.get(link)
        self.browser.post(self.browser.address)
        return self.page

    def answers_the_questions(self, **instead: str) -> None:
        """Answer what the case page asks, as far as they know, and sign the declaration if it is there."""
        knows = self.knows
        answers = {
            "point_account_number": knows.account_no,
            "point_phone": knows.phone or "",
            "point_birth_date": knows.birth_date.isoformat() if knows.birth_date else "",
            "declared_name": knows.name,
            **instead,
        }
        self.looks()
        asked = {name: value for name, value in answers.items() if f'name="{name}"' in self.browser.html}
        self.browser.post("/case/me/", asked)

    def proves_who_they_are(self) -> None:
        """Mailbox, questions and declaration, until it is enough."""
        self.confirms_the_mailbox()
        self.answers_the_questions()
        self.waits_to_read(ENOUGH)

    # ---- following

    def looks(self) -> str:
        """Open or reload the case page."""
        self.browser.get("/case/me/")
        return self.page

    def waits_to_read(self, sentence: str) -> str:
        """Reload the case page until it says so."""
        return wait_for(f"“{sentence}” on the case page", lambda: self.looks() if sentence in self.looks() else None)

    def enters(self) -> None:
        """Come back another day, in another browser: with the reference, and a fresh code from the mailbox."""
        self.browser = Browser(self.house.base_url)
        self.types_the_code(self.asks_for_an_entry_code())

    def asks_for_an_entry_code(self) -> str:
        """Type the reference; the code that comes by mail."""
        before = len(self.letters(ENTRY_CODE))
        self.browser.get("/case/")
        self.browser.post(self.browser.address, {"reference": self.reference})
        return self.code_from(ENTRY_CODE, after=before)

    def types_the_code(self, code: str, reference: str = "") -> str:
        """Type reference and code; the page that follows."""
        self.browser.get("/case/code/")
        self.browser.post(self.browser.address, {"reference": reference or self.reference, "code": code})
        return self.page

    def sends_a_document(self, number: int, document: Upload, note: str = "") -> str:
        """Follow the link on the case page, choose a file for a correction, and send it; the page that follows."""
        self.house.typed.update(filter(None, (document.name, note)))
        self.looks()
        self.browser.get("/case/me/documents/")
        typed = {"correction": str(number), "document": document, "note": note}
        self.browser.post(self.browser.address, typed)
        return self.page

    def takes_a_document_back(self) -> str:
        """Press the button beside the last document on the case page; the page that follows."""
        self.looks()
        self.browser.post(TAKE_BACK.findall(self.browser.html)[-1])
        return self.page

    # ---- fetching

    def asks_for_a_download_code(self, right: Right) -> str:
        """Press the button beside the file; the code that comes by mail."""
        before = len(self.letters(DOWNLOAD_CODE))
        self.looks()
        self.browser.post(f"/case/me/data/{right}/code/")
        return self.code_from(DOWNLOAD_CODE, after=before)

    def opens_the_file(self, code: str, answer: str) -> None:
        """Type the code and one of the answers with which they proved who they are."""
        self.browser.post(self.browser.address, {"code": code, "answer": answer})

    def downloads(self) -> Bundle:
        """Fetch the file that is open."""
        return Bundle(self.browser.fetch("file/"))

    def fetches(self, right: Right) -> Bundle:
        """Code, answer, download."""
        self.opens_the_file(self.asks_for_a_download_code(right), self.knows.account_no)
        return self.downloads()


class Another(Person):
    """Somebody who asks for a customer, knows of them what they have told, and has a mailbox of their own."""

    def __init__(self, house: House, who: str, name: str, email: str) -> None:
        super().__init__(house, who)
        self.name, self.email = name, email

    @property
    def mailbox(self) -> str:
        return self.email

    def files_as(self, requester: str, *rights: Right, **typed: str) -> str:
        """Say for whom it is, fill the form in and send it."""
        self.browser.get("/request/")
        self.browser.get(f"/request/?residence={CALIFORNIA}&asks_for={requester}")
        self.sends_the_form(*rights, requester_name=self.name, requester_email=self.email, **typed)
        found = REFERENCE.search(self.page)
        assert found, f"no reference on the answer page: {self.page}"
        self.reference = found.group(0)
        return self.reference
