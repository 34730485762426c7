"""Places of residence as the form lists them, in the language of the page."""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

from requests_app.residence import COUNTRIES, ELSEWHERE, US_STATES, place_name

# Only the names that differ from the English ones.
IN_SPANISH = {
    "AT": "Austria", "BE": "Bélgica", "BR": "Brasil", "CA": "Canadá", "CH": "Suiza", "CY": "Chipre", "CZ": "Chequia",
    "DE": "Alemania", "DK": "Dinamarca", "ES": "España", "FI": "Finlandia", "FR": "Francia", "GB": "Reino Unido",
    "GR": "Grecia", "HR": "Croacia", "HU": "Hungría", "IE": "Irlanda", "IS": "Islandia", "IT": "Italia",
    "LT": "Lituania", "LU": "Luxemburgo", "LV": "Letonia", "MX": "México", "NL": "Países Bajos", "NO": "Noruega",
    "PL": "Polonia", "RO": "Rumanía", "SE": "Suecia", "SI": "Eslovenia", "SK": "Eslovaquia",
    "US-DC": "Distrito de Columbia", "US-HI": "Hawái", "US-LA": "Luisiana", "US-MI": "Míchigan", "US-MS": "Misisipi",
    "US-MO": "Misuri", "US-NC": "Carolina del Norte", "US-ND": "Dakota del Norte", "US-NH": "Nuevo Hampshire",
    "US-NJ": "Nueva Jersey", "US-NM": "Nuevo México", "US-NY": "Nueva York", "US-OR": "Oregón", "US-PA": "Pensilvania",
    "US-SC": "Carolina del Sur", "US-SD": "Dakota del Sur", "US-TX": "Texas", "US-WV": "Virginia Occidental",
}  # fmt: skip

Group = tuple[str, list[tuple[str, str]]]


def place_label(code: str, language: str) -> str:
    """The place's name in the language of the page."""
    if code == ELSEWHERE:
        return _("Another country")
    return IN_SPANISH.get(code, place_name(code)) if language == "es" else place_name(code)


def place_groups(language: str) -> list[Group]:
    """Every place that the form offers, grouped and in alphabetical order."""
    return [
        (_("United States"), _in_order(US_STATES, language)),
        (_("Other countries"), _in_order(COUNTRIES, language)),
        (_("Elsewhere"), [(ELSEWHERE, place_label(ELSEWHERE, language))]),
    ]


def _in_order(codes: dict[str, str], language: str) -> list[tuple[str, str]]:
    named = [(code, place_label(code, language)) for code in codes]
    return sorted(named, key=lambda place: unicodedata.normalize("NFKD", place[1]))
