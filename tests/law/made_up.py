"""A made-up law, as small as a pack can be, to be changed and broken by the tests."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

from requests_app.law.packs import LawPack, read_pack

SAID = {"citation": "Made-up Act s.1", "checked": date(2026, 11, 23), "sureness": "verified"}
SINCE = {"since": date(2020, 1, 1), **SAID}
TWICE = {"en": "words", "es": "palabras"}

DELETION: dict[str, Any] = {
    "law": {
        "slug": "made_up",
        "title": TWICE,
        "short_title": {"en": "Made-up Act", "es": "Ley inventada"},
        "jurisdiction": TWICE,
        "applies": ["XX"],
        **SINCE,
    },
    "rights": [
        {"right": "delete", "slugs": ["erasure"], "route": "full", "name": TWICE, "explanation": TWICE, **SINCE}
    ],
    "response_days": [{"value": 10, "rights": "all", **SINCE}],
    "duties": [{"kind": "answer", "period": "response_days", "rights": ["delete"], **SINCE}],
    "degrees": [{"degree": "reasonable", "rights": ["delete"], **SINCE}],
    "evidence": [
        {"degree": "reasonable", "data_points": 1, **SINCE},
        {"degree": "reasonably_high", "data_points": 2, **SINCE},
    ],
}


def law_data(**sections: Any) -> dict[str, Any]:
    """The tables of the made-up law, with these sections instead of its own; a section of None is left out."""
    data = copy.deepcopy(DELETION) | copy.deepcopy(sections)
    return {section: blocks for section, blocks in data.items() if blocks is not None}


def a_law(**sections: Any) -> LawPack:
    """The made-up law as a pack."""
    return read_pack(law_data(**sections), "packs/made_up.toml")


def another_law(**sections: Any) -> LawPack:
    """A second made-up law, with a name of its own."""
    data = law_data(**sections)
    data["law"] |= {"slug": "other", "short_title": {"en": "Other Act", "es": "Otra ley"}}
    return read_pack(data, "packs/other.toml")


def a_ground(code: str, **keys: Any) -> dict[str, Any]:
    """A block of [[exemptions]]."""
    block = {"code": code, "title": TWICE, "person_text": TWICE, "rights": ["delete"], "level": "data"}
    return block | SINCE | keys
