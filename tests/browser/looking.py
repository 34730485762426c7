"""Looking at pages: accessibility checked by axe, pictures on demand, and the keyboard as the only way in."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page

PICTURES = Path(__file__).parent.parent.parent / "test-results" / "pictures"
# The theme's scrolling parts are all called the same, and its script names them.
OF_THE_THEME = {"landmark-unique": ".simplebar-"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST_STOPS = 80  # of the Tab key on one page
HAS_OUTLINE = """
element => {
  for (let seen = element; seen; seen = seen.parentElement) {
    if (getComputedStyle(seen).outlineStyle !== "none") return true;
  }
  return false;
}
"""


class Eye:
    """Looks at pages for one test; with PICTURES=1 each is kept as a picture under test-results/.

    ``glass`` is a window that may run scripts: axe is one, and can't work in a window without them.
    """

    def __init__(self, name: str, glass: Page) -> None:
        self._name = name
        self._glass = glass
        self._numbers = count(1)

    def sees(self, page: Page, what: str) -> None:
        """The page has no fault of accessibility, however small."""
        self._photograph(page, what)
        self._check(page, what)

    def sees_in_both(self, page: Page, what: str) -> None:
        """The same for a page that can be loaded again, light and dark."""
        for scheme in reversed(SCHEMES):  # it is left light
            page.emulate_media(color_scheme=scheme)
            page.reload()
            self.sees(page, f"{what}, {scheme}")

    def sees_without_scripts(self, page: Page, what: str) -> None:
        """The same for a page in a window without scripts: its markup and styles, light and dark, in the glass."""
        self._photograph(page, what)
        html = page.content()
        for scheme in SCHEMES:
            self._glass.emulate_media(color_scheme=scheme)
            self._glass.route(page.url, lambda route: route.fulfill(body=html, content_type="text/html"), times=1)
            self._glass.goto(page.url)
            self._check(self._glass, f"{what}, {scheme}")

    def _photograph(self, page: Page, what: str) -> None:
        if os.environ.get("PICTURES"):
            place = f"{self._name}-{next(self._numbers):02}-{what.replace(' ', '-')}.png"
            page.screenshot(path=PICTURES / place, full_page=True)

    @staticmethod
    def _check(page: Page, what: str) -> None:
        found = Axe().run(page).response["violations"]
        faults = [fault for fault in found if not _is_of_the_theme(fault)]
        assert not faults, "\n".join(_told(what, fault) for fault in faults)


def cut_off(context: BrowserContext) -> set[str]:
    """Take the network away; what pages ask for all the same, of files or of anybody, is in the set."""
    asked: set[str] = set()
    context.set_offline(True)
    context.on("request", lambda request: asked.add(request.url))
    return asked


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the control has the focus; at each stop an outline shows where it is."""
    for _stop in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count():
            assert focused.evaluate(HAS_OUTLINE), f"no outline: {focused.evaluate('element => element.outerHTML')}"
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


def _is_of_the_theme(fault: dict[str, Any]) -> bool:
    part = OF_THE_THEME.get(fault["id"])
    return part is not None and all(part in str(node["target"]) for node in fault["nodes"])


def _told(what: str, fault: dict[str, Any]) -> str:
    places = "; ".join(f"{node['target']} {node['html'][:200]}" for node in fault["nodes"][:3])
    return f"{what}: {fault['id']} ({fault['impact']}): {fault['help']}: {places}"
