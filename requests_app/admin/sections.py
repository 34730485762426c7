"""What other floors add to the case page: panels, links and pages. They register; the case page never imports them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import Promise

from requests_app.models import Case
from requests_app.roles import Actor

Text = str | Promise


@dataclass(frozen=True)
class Panel:
    """One box of the case page. ``decides``: it is also shown beside the moves that end the review."""

    slug: str
    title: Text
    template: str
    context: Mapping[str, object]
    decides: bool = False


@dataclass(frozen=True)
class Link:
    """A button in the head of the case page."""

    label: Text
    url: str
    icon: str  # a name of Material Symbols


@dataclass(frozen=True)
class Preview:
    """What a move would do with its inputs: a sentence, and excerpts as (before, what is meant, after)."""

    sentence: Text
    excerpts: Sequence[tuple[str, str, str]] = ()


class Previewer(Protocol):
    """Makes the preview of a move; the inputs are clean, the case is not locked. Raises InputRefused as the move."""

    def __call__(self, case: Case, actor: Actor, inputs: Mapping[str, str], *, at: datetime) -> Preview: ...


class Page(Protocol):
    """A page of a case of its own; the case is there, and the user may see it."""

    def __call__(self, request: HttpRequest, case: Case) -> HttpResponseBase: ...


PanelMaker = Callable[[Case, Actor], Panel | None]
LinkMaker = Callable[[Case, Actor], Link | None]

Start = Callable[[Case], str]
About = Callable[[Case, Mapping[str, str]], str]

PANELS: list[PanelMaker] = []
LINKS: list[LinkMaker] = []
PAGES: dict[str, Page] = {}
STARTS: dict[str, Start] = {}
ABOUT: dict[str, About] = {}
PREVIEWS: dict[str, Previewer] = {}


def panel(maker: PanelMaker) -> PanelMaker:
    """Register what makes a panel of a case, or None where there is nothing to show; shown in the order registered."""
    PANELS.append(maker)
    return maker


def link(maker: LinkMaker) -> LinkMaker:
    """Register what makes a button of a case."""
    LINKS.append(maker)
    return maker


def page(slug: str) -> Callable[[Page], Page]:
    """Register a page at ``/admin/requests_app/case/<id>/<slug>/``, named ``admin:requests_app_case_<slug>``."""

    def register(view: Page) -> Page:
        PAGES[slug] = view
        return view

    return register


def starts(*slugs: str) -> Callable[[Start], Start]:
    """Register where moves begin that need something chosen first: the address of the page to choose on."""

    def register(start: Start) -> Start:
        STARTS.update(dict.fromkeys(slugs, start))
        return start

    return register


def about(*slugs: str) -> Callable[[About], About]:
    """Register what says in words what moves are about whose inputs are names that a page gave."""

    def register(told: About) -> About:
        ABOUT.update(dict.fromkeys(slugs, told))
        return told

    return register


def previews(slug: str) -> Callable[[Previewer], Previewer]:
    """Register what shows a move before it is made: its page asks once more, with the preview."""

    def register(previewer: Previewer) -> Previewer:
        PREVIEWS[slug] = previewer
        return previewer

    return register


def panels_of(case: Case, actor: Actor) -> list[Panel]:
    """The panels that others have for this case."""
    return [made for maker in PANELS if (made := maker(case, actor))]


def links_of(case: Case, actor: Actor) -> list[Link]:
    """The buttons that others have for this case."""
    return [made for maker in LINKS if (made := maker(case, actor))]
