"""The pages of the desk and of source owners, as axe sees them, light and dark: one case leads through all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dsar.demo import systems
from dsar.demo.company import MAPS
from dsar.demo.people import Chosen
from requests_app.law.words import Right
from tests.browser.looking import Eye
from tests.browser.test_in_a_real_browser import NewContext, press, reloaded, sent, signed_in
from tests.exports.fulfil.test_blacking_out import MESSAGES
from tests.journeys.conftest import Opening
from tests.journeys.house import PATIENCE, House, cast, wait_for
from tests.journeys.owner import Owner, add_archive
from tests.journeys.person import Person
from tests.journeys.procedures import approved

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

CARD = "4111 1111 1111 1111"
BY_EMAIL = "      - {by: email, column: email, compare: email}\n"
BY_PHONE = "      - {by: phone, column: phone, compare: {e164: US}, shared: true}\n"
HOUSE_PAGES = {
    "holds": "/admin/requests_app/hold/",
    "figures": "/admin/requests_app/organisation/figures/",
    "policy": "/admin/exports/datasource/policy/",
    "receivers": "/admin/exports/receiver/",
    "retention": "/admin/exports/retentionschedule/",
    "rules": "/admin/requests_app/standingrule/",
    "systems": "/admin/exports/datasource/",
    "tasks": "/admin/exports/task/",
}


@pytest.fixture(scope="module")
def house(open_house: Opening, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own, with an archive, and a shop in which two people share an address and one a telephone."""
    with open_house() as house:
        folder = tmp_path_factory.mktemp("maps")
        add_archive(house, folder)
        _share(house, folder)
        yield house


def _share(house: House, folder: Path) -> None:
    asking = cast()[Chosen.EVERYWHERE]
    shop = folder / "shop.yaml"
    text = (MAPS / "shop.yaml").read_text(encoding="utf-8")
    assert BY_EMAIL in text
    shop.write_text(text.replace(BY_EMAIL, BY_EMAIL + BY_PHONE), encoding="utf-8")
    variable = systems.VARIABLES["shop"]
    words = (
        "load",
        str(shop),
        "--read",
        f"{variable}_READ_URL",
        "--write",
        f"{variable}_WRITE_URL",
        "--at-installation",
    )
    assert house.manage("sources", *words).returncode == 0
    with closing(sqlite3.connect(house.premises.system("shop"))) as database, database:
        database.execute("UPDATE customers SET email = ? WHERE account_no = 'LO-100108'", (asking.email,))
        database.execute("UPDATE customers SET phone = ? WHERE account_no = 'LO-100109'", (asking.phone,))
        (message,) = database.execute(MESSAGES, (Chosen.EVERYWHERE,)).fetchone()
        body = f"Take {CARD}. {'Donaudampfschifffahrtsgesellschaft' * 4}"
        database.execute("UPDATE ticket_messages SET body = ? WHERE id = ?", (body, message))


def test_one_case_leads_through_the_pages_of_the_desk_and_of_an_owner(
    house: House, new_context: NewContext, eye: Eye
) -> None:
    person = Person(house, Chosen.EVERYWHERE)
    person.files(Right.KNOW_SPECIFIC, look_back="everything")
    person.proves_who_they_are()
    desk = signed_in(new_context, house, "analyst")
    for what, path in HOUSE_PAGES.items():
        desk.goto(path)
        eye.sees_in_both(desk, what)

    # Two records behind one address: somebody chooses; and the owner of the archive is asked.
    desk.goto("/admin/requests_app/case/")
    sent(desk, desk.get_by_role("link", name=person.reference))
    case_page = desk.url
    press(desk, "Start gathering", eye)
    question = desk.get_by_role("link", name="Which of these?")
    wait_for("the question", lambda: reloaded(desk).get_by_text("Tasks of source owners").count() and question.count())
    eye.sees_in_both(desk, "case that waits for two answers")
    sent(desk, question.first)
    eye.sees_in_both(desk, "which of these")
    desk.get_by_role("checkbox", name="Record 1").check()
    desk.get_by_label("Reason").fill("All that we know of the person stands in it.")
    sent(desk, desk.get_by_role("button", name="These are the person's"))
    desk.goto(case_page)
    sent(desk, desk.get_by_role("link", name="Answer for the owner"))
    eye.sees_in_both(desk, "task on the desk")
    _owner_answers(house, new_context, eye)

    # What was found: a passage to be decided, a near miss, a search.
    desk.goto(case_page)
    wait_for("the findings", lambda: reloaded(desk).locator(".desk-line").get_by_text("deciding").count())
    sent(desk, desk.get_by_role("link", name="Findings"))
    wait_for(
        "the look through the texts", lambda: reloaded(desk).get_by_role("link", name="Go to the next one").count()
    )
    expect(desk.get_by_role("heading", name="Near misses")).to_be_visible()
    sent(desk, desk.get_by_role("link", name="Go to the next one"))
    expect(desk.locator("mark", has_text=CARD).first).to_be_visible()
    eye.sees_in_both(desk, "passages and near misses")
    _blacks_out_and_looks(desk, case_page, eye)
    desk.goto(case_page)
    sent(desk, desk.locator(".desk-links").get_by_role("link", name="Search"))
    desk.get_by_label("Words").fill("Donaudampf")
    sent(desk, desk.locator("main").get_by_role("button", name="Search"))
    expect(desk.get_by_text("found in 1 field")).to_be_visible(timeout=1000 * PATIENCE)  # the page looks by itself
    eye.sees_in_both(desk, "search")
    sent(desk, desk.get_by_role("link", name="Withhold all of these records…"))
    eye.sees_in_both(desk, "withholding by rule")

    # Handing over: on a medium, too.
    approved(house, person)
    desk.goto(case_page)
    wait_for("the file", lambda: reloaded(desk).get_by_role("link", name="Handing over").count())
    sent(desk, desk.get_by_role("link", name="Handing over"))
    desk.get_by_label("How the passphrase reaches the person").select_option("phone")
    desk.get_by_label("Postal address").fill("4 Orchard Lane")
    sent(desk, desk.get_by_role("button", name="Encrypt the file for a medium"))
    wait_for("the medium", lambda: reloaded(desk).get_by_role("button", name="Take the encrypted file").count())
    eye.sees_in_both(desk, "handing over")
    fits_a_phone(desk, case_page, f"{case_page.removesuffix('change/')}findings/", desk.url, *HOUSE_PAGES.values())


def _blacks_out_and_looks(desk: Page, case_page: str, eye: Eye) -> None:
    """The passage, and what the shop keeps as bytes, drawn."""
    sent(desk, desk.get_by_role("button", name=f"Black out “{CARD}”"))
    eye.sees_in_both(desk, "passage blacked out")
    desk.goto(f"{case_page.removesuffix('change/')}findings/?source=shop&collection=avatars")
    sent(desk, desk.get_by_role("link", name="Look at Picture of record 1"))
    eye.sees_in_both(desk, "bytes as a picture")


def test_a_source_is_drafted_and_proposed(house: House, new_context: NewContext, eye: Eye) -> None:
    desk = signed_in(new_context, house, "administrator")
    desk.goto("/admin/exports/datasource/changes/?source=shop")
    desk.get_by_label("Data map").fill(f"{desk.get_by_label('Data map').input_value()}\n# {'a long line ' * 20}")
    sent(desk, desk.get_by_role("button", name="Propose", exact=True))
    desk.get_by_label("Name of the system").fill("visits")
    desk.get_by_label("Variable to read by").last.fill(f"{systems.VARIABLES['web_log']}_READ_URL")
    sent(desk, desk.get_by_role("button", name="Have it drafted"))
    wait_for("the draft", lambda: reloaded(desk).get_by_role("link", name="Go on with it").count())
    eye.sees_in_both(desk, "changes")
    fits_a_phone(desk, desk.url)


def fits_a_phone(page: Page, *addresses: str) -> None:
    """No page is wider than the screen of a phone."""
    page.set_viewport_size({"width": 390, "height": 844})
    for address in addresses:
        page.goto(address)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{address} is {overflow} pixels wider than the screen"


def _owner_answers(house: House, new_context: NewContext, eye: Eye) -> None:
    owner = Owner(house)
    page = new_context(base_url=house.base_url, locale="es").new_page()
    page.goto(owner.link())
    eye.sees_in_both(page, "link of a task")
    sent(page, page.get_by_role("button", name="Enviarme el código"))
    eye.sees_in_both(page, "code of a task")
    page.get_by_label("Código").fill(owner.code())
    sent(page, page.get_by_role("button", name="Abrir la tarea"))
    eye.sees_in_both(page, "task of an outsider")
    page.get_by_label("Su nombre").fill("Ann Archer")
    house.typed.add("Ann Archer")
    sent(page, page.get_by_role("button", name="Decir que no se encontró nada"))
    eye.sees(page, "task without its tick")
    page.get_by_label("He mirado en todo").check()
    sent(page, page.get_by_role("button", name="Decir que no se encontró nada"))
    eye.sees_in_both(page, "thanks")
