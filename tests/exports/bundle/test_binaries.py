"""Which bytes become files of a bundle, where they lie, and what their records say instead."""

from __future__ import annotations

import base64

import pytest

from exports.bundle.binaries import Files, path_of
from exports.sources.values import Json, json_value

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 5
LONG = b"\x01\xff" * 40


def files(*columns: str, keys: tuple[str, ...] = ("id",)) -> Files:
    """Of a table of that name with these columns."""
    return Files("data/shop/papers", ["id", *columns], keys)


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (PNG, "data/shop/papers/7-scan.png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 9, "data/shop/papers/7-scan.jpg"),
        (b"GIF89a" + b"\0" * 9, "data/shop/papers/7-scan.gif"),
        (b"RIFF\n\0\0\0WEBPVP8 ", "data/shop/papers/7-scan.webp"),
        (b"%PDF-1.7\n", "data/shop/papers/7-scan.pdf"),
        (LONG, "data/shop/papers/7-scan.bin"),
    ],
)
def test_pictures_papers_and_long_bytes_are_files(content: bytes, path: str) -> None:
    record = {"id": 1, "scan": json_value(content)}
    assert files("scan").pointed(7, record) == {"id": 1, "scan": {"$file": path, "bytes": len(content)}}
    (extracted,) = files("scan").extracted(7, record)
    assert (extracted.path, extracted.content) == (path, content)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(json_value(b"\x01" * 64), id="a hash"),
        pytest.param(json_value(b""), id="nothing"),
        pytest.param(None, id="NULL"),
        pytest.param("iVBORw0KGgo=", id="a text"),
        pytest.param({"$binary": "not base64!" * 20, "bytes": 3}, id="a JSON of the source's own"),
        pytest.param({"$binary": base64.b64encode(LONG).decode()}, id="the same without a length"),
        pytest.param([json_value(LONG)], id="bytes inside of a list"),
    ],
)
def test_everything_else_stays_in_its_record(value: Json) -> None:
    record = {"id": 1, "scan": value}
    assert files("scan").pointed(1, record) is record
    assert list(files("scan").extracted(1, record)) == []


@pytest.mark.parametrize(
    "value",
    [
        {"$file": "javascript:alert(1)//data/shop/papers/7-scan.png", "bytes": 1},
        {"$file": "data/shop/papers/7-../../x.png", "bytes": 1},
        {"$file": "data/shop/others/7-scan.png", "bytes": 1},
        {"$file": "data/shop/papers/7-scan.png"},
        {"$file": ["data/shop/papers/7-scan.png"], "bytes": 1},
        "data/shop/papers/7-scan.png",
        None,
    ],
)
def test_a_json_of_the_source_s_own_points_nowhere(value: Json) -> None:
    assert path_of(value, "data/shop/papers") == ""


def test_what_was_pointed_to_is_found_again() -> None:
    record = files("scan", "SCAN").pointed(7, {"id": 1, "scan": json_value(PNG), "SCAN": json_value(LONG)})
    assert path_of(record["scan"], "data/shop/papers") == "data/shop/papers/7-scan.png"
    assert path_of(record["SCAN"], "data/shop/papers") == "data/shop/papers/7-scan-2.bin"


def test_what_rows_are_known_by_stays_however_long_it_is() -> None:
    record = {"id": json_value(LONG), "scan": None}
    assert files("scan").pointed(1, record) is record


def test_names_are_safe_on_every_system_and_never_meet() -> None:
    columns = ("Foto", "foto", "CON", "Ausweis (Rückseite)", "身分証")
    record = {"id": 1, **{column: json_value(PNG) for column in columns}}
    assert [extracted.path.rpartition("/")[2] for extracted in files(*columns).extracted(3, record)] == [
        "3-foto.png",
        "3-foto-2.png",
        "3-con-.png",
        "3-ausweis_r_ckseite.png",
        "3-value.png",
    ]


def test_a_withheld_column_has_no_file() -> None:
    assert list(files("scan").extracted(1, {"id": 1})) == []
