"""Checks the values of a pack against each other: no overlap, no gap, nothing missing that a rule rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from requests_app.law.lawpack import LawPack
from requests_app.law.reading import LawPackError
from requests_app.law.values import AppealRule, Dated, DutyRule, GivenRight
from requests_app.law.words import Degree, Right

Placed = tuple[str, Dated]


def check(pack: LawPack, file: str) -> None:
    """Raise LawPackError about the first thing that doesn't fit: the file, the place, and the cure."""
    for section, values in pack.sections.items():
        for thing, series in _by_thing(section, values):
            _check_series(thing, series, file)
    for number, given in enumerate(pack.rights, start=1):
        _check_degree(pack, given, f"{file}: rights[{number}]")
    for number, rule in enumerate(pack.duties, start=1):
        _check_periods(pack, rule, f"{file}: duties[{number}]")
    for number, appeal in enumerate(pack.appeals, start=1):
        _check_appeal(pack, appeal, f"{file}: appeals[{number}]")
    _check_evidence(pack, file)


def _by_thing(section: str, values: Sequence[Dated]) -> Iterator[tuple[str, list[Placed]]]:
    """The values of a section, for each thing of which there may be only one at a time, by their dates."""
    things: dict[str, list[Placed]] = {}
    for number, value in enumerate(values, start=1):
        for thing in value.series:
            things.setdefault(thing, []).append((f"{section}[{number}]", value))
    for thing, placed in things.items():
        yield thing, sorted(placed, key=lambda item: item[1].since)


def _check_series(thing: str, series: Sequence[Placed], file: str) -> None:
    for (earlier_place, earlier), (place, later) in pairwise(series):
        if earlier.until is None or earlier.until > later.since:
            raise LawPackError(
                f"{file}: {place}.since: overlaps with {earlier_place} for {thing}:"
                f" write until = {later.since} in {earlier_place}"
            )
        if earlier.until < later.since:
            raise LawPackError(
                f"{file}: {place}.since: no value for {thing} from {earlier.until} to {later.since}:"
                f" let it begin when {earlier_place} ends"
            )


def _check_degree(pack: LawPack, given: GivenRight, place: str) -> None:
    rules = [rule for rule in pack.degrees if given.right in rule.rights]
    if not _cover(rules, given.since, given.until):
        raise LawPackError(
            f"{place}: no degree for {given.right} in all of its time: add it to a [[degrees]] block"
            ' (degree = "none" if it may not be verified)'
        )


def _check_periods(pack: LawPack, rule: DutyRule, place: str) -> None:
    for key, period in rule.periods:
        for right in sorted(rule.rights):
            figures = [figure for figure in pack.figures[period] if right in figure.rights]
            for given in (given for given in pack.rights if given.right == right):
                since = max(rule.since, given.since)
                until = min((end for end in (rule.until, given.until) if end), default=None)
                if not _cover(figures, since, until):
                    raise LawPackError(
                        f"{place}.{key}: {period} has no value for {right} from {since} on:"
                        f" add a [[{period}]] block, or let the duty begin later"
                    )


def _check_appeal(pack: LawPack, appeal: AppealRule, place: str) -> None:
    """An appeal is a right of its own: without one there would be no clock for it."""
    given = [given for given in pack.rights if given.right is Right.APPEAL]
    if not _cover(given, appeal.since, appeal.until):
        raise LawPackError(
            f'{place}: no right to an appeal from {appeal.since} on: add a [[rights]] block with right = "appeal"'
        )


def _check_evidence(pack: LawPack, file: str) -> None:
    if all(rule.degree is Degree.NONE for rule in pack.degrees):
        return
    for degree in (Degree.REASONABLE, Degree.REASONABLY_HIGH):
        rules = [rule for rule in pack.evidence if rule.degree is degree and not rule.account]
        if not _cover(rules, pack.since, None):
            raise LawPackError(
                f"{file}: evidence: nothing says what reaches {degree.name.lower()} from {pack.since} on:"
                " add an [[evidence]] block"
            )


def _cover(values: Sequence[Dated], since: date, until: date | None) -> bool:
    """Whether the values, which have no gaps, reach from ``since`` to ``until`` (None: for ever)."""
    if not values or min(value.since for value in values) > since:
        return False
    last = max(values, key=lambda value: value.since)
    return last.until is None or (until is not None and last.until >= until)
