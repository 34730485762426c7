"""The JSON files of a bundle are what their schemas say, and no more."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from exports.bundle import contents, schema, signature
from requests_app.law.words import Right
from tests.exports.bundle.test_signature import KEY
from tests.exports.house import NOW, House, fresh, json_lines, parts_of, unpacked

GROUND = "ca_145k_rights_of_others"


def validator(content: bytes) -> Draft202012Validator:
    """Of a schema, which is one itself."""
    found = json.loads(content)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found, format_checker=FormatChecker())


@pytest.mark.django_db(databases="__all__")
def test_every_json_file_of_a_real_bundle_is_what_its_schema_says(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (part,) = parts_of(case, "shop", "ticket_messages")
    house.move(case, "withhold", finding=f"{part.pk}:1", field="body", code=GROUND)
    files = unpacked(b"".join(contents.contents_of(fresh(case), made_at=NOW).archive()))
    manifest = json.loads(files["manifest.json"])
    validator(files[manifest["schema"]]).validate(manifest)
    described = {entry["path"]: entry["schema"] for entry in manifest["files"] if entry["schema"]}
    assert described.keys() == {path for path in files if path.endswith(".jsonl")} | {"disclosure.json"}
    for path, found in described.items():
        documents = json_lines(files[path]) if path.endswith(".jsonl") else [json.loads(files[path])]
        of_path = validator(files[found])
        for document in documents:
            of_path.validate(document)
            with pytest.raises(ValidationError, match="more"):
                of_path.validate(document | {"more": 1})
    messages = json.loads(files[described["data/shop/ticket_messages.jsonl"]])
    assert set(messages["properties"]) - set(messages["required"]) == {"body"}


def test_the_signature_is_what_its_schema_says() -> None:
    found = json.loads(signature.signed(b"{}", KEY))
    of_signature = validator(schema.fixed(signature.PATH))
    of_signature.validate(found)
    for wrong in ({"more": 1}, {"signature": found["public_key"]}, {"algorithm": "none"}):
        with pytest.raises(ValidationError):
            of_signature.validate(found | wrong)


DEFINED = {"binary": schema.BINARY, "file": schema.FILE, "single": schema.SINGLE, "value": schema.VALUE}
VALUES = [
    ("x", True),
    (1, True),
    (False, True),
    (None, True),
    ({"$binary": "AAA=", "bytes": 2}, True),
    ({"$file": "data/shop/avatars/1-image.png", "bytes": 2}, True),
    ({"a": [1, None, {"b": "c"}]}, True),
    (1.5, False),
    ({"a": 1.5}, False),
]


@pytest.mark.parametrize(("value", "holds"), VALUES)
def test_a_value_is_what_a_source_can_give(value: object, holds: bool) -> None:
    assert Draft202012Validator({"$ref": "#/$defs/value", "$defs": DEFINED}).is_valid(value) is holds


@pytest.mark.parametrize(("value", "holds"), [(None, False), ([], False), (1, True), ("x", True)])
def test_a_key_is_a_single_value_and_never_missing(value: object, holds: bool) -> None:
    assert Draft202012Validator({"$ref": "#/$defs/single", "$defs": DEFINED}).is_valid(value) is holds
