"""How a map says that a recipient is told; and what is wrong with that, by line, with a cure."""

from __future__ import annotations

import pytest

from exports.sources.datamap import (
    Batch,
    DataMapError,
    Impossible,
    OpenDsr,
    Push,
    TaskFor,
    Way,
    read_data_map,
)
from requests_app.law.words import Text
from tests.exports.sources.small_company import MAP

URL = "https://dsr.lists.example/v2"
OPENDSR = f"opendsr: {{url: {URL}, domain: dsr.lists.example, controller_id: c-7, otherwise: {{batch: {{}}}}"


def with_way(tell: str, *, name: str = "Lists LLC") -> str:
    """The small company's map with a recipient that is told so."""
    entry = f"  - {{name: {name}, kind: lists, relation: sold, since: 2024-01-01, categories: [identifiers]{tell}}}\n"
    return MAP.replace("collections:", f"recipients:\n{entry}collections:", 1)


def faults(text: str) -> list[str]:
    with pytest.raises(DataMapError) as caught:
        read_data_map(text)
    return caught.value.faults


@pytest.mark.parametrize(
    ("tell", "way"),
    [
        ("batch: {}", Batch()),
        (f"http: {{url: {URL}/, key_env: LISTS_KEY}}", Push(URL, "LISTS_KEY")),
        (f"{OPENDSR}}}", OpenDsr(URL, "dsr.lists.example", "c-7", "", True, Batch())),
        (
            f"{OPENDSR}, authorization_env: LISTS_TOKEN, identity_format: raw}}",
            OpenDsr(URL, "dsr.lists.example", "c-7", "LISTS_TOKEN", False, Batch()),
        ),
        ("task: {to: vendors@example.com}", TaskFor("vendors@example.com", True)),
        ("task: {to: vendors@example.com, is: outsider}", TaskFor("vendors@example.com", False)),
        ("task: {to: Purchasing}", TaskFor("Purchasing", True)),
        (
            "impossible: {because: {en: It is dissolved., es: Se disolvió.}}",
            Impossible(Text("It is dissolved.", "Se disolvió.")),
        ),
    ],
)
def test_each_way_is_read(tell: str, way: Way) -> None:
    (recipient,) = read_data_map(with_way(f", tell: {{{tell}}}")).recipients
    assert recipient.tell == way


@pytest.mark.parametrize(
    ("tell", "said"),
    [
        ("", "a recipient lacks 'tell': say how it learns what to delete, correct or stop: {batch: {}} for a file"),
        (", tell: privacy@lists.example", "'tell' of a recipient is one way, and no text: say how"),
        (", tell: {}", "'tell' of a recipient names exactly one way, and this is none: say how"),
        (", tell: {batch: {}, task: {to: Ann}}", "names exactly one way, and this is batch and task"),
        (", tell: {bach: {}}", "'tell' of a recipient knows no key 'bach'; did you mean 'batch'"),
        (", tell: {batch: {day: 1}}", "'batch' in 'tell' of a recipient knows no key 'day'"),
        (", tell: {batch: daily}", "'batch' in 'tell' of a recipient is a mapping of keys to values"),
        (", tell: {http: {url: 'https://a.example/'}}", "'http' in 'tell' of a recipient lacks 'key_env'; add it"),
        (", tell: {http: {url: a.example, key_env: K}}", "is an address such as https://example.com/privacy"),
        (", tell: {http: {url: 'https://a.example/?x=1', key_env: K}}", "without user, ? and #"),
        (", tell: {http: {url: 'https://a.example:x/', key_env: K}}", "is an address such as"),
        (", tell: {http: {url: 'https://a.example/', key_env: DSAR_SECRET_KEY}}", "does not begin with DSAR_"),
        (
            f", tell: {{{OPENDSR.replace('dsr.lists.example,', 'Lists,')}}}}}",
            "is the name in the processor's certificate",
        ),
        (f", tell: {{{OPENDSR}, identity_format: md5}}}}", "can't be 'md5'"),
        (f", tell: {{{OPENDSR.replace('batch: {}', 'opendsr: {}')}}}}}", "knows no key 'opendsr'"),
        (f", tell: {{{OPENDSR.replace(', otherwise: {batch: {}}', '')}}}}}", "lacks 'otherwise'; add it"),
        (", tell: {task: {to: 'ann@'}}", "is one address such as vendors@example.com, or a name"),
        (", tell: {task: {to: Ann, is: outsider}}", "is for an address: the desk does what a name alone stands for"),
        (
            ", tell: {impossible: {because: {en: It is gone}}}",
            "'because' of 'impossible' in 'tell' of a recipient lacks 'es'",
        ),
        (", tell: {impossible: {because: gone}}", "'because' of 'impossible' in 'tell' of a recipient is a mapping"),
    ],
)
def test_a_recipient_that_could_not_be_told_is_named_with_its_line_and_what_to_write(tell: str, said: str) -> None:
    text = with_way(tell)
    line = text[: text.index("- {name: Lists")].count("\n") + 1
    assert any(fault.startswith(f"line {line}: ") and said in fault for fault in faults(text)), faults(text)


def test_one_that_is_two_things_is_told_in_one_way() -> None:
    other = "  - {name: Lists LLC, kind: lists, relation: shared, since: 2024-01-01, categories: [identifiers], tell: "
    text = with_way(", tell: {batch: {}}")
    assert len(read_data_map(text.replace("collections:", other + "{batch: {}}}\ncollections:", 1)).recipients) == 2
    two = text.replace("collections:", other + "{task: {to: Ann}}}\ncollections:", 1)
    assert any("'Lists LLC' is told in two ways" in fault for fault in faults(two))
