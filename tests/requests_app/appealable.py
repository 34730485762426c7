"""A made-up law like California's that has an appeal: what is refused under it may be appealed within 45 days."""

from __future__ import annotations

import tomllib
from datetime import date

from requests_app.law.packs import FOLDER, LawPack, read_pack

SAID = {
    "since": date(2020, 1, 1),
    "citation": "Appeals Act s.7",
    "checked": date(2026, 11, 23),
    "sureness": "verified",
}
APPEALABLE = ["know_categories", "know_specific", "portability", "delete", "correct"]
HOW = "You may appeal this decision within 45 days."
WHERE_TO_TURN = "You may contact the Attorney General of Oregon."


def a_law_with_an_appeal() -> LawPack:
    """The pack; it applies in Oregon."""
    with (FOLDER / "ccpa.toml").open("rb") as file:
        data = tomllib.load(file)
    data["law"] |= {"slug": "appealing", "applies": ["US-OR"]}
    words = {"en": "Appeal", "es": "Apelar"}
    data["rights"].append(
        {"right": "appeal", "slugs": ["appeal"], "route": "decide_only", "name": words, "explanation": words, **SAID}
    )
    data["degrees"].append({"degree": "none", "rights": ["appeal"], **SAID})
    data["response_days"].append({"value": 60, "rights": ["appeal"], **SAID})
    data["appeal_window_days"] = [{"value": 45, "rights": APPEALABLE, **SAID}]
    data["duties"].append({"kind": "answer", "period": "response_days", "rights": ["appeal"], **SAID})
    data["appeals"] = [
        {
            "rights": APPEALABLE,
            "text": {"en": HOW, "es": "Puede apelar esta decisión en un plazo de 45 días."},
            "refused_text": {"en": WHERE_TO_TURN, "es": "Puede dirigirse al fiscal general de Oregón."},
            **SAID,
        }
    ]
    return read_pack(data, "packs/appealing.toml")
