"""The data map: what a source holds, how a person's rows are found there, and what may be done with them.

Pure Python: maps are text in, frozen values out; nothing here knows a database, Django or the clock.
"""

from __future__ import annotations

from exports.sources.datamap.model import (
    E164,
    FILE_KEY,
    AutomatedDecision,
    Category,
    Change,
    Clear,
    Collection,
    Compare,
    Comparison,
    Constant,
    DataMap,
    Deidentify,
    Delete,
    Field,
    FileFormat,
    Files,
    Given,
    Join,
    Keep,
    Match,
    NeverDisclose,
    Owner,
    RandomToken,
    Recipient,
    Relation,
    Root,
    Service,
    Suppression,
)
from exports.sources.datamap.reader import SLUG, DataMapError, read_data_map
from exports.sources.datamap.section import DECIDE

__all__ = [
    "DECIDE",
    "E164",
    "FILE_KEY",
    "SLUG",
    "AutomatedDecision",
    "Category",
    "Change",
    "Clear",
    "Collection",
    "Compare",
    "Comparison",
    "Constant",
    "DataMap",
    "DataMapError",
    "Deidentify",
    "Delete",
    "Field",
    "FileFormat",
    "Files",
    "Given",
    "Join",
    "Keep",
    "Match",
    "NeverDisclose",
    "Owner",
    "RandomToken",
    "Recipient",
    "Relation",
    "Root",
    "Service",
    "Suppression",
    "read_data_map",
]
