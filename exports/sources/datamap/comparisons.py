"""How a data map says that values are compared: of a way to rows, and of a field in a probe."""

from __future__ import annotations

from yaml.nodes import MappingNode

from exports.sources.datamap.model import E164, Compare, Comparison, Match
from exports.sources.datamap.section import Section

NAME = "name"  # the kind of identifier that proves nothing by itself


def match_of(field: Section) -> Match | None:
    """How typed data points are compared with the field; a name never counts as one."""
    if "match" not in field:
        if field.flag("reliable"):
            field.note("reliable", "a reliable field says how it is compared: match: {kind: email, compare: email}.")
        return None
    what = f"'match' of {field.what}"
    match = Section(field.node_of("match"), what, field.faults, required=("kind", "compare"))
    if match.text("kind") == NAME and field.flag("reliable"):
        field.note("reliable", "a name proves nothing: it can be matched, and is never reliable; take 'reliable' away.")
    return Match(match.text("kind"), comparison_of(match))


def comparison_of(section: Section) -> Comparison:
    """A word, or {e164: US}."""
    node = section.node_of("compare")
    if not isinstance(node, MappingNode) or "compare" not in section:
        if "compare" in section and node.value == "e164":
            section.note("compare", f"e164 in {section.what} says whose numbers have no country code: {{e164: US}}.")
            return Compare.EXACT
        return section.choice("compare", Compare, Compare.EXACT)
    from exports.sources.telephones import COUNTRIES  # noqa: PLC0415 - megabytes that most maps need not

    country = Section(node, f"'compare' of {section.what}", section.faults, required=("e164",)).text("e164")
    if country and country not in COUNTRIES:
        section.note("compare", f"there is no country {country!r} in {section.what}: two capitals, such as US or GB.")
    return E164(country)
