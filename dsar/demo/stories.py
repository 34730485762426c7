"""One case of each kind: the person in a browser on the web form, the desk by the moves behind the admin.

Each story is a generator that yields where it waits for the workers, so that the others go on meanwhile.
"""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.utils import timezone

from dsar.demo.browser import Browser
from dsar.demo.people import Person
from exports.reports.ordering import order_report, read_report
from requests_app.law.words import Right
from requests_app.models import Case, User
from requests_app.ports import work
from requests_app.services.entering import find
from requests_app.services.moving import perform
from requests_app.states import State

Found = TypeVar("Found")
Story = Generator[None, None, Found]
PATIENCE = 60.0  # seconds that a step of the workers may take
CODE = re.compile(r"/confirm/(R-[A-Z0-9]{4}-[A-Z0-9]{4})/([A-Z0-9]{8})/")
FRESH_CODE = re.compile(r"^\s*([A-Z0-9]{8})\s*$", re.MULTILINE)
REFERENCE = re.compile(r"R-[A-Z0-9]{4}-[A-Z0-9]{4}")


class StoryFailed(Exception):
    """A story did not go as it should; says where it stopped."""


@dataclass
class Stage:
    """Where the stories are played: the running site, the mails that it sent, the desk, and where results are left."""

    base_url: str
    mails: Path
    results: Path
    staff: Mapping[str, User]
    say: Callable[[str], None]
    played: list[Played] = field(default_factory=list)

    def letters_to(self, address: str) -> list[str]:
        """The texts of all mails to an address, oldest first."""
        found = []
        for path in sorted(self.mails.glob("*.log"), key=lambda path: path.stat().st_mtime_ns):
            for raw in re.split(r"\n-{70,}\n", path.read_text(encoding="utf-8")):
                message = email.message_from_string(raw.strip(), policy=email.policy.default)
                if address in str(message["To"]):
                    found.append(message.get_content())
        return found


@dataclass
class Played:
    """What came of one story."""

    case: Case
    left: list[Path]


def play(*stories: Story[None]) -> None:
    """Play stories side by side, to the end of the last."""
    going = list(stories)
    while going:
        going = [story for story in going if not _ended(story)]
        time.sleep(0.02)


def _ended(story: Story[None]) -> bool:
    try:
        next(story)
    except StopIteration:
        return True
    return False


def wait_for(what: str, look: Callable[[], Found | None]) -> Story[Found]:
    """Look again and again until there is something; StoryFailed after a minute."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        yield
    raise StoryFailed(f"Waited {PATIENCE:.0f} s in vain: {what}")


def file_request(stage: Stage, person: Person, right: Right, **fields: str) -> tuple[Browser, Case]:
    """A person fills the web form in; the browser stands on the answer page."""
    browser = Browser(stage.base_url)
    browser.get("/request/")
    browser.get("/request/?residence=US-CA")
    typed: dict[str, str | list[str]] = {"rights": [right.value], "name": person.name, "email": person.email or ""}
    typed |= fields
    page = browser.post(browser.address, typed)
    reference = REFERENCE.search(page)
    submission = find(reference.group(0)) if reference else None
    if submission is None:
        raise StoryFailed(f"{right}: the answer page gives no reference")
    return browser, submission.cases.get()


def prove(stage: Stage, browser: Browser, person: Person, case: Case) -> Story[None]:
    """Confirm the mailbox by the link in the receipt, answer the questions, sign the declaration."""
    link = yield from wait_for("the receipt", lambda: _code_for(stage, person, case))
    browser.get(f"/confirm/{case.submission.reference}/{link}/")
    browser.post(browser.address)
    answers = {
        "point_account_number": person.account_no,
        "point_phone": person.phone or "",
        "point_birth_date": person.birth_date.isoformat() if person.birth_date else "",
        "declared_name": person.name,
    }
    browser.get("/case/me/")
    browser.post("/case/me/", {name: value for name, value in answers.items() if f'name="{name}"' in browser.html})
    yield from wait_for("the identity", lambda: _in(case, State.REVIEWING))


def move(stage: Stage, case: Case, slug: str, by: str, **inputs: str) -> None:
    """A member of the desk makes a move, as the admin's move view does."""
    case.refresh_from_db()
    actor = stage.staff[by].as_actor()
    perform(slug, case_id=case.pk, version=case.version, actor=actor, at=timezone.now(), inputs=inputs)


def gather_and_approve(stage: Stage, case: Case) -> Story[None]:
    """The analyst lets gather, the approver approves, the workers carry it out."""
    move(stage, case, "start_gathering", "analyst")
    yield from wait_for("gathering", lambda: _in(case, State.DECIDING))
    yield from wait_for("the look through what was found", lambda: not work().shut_because(case, timezone.localdate()))
    move(stage, case, "approve", "approver")
    yield from wait_for("carrying out", lambda: _in(case, State.CLOSED))


def know(stage: Stage, person: Person, right: Right, **fields: str) -> Story[None]:
    """Access or portability: from the form to the downloaded bundle."""
    browser, case = file_request(stage, person, right, **fields)
    yield from prove(stage, browser, person, case)
    yield from gather_and_approve(stage, case)
    bundle = stage.results / f"{right}.zip"
    bundle.write_bytes((yield from fetch_bundle(stage, browser, person, case)))
    _finish(stage, case, bundle)


def fetch_bundle(stage: Stage, browser: Browser, person: Person, case: Case) -> Story[bytes]:
    """The person asks for a fresh code, gives it with one of the answers, and downloads."""
    address = f"/case/me/data/{case.right}/"
    browser.get("/case/me/")
    before = len(stage.letters_to(person.email or ""))
    browser.post(f"{address}code/")
    letters = yield from wait_for("the fresh code", lambda: stage.letters_to(person.email or "")[before:])
    code = FRESH_CODE.search(letters[-1])
    if code is None:
        raise StoryFailed("the letter with the fresh code holds none")
    browser.post(address, {"code": code.group(1), "answer": person.account_no})
    return browser.fetch(f"{address}file/")


def delete(stage: Stage, person: Person) -> Story[None]:
    """Deletion: plan, approval by a second person, one transaction a source."""
    browser, case = file_request(stage, person, Right.DELETE)
    yield from prove(stage, browser, person, case)
    yield from gather_and_approve(stage, case)
    _finish(stage, case)


def correct(stage: Stage, person: Person, corrected: Mapping[str, str]) -> Story[None]:
    """Correction of one field."""
    browser, case = file_request(stage, person, Right.CORRECT, **corrected)
    yield from prove(stage, browser, person, case)
    yield from gather_and_approve(stage, case)
    _finish(stage, case)


def opt_out(stage: Stage, person: Person) -> Story[None]:
    """Opt-out of sale and sharing: no proof, in force at once, closes by itself."""
    _browser, case = file_request(stage, person, Right.OPT_OUT_SALE_SHARE)
    yield from wait_for("the opt-out", lambda: _in(case, State.CLOSED))
    _finish(stage, case)


def leave_open(stage: Stage, people: Sequence[Person]) -> Story[None]:
    """Requests on which the desk still has to work: so that the queue is not empty when somebody looks."""
    proved, gathered, *unproved = people
    browser, case = file_request(stage, proved, Right.DELETE)
    yield from prove(stage, browser, proved, case)
    browser, case = file_request(stage, gathered, Right.KNOW_SPECIFIC, look_back="everything")
    yield from prove(stage, browser, gathered, case)
    move(stage, case, "start_gathering", "analyst")
    yield from wait_for("gathering", lambda: _in(case, State.DECIDING))
    for person, right in zip(unproved, (Right.KNOW_SPECIFIC, Right.PORTABILITY, Right.KNOW_CATEGORIES), strict=True):
        file_request(stage, person, right)


def fetch_reports(stage: Stage) -> Story[None]:
    """Leave each case's report beside the rest."""
    for played in stage.played:
        report = yield from wait_for("the report", partial(order_report, played.case))
        path = stage.results / f"{played.case.right}-report.pdf"
        path.write_bytes(read_report(report))
        played.left.append(path)


def _finish(stage: Stage, case: Case, *left: Path) -> None:
    """Tell how it ended, and order the case report: it is made while the next story is played."""
    case.refresh_from_db()
    order_report(case)
    stage.played.append(Played(case, list(left)))
    stage.say(f"{case.right_asked.label}: {case.submission.reference}, {case.get_outcome_display()}")


def _in(case: Case, state: State) -> bool:
    case.refresh_from_db()
    return bool(case.state == state)


def _code_for(stage: Stage, person: Person, case: Case) -> str | None:
    for text in stage.letters_to(person.email or ""):
        for reference, code in CODE.findall(text):
            if reference == case.submission.reference:
                return str(code)
    return None
