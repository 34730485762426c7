"""The data map: what a source holds, how a person's rows are found there, and what may be done with them.

Pure Python: maps are text in, frozen values out; nothing here knows a database, Django or the clock.
"""

from __future__ import annotations

from exports.sources.datamap.model import (
    FILE_KEY,
    AutomatedDecision,
    Category,
    Change,
    Clear,
    Collection,
    Compare,
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
    "FILE_KEY",
    "SLUG",
    "AutomatedDecision",
    "Category",
    "Change",
    "Clear",
    "Collection",
    "Compare",
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
    "RandomToken",
    "Recipient",
    "Relation",
    "Root",
    "Service",
    "Suppression",
    "read_data_map",
]
