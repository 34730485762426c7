"""The policy's words about personal information by the data maps that are in use, and what people still decide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from exports.bundle.policy import CITATIONS, lines, open_questions, policy
from exports.models import DataMapVersion, DataSource
from exports.sources.datamap import Category, DataMap
from requests_app.law import lookback
from requests_app.law.packs import RightNotGiven, all_packs, house
from requests_app.law.words import Right
from requests_app.services.history import local_day

TEMPLATE = "policy/policy.html"


@dataclass(frozen=True)
class Policy:
    """What the privacy policy says about personal information, and what somebody has to decide before it is published.

    `parts` is JSON data (`exports.bundle.policy`), `to_decide` are sentences for the staff.
    """

    parts: dict[str, Any]
    to_decide: list[str]

    def as_text(self) -> str:
        """The policy as plain text."""
        return "\n".join(lines(self.parts)) + "\n"

    def as_html(self) -> str:
        """The policy as a piece of HTML without styles, to be put into a page."""
        with translation.override(self.parts["language"]):
            return render_to_string(TEMPLATE, {"policy": self.parts})

    def as_json(self) -> str:
        """The policy as JSON."""
        return json.dumps(self.parts, indent=2, ensure_ascii=False) + "\n"


class NoPolicy(ValueError):
    """No such law held on that day, or no source is set up; the sentence says what to do."""


def policy_on(on: date, language: str) -> Policy:
    """The policy of the day `on`, by the data maps that are in use now; raises NoPolicy.

    The twelve months before it are those of recipients, whose times the maps know. Of categories the maps know no
    times: those that only an earlier map of these months named are among what has to be decided.
    """
    ccpa = all_packs()["ccpa"]
    try:
        since = lookback.look_back(ccpa, Right.KNOW_CATEGORIES, received_on=on).from_on
    except RightNotGiven:
        since = None
    if since is None:
        raise NoPolicy(_("Name a day on which the CCPA holds: 2020-01-01 or later."))
    sources = list(DataSource.objects.in_walking_order())
    maps = [source.map_version.as_map() for source in sources]
    if not maps:
        raise NoPolicy(_("There is no data map yet: add a source, for the policy says what the maps say."))
    parts = policy(maps, packs=(ccpa, house()), since=since, on=on, language=language)
    earlier = _named_earlier(sources, _categories(maps), since, on)
    return Policy(parts, [*open_questions(maps, since=since, on=on), *earlier])


def _categories(maps: Sequence[DataMap]) -> frozenset[Category]:
    return frozenset(category for found in maps if found.processor_for is None for category in found.categories())


def _named_earlier(
    sources: Sequence[DataSource], named_now: frozenset[Category], since: date, on: date
) -> Iterator[str]:
    """Categories that a map of these months named and none names now: they may have been collected, too."""
    for source in sources:
        versions = list(DataMapVersion.objects.filter(source_slug=source.slug).order_by("accepted_at", "pk"))
        for version, following in zip(versions, [*versions[1:], None], strict=True):
            if version == source.map_version or local_day(version.accepted_at) > on:
                continue
            replaced_on = local_day(following.accepted_at) if following else on
            gone = _categories([version.as_map()]) - named_now
            if gone and replaced_on >= since:
                yield _(
                    "%(source)s: its map of %(day)s named %(categories)s, and no map does now; if that was collected in"
                    " these 12 months, the policy has to say so (%(citation)s)."
                ) % {
                    "source": source.slug,
                    "day": local_day(version.accepted_at),
                    "categories": ", ".join(sorted(gone)),
                    "citation": CITATIONS["collected"],
                }
