"""Many deletions in one go: what it would do is shown, and each case is done, or left out with the reason."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from dsar.demo.people import COUPLE, Chosen
from requests_app.law.words import Right
from tests.journeys import records
from tests.journeys.desk import Desk
from tests.journeys.house import House
from tests.journeys.person import Person
from tests.journeys.procedures import unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WAITING = "/admin/requests_app/case/?group=approval&right=delete"
TOGETHER = "/admin/requests_app/case/approve-together/"
ROW = re.compile(r'name="_selected_action" value="([^"]+)".*?(R-[A-Z0-9]{4}-[A-Z0-9]{4})', re.DOTALL)


def test_deletions_are_approved_together_as_far_as_they_are_what_was_shown(house: House) -> None:
    before, backup = records.contents(house.premises), backed_up(house)
    accounts = (Chosen.ACCENTS, COUPLE[0], "LO-100505", "LO-100507")
    first, second, held, changed = people = [Person(house, account) for account in accounts]
    analyst = all_gathered(house, people)
    analyst.opens(held.reference)
    analyst.makes("hold", kind="legal", matter="Docket 12", told="told")

    # The approver ticks the four in the queue. Three are counted together, row by row; the one on hold is left out.
    approver = Desk(house, "approver")
    ticks(approver, people)
    assert "What the approval of 3 cases does" in approver.page
    deleted, deidentified, kept = foreseen(house, "shop", first, second, changed)
    assert f"Shop {deleted} {deidentified} {kept}: " in approver.page
    assert f"Website log {foreseen(house, 'web_log', first, second, changed)[0]} 0 0" in approver.page
    assert f"1 case is left out {held.reference} A hold keeps something of this person" in approver.page

    # While the approver reads, the analyst extends one of them: it is another case than the one that was shown.
    to_delete = sum(foreseen(house, system, first, second)[0] for system in records.OF_CUSTOMER)
    analyst.opens(changed.reference)
    analyst.makes("extend", reason="The archive is being moved.")
    approver.browser.post(TOGETHER)
    assert "2 cases were approved" in approver.page
    assert f"1 case is left out {changed.reference} Somebody else changed this case" in approver.page

    # Two are carried out and told so, each by itself; nothing of the others is touched.
    for person in (first, second):
        analyst.opens(person.reference)
        analyst.waits_until("partly fulfilled")  # orders have to be kept
        assert "Customer account: 1 record no longer names you." in unwrapped(person.reads("Your deletion request"))
    after = records.contents(house.premises)
    assert sum(records.gone(before, after).values()) == to_delete
    assert records.changed(before, after).keys() == {("shop/customers", one.knows.id) for one in (first, second)}
    for person in (held, changed):
        analyst.opens(person.reference)
        assert analyst.state() == "deciding"
        assert not person.letters("Your deletion request")

    # The company restores yesterday's backup, and both are back. The replay deletes them again, and nobody else.
    restore(backup)
    assert records.contents(house.premises) == before
    for system in records.OF_CUSTOMER:
        replayed = house.manage("deletions", "replay", system)
        assert replayed.returncode == 0, replayed.stderr
    assert without_tokens(records.contents(house.premises)) == without_tokens(after)


def all_gathered(house: House, people: list[Person]) -> Desk:
    """All file and prove who they are; the analyst lets the workers look, and reads that each waits for a decision."""
    for person in people:
        person.files(Right.DELETE)
    for person in people:
        person.proves_who_they_are()
    analyst = Desk(house, "analyst")
    for person in people:
        analyst.opens(person.reference)
        analyst.makes("start_gathering")
    for person in people:
        analyst.opens(person.reference)
        analyst.waits_until("deciding")
    return analyst


def backed_up(house: House) -> dict[Path, bytes]:
    """The files of both systems, as they are now."""
    return {path: path.read_bytes() for path in map(house.premises.system, records.OF_CUSTOMER)}


def restore(backup: dict[Path, bytes]) -> None:
    """Put the files back, as whoever runs the systems does."""
    for path, content in backup.items():
        path.write_bytes(content)


def without_tokens(contents: records.Contents) -> dict[tuple[str, int], dict[str, object]]:
    """Every row; of a de-identified account all but the token in the place of its number, which is new each time."""
    return {
        place: {name: value for name, value in row.items() if (name, row.get("name")) != ("account_no", "[deleted]")}
        for place, row in contents.items()
    }


def ticks(approver: Desk, people: list[Person]) -> None:
    """Tick these cases in the queue of what waits for approval, and choose “Approve together…”."""
    approver.browser.get(WAITING)
    waiting = {reference: case for case, reference in ROW.findall(approver.browser.html)}
    chosen = [waiting[person.reference] for person in people]
    approver.browser.post(approver.browser.address, {"action": "approve_together", "_selected_action": chosen})


def foreseen(house: House, system: str, *people: Person) -> tuple[int, int, int]:
    """How many of their rows in a system are to be deleted, de-identified and kept, by its data map."""
    acts = Counter[str]()
    for person in people:
        for name, rows in records.held(house.premises, person.knows.account_no).items():
            if name.startswith(f"{system}/"):
                acts[records.on_delete(name)] += len(rows)
    return acts["delete"], acts["deidentify"], acts["keep"]
