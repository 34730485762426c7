"""The files of a bundle have names that every system can write, Windows too."""

from __future__ import annotations

import base64
from itertools import product

import pytest

from exports.bundle import paths
from exports.bundle.binaries import Files
from exports.sources.datamap.reader import SLUG

NAMES = ["orders", "con", "nul", "aux", "prn", "com1", "com10", "lpt9", "console", "_", "nul_", "a" * 50]


@pytest.mark.parametrize(
    ("source", "collection", "path"),
    [
        ("shop", "orders", "data/shop/orders"),
        ("con", "orders", "data/con-/orders"),
        ("shop", "aux", "data/shop/aux-"),
        ("lpt1", "com9", "data/lpt1-/com9-"),
        ("shop", "com10", "data/shop/com10"),
        ("shop", "console", "data/shop/console"),
        ("nul_", "prn_", "data/nul_/prn_"),
    ],
)
def test_a_name_that_windows_keeps_for_a_device_gets_a_hyphen(source: str, collection: str, path: str) -> None:
    assert paths.table(source, collection) == path


def test_no_two_collections_share_a_path_on_a_system_that_knows_no_capitals() -> None:
    found = [paths.table(source, collection).casefold() for source, collection in product(NAMES, NAMES)]
    assert len(set(found)) == len(NAMES) ** 2


@pytest.mark.parametrize(
    "name", ["Orders", "orders.", "orders ", "or-ders", "a/b", "..", "", "a" * 51, "ordérs", "a:b"]
)
def test_a_data_map_takes_no_other_name(name: str) -> None:
    assert not SLUG.fullmatch(name)


def test_every_path_is_short_enough_for_windows() -> None:
    longest = paths.table("a" * 50, "b" * 50)
    columns = ("c" * 100, "c" * 99 + "d")  # as long as a map lets them be
    record = {column: {"$binary": base64.b64encode(b"%PDF-").decode(), "bytes": 5} for column in columns}
    of_bytes = [file.path for file in Files(longest, columns, ()).extracted(1_000_000, record)]
    assert len(set(of_bytes)) == 2
    for path in (paths.schema(longest), paths.document("a" * 50, "1000-1000"), *of_bytes):
        assert len(path) < 200, "of 260, of which the person's own folders take the rest"
