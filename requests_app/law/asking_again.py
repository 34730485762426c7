"""From when on somebody who opted out may be asked to come back; before that day nobody asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from requests_app.law.calendars import months_after
from requests_app.law.lawpack import LawPack, NoSuchFigure
from requests_app.law.values import Figure
from requests_app.law.words import Right


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """The first day on which the person may be asked, and the figure of the law that it rests on."""

    since: date
    figure: Figure


def asked_again(pack: LawPack, right: Right, opted_out_on: date) -> AskedAgain:
    """By one law: whole months after the opt-out. Raises NoSuchFigure where the law has no such wait.

    Civ. Code 1798.135(c)(4) for sale, sharing and sensitive data; 11 CCR 7221(k) for automated decisions.
    """
    figure = pack.figure("opt_in_wait_months", opted_out_on, right)
    return AskedAgain(months_after(opted_out_on, figure.value), figure)


def last_of(packs: Iterable[LawPack], right: Right, opted_out_on: date) -> AskedAgain | None:
    """By several laws: the latest day; None if none of them makes anybody wait."""
    found = []
    for pack in packs:
        try:
            found.append(asked_again(pack, right, opted_out_on))
        except NoSuchFigure:
            continue
    return max(found, key=lambda one: one.since, default=None)
