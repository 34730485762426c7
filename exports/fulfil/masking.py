"""What of a record is shown to somebody who decides whose it is: enough to tell records apart, and not more."""

from __future__ import annotations

from requests_app.models import IdentifierKind

HIDDEN = "…"
SHORTEST = 5  # of a text of fewer letters its end would be half of it


def masked(kind: str, value: str) -> str:
    """A data point by its kind: initials, first letter and domain, a year, or the last two signs."""
    text = value.strip()
    if not text:
        return ""
    match kind:
        case "name":
            return " ".join(f"{word[0]}." for word in text.split())
        case IdentifierKind.EMAIL if "@" in text:
            return f"{text[0]}{HIDDEN}@{text.rpartition('@')[2]}"
        case "birth_date":
            return year_of(text)
    return f"{HIDDEN}{text[-2:]}" if len(text) >= SHORTEST else HIDDEN


def year_of(day: str) -> str:
    """The year of a day such as 2026-01-31; of what is none, nothing."""
    return day[:4] if day[:4].isdecimal() else HIDDEN
