"""Writes docs/state-machine.md from the tables of the code: the picture, and every move in words."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from requests_app.law.words import Route
from requests_app.models import Case
from requests_app.move import Move
from requests_app.moves import MOVES
from requests_app.states import STATE_MOVES, State, StateMove, allowed_pairs

PAGE = Path(settings.BASE_DIR) / "docs" / "state-machine.md"
HEAD = """# The way of a case

Made from `requests_app/states.py` and `requests_app/moves.py` by `./run manage state_diagram`; `./run lint` fails when
it is stale. The database holds the same table of pairs, and its trigger lets nothing else through.
"""
TITLES = {
    Route.FULL: "Data rights: know, portability, delete, correct",
    Route.DIRECT: "Opt-outs and the like: in force at once, without verification",
    Route.DECIDE_ONLY: "Complaints, inquiries, appeals, objections and the like: decided and answered by a person",
}
COLUMNS = ("move", "from", "to", "route", "by", "open when", "asks for", "what happens")
BY_THE_PERSON = frozenset({"withdraw", "confirm"})


class Command(BaseCommand):
    """Write the page, or with ``--check`` tell whether it is as it would be written."""

    help = "Writes docs/state-machine.md; with --check, exits 1 when it is stale."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One switch."""
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is stale")

    def handle(self, *, check: bool, **_options: object) -> None:
        """Write or compare."""
        with translation.override("en"):
            page = state_machine_page()
        if not check:
            PAGE.write_text(page, encoding="utf-8")
            self.stdout.write(f"Written: {PAGE}")
        elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            raise CommandError(f"{PAGE.name} is stale: run ./run manage state_diagram", returncode=1)


def state_machine_page() -> str:
    """The whole page as Markdown."""
    routes = [route for route in Route if any(pair.route == route for pair in allowed_pairs())]
    pictures = [f"## {TITLES[route]}\n\n{picture(route)}" for route in routes]
    return "\n".join([HEAD, *pictures, f"## Every move\n\n{table()}"])


def picture(route: Route) -> str:
    """The states of one route as a Mermaid diagram; each arrow names the moves that go along it."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for move in STATE_MOVES.values():
        for pair in sorted(move.pairs(), key=_in_order_of_states):
            if pair.route == route:
                arrows.setdefault((pair.source, pair.target), []).append(move.slug)
    lines = [f"    {source} --> {target}: {', '.join(slugs)}" for (source, target), slugs in arrows.items()]
    start, end = f"    [*] --> {State.RECEIVED}", f"    {State.CLOSED} --> [*]"
    return "\n".join(["```mermaid", "stateDiagram-v2", start, *lines, end, "```", ""])


def table() -> str:
    """Every move in words: those of the desk, and those that the system or the person makes."""
    rows = [COLUMNS, tuple("---" for _column in COLUMNS), *_rows()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _rows() -> Iterator[tuple[str, ...]]:
    for slug, row in STATE_MOVES.items():
        yield _row_of_desk(MOVES[slug], row) if slug in MOVES else _row_of_system(row)
    for slug, move in MOVES.items():
        if slug not in STATE_MOVES:
            yield _row_of_desk(move, None)


def _row_of_desk(move: Move, row: StateMove | None) -> tuple[str, ...]:
    targets = _by_route(row, row.targets_on) if row else "stays"
    sources = _by_route(row, _sources_on(row)) if row else _states(move.sources)
    by = ", ".join(sorted(move.roles))
    guard = _first_line(move.guard.__doc__) if move.guard.__name__.startswith("check_") else ""
    asked = ", ".join(str(wanted.label).lower() for wanted in move.inputs)
    happens = str(move.consequence)
    return move.slug, sources, targets, _routes(move.routes), by, guard, asked, happens


def _row_of_system(row: StateMove) -> tuple[str, ...]:
    by = "the person" if row.slug in BY_THE_PERSON else "the system"
    happens = _first_line(getattr(Case, row.slug).__doc__)
    sources, targets = _by_route(row, _sources_on(row)), _by_route(row, row.targets_on)
    return row.slug, sources, targets, _routes(row.routes), by, "", "", happens


def _sources_on(row: StateMove) -> dict[Route, frozenset[State]]:
    return {route: row.from_states(route) for route in row.routes}


def _by_route(row: StateMove, states: Mapping[Route, frozenset[State]]) -> str:
    """States that are the same on every route once, others by route."""
    if len(set(states.values())) == 1:
        return _states(next(iter(states.values())))
    return "; ".join(f"{_routes({route})}: {_states(states[route])}" for route in Route if route in row.routes)


def _states(states: Iterable[State]) -> str:
    found = set(states)
    return ", ".join(str(state.label) for state in State if state in found)


def _routes(routes: Iterable[Route]) -> str:
    found = set(routes)
    return ", ".join(route.replace("_", " ") for route in Route if route in found)


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]


def _in_order_of_states(pair: tuple[State, State, Route]) -> tuple[int, int]:
    order = list(State)
    return order.index(pair[0]), order.index(pair[1])
