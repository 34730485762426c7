"""Near misses as staff see them: masked, beside the findings, and in no answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from exports.findings import current_runs
from exports.fulfil import near_misses
from requests_app.models import Case, IdentifierKind

ANSWERS = {"yes": gettext_lazy("agrees"), "no": gettext_lazy("differs"), "none": gettext_lazy("not held")}
TONES = {"yes": "sure", "no": "late", "none": "quiet"}
KINDS = {
    **dict(IdentifierKind.choices),
    "name": gettext_lazy("name"),
    "birth_date": gettext_lazy("date of birth"),
}


@dataclass(frozen=True)
class Point:
    """A kind of data point, and how the record stands to what came with the request."""

    kind: str | Promise
    answer: str | Promise
    tone: str


@dataclass(frozen=True)
class Near:
    """One record that was not gathered."""

    place: str
    points: list[Point]
    masked: list[tuple[str, str]]


def lines(case: Case) -> Iterator[Near]:
    """Those of the present round; raises VaultError once their content is destroyed."""
    for run in current_runs(case):
        titles = {found.name: str(found.title) for found in run.map_version.as_map().collections}
        for one in near_misses.of(run):
            place = f"{run.source.title} · {titles.get(one['collection'], one['collection'])}"
            yield Near(place, in_words(one["points"]), [(title, text) for title, text in one["shown"]])


def in_words(points: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[Point]:
    """Kinds and answers as staff read them."""
    return [Point(KINDS.get(kind, kind), ANSWERS[answer], TONES[answer]) for kind, answer in points]
