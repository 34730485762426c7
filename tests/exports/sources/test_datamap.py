"""A data map is read strictly: each fault has its line and a cure."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from dsar.demo import shop
from exports.sources.datamap import (
    Category,
    Constant,
    DataMap,
    DataMapError,
    Deidentify,
    Join,
    Keep,
    NeverDisclose,
    Relation,
    read_data_map,
)
from requests_app.law.packs import all_packs
from requests_app.law.words import Degree, Right
from tests.exports.sources.small_company import MAP

MAPS = sorted((Path(shop.__file__).parent / "maps").glob("*.yaml"))


def faults(text: str) -> list[str]:
    """What is wrong with a map."""
    with pytest.raises(DataMapError) as caught:
        read_data_map(text)
    return caught.value.faults


def changed(old: str, new: str) -> str:
    """The small company's map with one change."""
    assert old in MAP
    return MAP.replace(old, new, 1)


def line_of(text: str, words: str) -> int:
    """The line on which the words stand."""
    return text[: text.index(words)].count("\n") + 1


def test_what_a_draft_left_undecided_is_asked_with_its_line_before_anything_else() -> None:
    text = changed("role: controller", 'role: "decide: controller, or another"').replace("purposes:", "porpoises:", 1)
    text = text.replace("on_delete: delete", 'on_delete: "decide: delete, or keep"', 1)
    cure = 'put the answer in the place of "decide: …".'
    assert faults(text) == [
        f"line {line_of(text, 'role')}: not decided yet: controller, or another; {cure}",
        f"line {line_of(text, 'decide: delete')}: not decided yet: delete, or keep; {cure}",
    ]


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.name)
def test_the_maps_of_the_example_company_can_be_read(path: Path) -> None:
    datamap = read_data_map(path.read_text())
    assert datamap.source == path.stem
    for collection in datamap.collections:
        assert all(field.purposes and field.collected_from for field in collection.fields)


@pytest.mark.parametrize("text", [*(path.read_text() for path in MAPS), MAP])
def test_the_canonical_text_is_read_back_as_the_same_map(text: str) -> None:
    datamap = read_data_map(text)
    again = read_data_map(datamap.canonical_text)
    assert again == datamap
    assert again.digest == datamap.digest
    assert len(datamap.digest) == 64


def test_comments_and_the_order_of_keys_make_no_new_version() -> None:
    other = changed("source: club\ntitle: Club\n", "# a comment\ntitle: Club\nsource: club\n")
    assert read_data_map(other).digest == read_data_map(MAP).digest
    assert read_data_map(changed("title: Club", "title: Clubs")).digest != read_data_map(MAP).digest


def test_what_the_map_of_the_shop_says() -> None:
    datamap = _shop()
    customers, orders = datamap.collection("customers"), datamap.collection("orders")
    assert customers.one_per_person
    assert customers.degree is Degree.REASONABLY_HIGH
    assert datamap.collection("support_tickets").degree is None
    assert Join("customers", (("customer_id", "id"),)) in orders.joins
    assert [(root.by, root.column) for root in orders.roots] == [("email", "guest_email")]
    assert orders.on_delete == Keep("ca_105d8_legal_obligation", 7, "placed_at")
    assert isinstance(customers.on_delete, Deidentify)
    assert dict(customers.on_delete.columns)["name"] == Constant("[deleted]")
    assert "created_at" not in dict(customers.on_delete.columns)
    flags = customers.suppression(Right.OPT_OUT_SALE_SHARE)
    assert flags is not None
    assert flags.columns == (("sale_opt_out", True),)
    assert orders.suppression(Right.OPT_OUT_SALE_SHARE) is None


def test_what_a_caller_asks_of_a_map() -> None:
    datamap = _shop()
    assert [c.name for c in datamap.root_collections] == [
        "customers",
        "orders",
        "support_tickets",
        "newsletter_subscribers",
    ]
    assert datamap.kinds_asked == {"account_number", "email"}
    assert datamap.kinds_given == {"device_id"}
    assert [match.kind for _, _, match in datamap.probe_fields()] == ["account_number", "email", "phone", "birth_date"]
    assert {f"{c.name}.{field.column}" for c, field in datamap.correctable_fields()} >= {"customers.phone"}
    assert {kind for _, _, kind in datamap.never_disclosed_fields()} == {
        NeverDisclose.ACCOUNT_PASSWORD,
        NeverDisclose.DRIVER_LICENCE_NUMBER,
        NeverDisclose.FINANCIAL_ACCOUNT_NUMBER,
    }
    assert Category.SENSITIVE in datamap.categories()
    assert Category.EMPLOYMENT not in datamap.categories()


def test_a_name_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        _shop().collection("nowhere")
    with pytest.raises(KeyError):
        _shop().collection("customers").field("nowhere")


def test_a_field_takes_from_its_collection_what_it_does_not_say() -> None:
    customers = _shop().collection("customers")
    assert customers.field("name").provided_by_person
    assert not customers.field("account_no").provided_by_person
    assert customers.field("name").purposes == ("account", "orders")
    assert customers.field("birth_date").purposes == ("age_check",)
    assert customers.field("account_no").collected_from == ("us",)
    retention = customers.field("name").retention
    assert retention is not None
    assert retention.in_language("es") == "Mientras exista la cuenta"
    assert read_data_map(MAP).collection("members").field("email").retention is None


def test_a_sensitive_field_is_in_two_categories() -> None:
    customers = _shop().collection("customers")
    assert customers.field("password_hash").categories == (Category.CUSTOMER_RECORDS, Category.SENSITIVE)
    assert customers.field("name").categories == (Category.IDENTIFIERS,)


def test_a_recipient_counts_on_the_days_of_its_time() -> None:
    text = changed("collections:", f"recipients:\n{RECIPIENT}collections:")
    (recipient,) = read_data_map(text).recipients
    assert recipient.relation is Relation.SOLD
    assert recipient.received_between(None, date(2024, 1, 1))
    assert not recipient.received_between(None, date(2023, 12, 31))
    assert recipient.received_between(date(2025, 6, 30), date(2026, 1, 1))
    assert not recipient.received_between(date(2025, 7, 1), date(2026, 1, 1))


RECIPIENT = """\
  - {name: Lists LLC, kind: list companies, relation: sold, since: 2024-01-01, until: 2025-06-30,
     categories: [identifiers], tell: {batch: {}}}
"""


def test_we_may_hold_data_as_a_processor() -> None:
    assert read_data_map(MAP).processor_for is None
    text = changed("role: controller", "role: {processor_for: Northwind Inc.}")
    assert read_data_map(text).processor_for == "Northwind Inc."


def test_the_words_of_the_statute_are_those_of_the_law_pack() -> None:
    pack = all_packs()["ccpa"]
    assert {category.slug for category in pack.categories} == set(Category)
    assert {kind.slug for kind in pack.never_disclose} == set(NeverDisclose)


def test_an_unknown_ground_is_named_with_its_place() -> None:
    text = changed("ground: ca_105d8_legal_obligation", "ground: because")
    assert f"line {line_of(text, 'ground: because')}: no law has a ground 'because'" in faults(text)[0]


def test_names_of_source_and_collection_fit_where_they_are_kept_together() -> None:
    text = changed("source: club", f"source: {'c' * 50}").replace("name: letters", f"name: {'l' * 50}")
    assert any("have 99 characters together at most" in fault for fault in faults(text))


NUMBER = "{column: id, title: Number, category: identifiers}"
FAULTS = [
    ("source: club", "sourc: club", "the map knows no key 'sourc'; did you mean 'source'"),
    ("source: club", "sourc: club", "the map lacks 'source'"),
    ("title: Club", "title: 2024", "'2024' reads as a number; put it in quotes"),
    ("title: Club", "title: yes", "'yes' reads as a yes or no; put it in quotes"),
    ("title: Club", "title: 2024-01-01", "reads as a date; put it in quotes"),
    ("title: Club", "title: ''", "'title' of the map is a text, and not an empty one"),
    ("title: Club", "title: {es: Club}", "'title' of the map lacks 'en'"),
    ("title: Club", "title: [Club]", "'title' of the map is a mapping"),
    ("title: Club", "title: Club\ntitle: Clubs", "'title' stands twice in the map"),
    (
        "connector: sql",
        "connector: sqll",
        "there is no connector 'sqll'; it is one of files, http, manual, own_record, sql",
    ),
    ("role: controller", "role: owner", "'role' of the map is controller, or {processor_for"),
    ("role: controller", "role: {for: x}", "'role' of the map knows no key 'for'"),
    ("source: club", "source: Club", "'source' of the map has 1 to 50 small letters, digits or underscores"),
    ("source: club", "source: ../club", "'../club' would be no path that every system knows"),
    ("source: club", f"source: {'c' * 51}", "has 1 to 50 small letters"),
    ("name: letters", "name: Letters", "'name' of collection 'Letters' has 1 to 50 small letters"),
    ("title: Club", f"title: {'c' * 201}", "'title' of the map has at most 200 characters; make it shorter"),
    ("kind: letter_no", "kind: number_of_the_letters", "has at most 20 characters"),
    ("kind: letter_no", "kind: name", "a name finds more than one person"),
    ("column: points", "column: po.ints", "'po.ints': a column's name has no dot"),
    ("column: points", f"column: {'p' * 101}", "has at most 100 characters"),
    (
        "category: commercial, correctable: true}",
        "category: commercial, correctable: true, never_disclose: account_password}",
        "'points' is never disclosed, not even to correct it; take 'correctable' away",
    ),
    (
        "{column: id, title: Number, category: identifiers}",
        "{column: id, title: Number, category: identifiers, never_disclose: account_password}",
        "'id' is never disclosed, and a key is kept here; take another key for collection 'letters'",
    ),
    (
        "{column: id, title: Number, category: identifiers}",
        "{column: id, title: Number, category: identifiers, never_disclose: account_password}",
        "'id' is never disclosed and can't be carried on; take it away from 'gives'",
    ),
    (
        NUMBER,
        f"{NUMBER[:-1]}, volatile: true}}",
        "'id' of collection 'letters' is its key, so that a change of it counts",
    ),
    (NUMBER, f"{NUMBER[:-1]}, volatile: true}}", "'id' of collection 'letters' is an identifier that it gives, so"),
    (
        NUMBER,
        f"{NUMBER[:-1]}, volatile: true}}",
        "'id' of 'letters' is volatile, and can't lead to collection 'stamps'",
    ),
    (
        "title: Text, category",
        "title: Text, volatile: always, category",
        "'volatile' of a field of collection 'letters'",
    ),
    ("kind: name, compare: casefold}", "kind: name, compare: casefold}, volatile: true", "'members' is compared by 'm"),
    ("column: email, title: E-mail", "column: email, volatile: true, title: E-mail", "'members' leads to its rows, so"),
    ("key: [id]", "key: [phone]", "'phone' is the key of collection 'members' and can't be corrected"),
    ("ground: ca_105d8_legal_obligation", "ground: ca_105d8_legal", "did you mean 'ca_105d8_legal_obligation'"),
    ("ground: ca_105d8_legal_obligation", "ground: because", "no law has a ground 'because' to keep data from"),
    ("purposes: {club: Run the club}", "purposes: {club: x, club: y}", "'club' stands twice in 'purposes' of the map"),
    ("purposes: [club]", "purposes: [clubs]", "'clubs' in 'purposes' of collection 'members' is not named at the top"),
    ("purposes: [club]", "purposes: [club, club]", "names something twice"),
    ("purposes: [club]", "purposes: club", "'purposes' of collection 'members' is a list"),
    ("key: [id]", "key: []", "'key' of collection 'members' names the columns that make a row unique"),
    ("one_per_person: true", "one_per_person: 1", "is true or false"),
    ("degree: reasonable", "degree: high", "'degree' of collection 'members' can't be 'high'; "),
    ("compare: email", "compare: like", "can't be 'like'; it is one of casefold, digits, email, exact"),
    ("reached: [{from: members", "reached: [{from: member", "no collection 'member' stands above"),
    ("columns: {member_id: id}", "columns: {}", "pairs own columns with the parent's"),
    ("reached: [{from: members, columns: {member_id: id}}]", "reached: []", "name one way at least"),
    ("reached: [{from: members, columns: {member_id: id}}]", "reached: [nowhere]", "is a mapping of keys to values"),
    ("gives: [{kind: letter_no, column: id}]", "gives: [{kind: a, column: nr}]", "'nr' is no field of the collection"),
    ("on_delete: delete", "on_delete: destroy", "'on_delete' is delete, {deidentify: {…}} or {keep: {…}}"),
    ("on_delete: delete", "on_delete: {keep: {ground: a, years: 1}, deidentify: {}}", "'on_delete' is delete, "),
    ("on_delete: delete\n    fields:\n      - {column: id", "fields:\n      - {column: id", "lacks 'on_delete'"),
    ("years: 7", "years: 0", "'years' of 'keep' in 'on_delete' of collection 'invoices' is a whole number"),
    ("years: 7", "years: seven", "is a whole number from 1 to 200"),
    ("years: 7", "years: 201", "is a whole number from 1 to 200"),
    ("years: 7", "year: 7", "lacks 'years'"),
    ("phone: clear, ", "", "'phone' is not named in 'on_delete' of collection 'members'"),
    ("phone: clear", "phone: [clear]", "is clear, random, keyed_hash, year, {truncate: …}, {constant: …} or keep"),
    ("phone: clear", "phone: empty", "is clear, random, keyed_hash, year, {truncate: …}, {constant: …} or keep"),
    ("phone: clear", "phone: {always: x}", "knows no key 'always'"),
    ("phone: clear", "phone: {constant: null}", "is one text, one whole number, true or false"),
    ("phone: clear", "fax: clear", "'fax' is no field of the collection"),
    ("{opt_out_sale_share: {opted_out: true}}", "{opt_out: {a: 1}}", "there is no right 'opt_out'"),
    (
        "{opt_out_sale_share: {opted_out: true}}",
        "{object: {opted_out: true}}",
        "no worker sets a flag for 'object'",
    ),
    ("{opt_out_sale_share: {opted_out: true}}", "{limit_sensitive: yes}", "sets columns: {sale_opt_out: true}"),
    ("{opt_out_sale_share: {opted_out: true}}", "yes", "'suppress' of collection 'members' is a mapping"),
    ("category: identifiers", "category: identifier", "can't be 'identifier'; did you mean 'identifiers'"),
    ("category: sensory", "category: sensory, never_disclose: passport", "can't be 'passport'"),
    ("category: sensory", "category: sensory, reliable: true", "a reliable field says how it is compared"),
    ("kind: name, compare: casefold}", "kind: name, compare: casefold}, reliable: true", "a name proves nothing"),
    ("name: letters", "name: members", "there are two collections 'members'"),
    ("column: picture, title", "column: points, title", "collection 'members' describes 'points' twice"),
    ("collections:", f"recipients:\n{RECIPIENT}collections:".replace("2025-06-30", "2023-06-30"), "lies before"),
    ("collections:", f"recipients:\n{RECIPIENT}collections:".replace("2024-01-01", "soon"), "is a date such as"),
    ("collections:", f"recipients:\n{RECIPIENT}collections:".replace("sold", "given"), "can't be 'given'"),
    (
        "fields:\n      - {column: cents, title: Cents, category: commercial}\n",
        "fields: []\n",
        "has at least one field",
    ),
]


@pytest.mark.parametrize(("old", "new", "sentence"), FAULTS)
def test_a_fault_is_named_with_its_cure(old: str, new: str, sentence: str) -> None:
    found = faults(changed(old, new))
    assert any(sentence in fault for fault in found), found
    assert all(fault.startswith("line ") for fault in found)


LEFT_OUT = [
    ("{members: x}", "'members' is described by collection 'members', and can't be left out as well"),
    ("{members.email: x}", "'members.email' is described by a field of 'members', and can't be left out as well"),
    ("{badges: x, badges.id: x}", "'badges.id': all of 'badges' is left out already"),
    ('{"crm.*": x, crm.clubs: x}', "'crm.clubs': all of 'crm.*' is left out already"),
    ("{badges: x, badges: y}", "'badges' stands twice in 'left_out' of the map"),
    ("{badges: ''}", "the reason of 'badges' in 'left_out' is a text, and not an empty one"),
    ("{badges: 7}", "'7' reads as a number; put it in quotes"),
    ("[badges]", "'left_out' of the map is a mapping of keys to values"),
    ('{badges: "decide: holds nothing"}', "not decided yet: holds nothing"),
]


@pytest.mark.parametrize(("left_out", "sentence"), LEFT_OUT)
def test_what_is_left_out_is_named_once_with_a_reason_and_not_described_too(left_out: str, sentence: str) -> None:
    text = f"{MAP}left_out: {left_out}\n"
    (fault,) = faults(text)
    assert sentence in fault
    assert fault.startswith(f"line {line_of(text, 'left_out')}: ")


def test_what_a_map_leaves_out_is_kept_with_the_reason() -> None:
    assert read_data_map(MAP).left_out == {}
    left_out = read_data_map(
        f'{MAP}left_out:\n  members.id: a number\n  badges: of brass\n  "crm.*": elsewhere\n'
    ).left_out
    assert left_out == {"members.id": "a number", "badges": "of brass", "crm.*": "elsewhere"}


def test_only_a_source_behind_sql_leaves_tables_out() -> None:
    text = changed("connector: sql", "connector: files") + "left_out: {badges: x}\n"
    assert any("the map knows no key 'left_out'" in fault for fault in faults(text))


def test_a_collection_has_fields() -> None:
    assert any(
        "collection 'invoices' has at least one field" in f for f in faults(MAP[: MAP.rindex("fields:")] + "fields: []")
    )


def test_the_line_of_a_volatile_column_that_leads_to_rows_is_where_it_is_called_so() -> None:
    text = changed("column: sent_at, title: Sent,", "column: sent_at, title: Sent,\n         volatile: true,")
    (fault,) = faults(text)
    assert fault.startswith(f"line {line_of(text, 'volatile')}: 'sent_at' of collection 'letters' is its 'received_at'")


def test_a_fault_is_named_with_its_line() -> None:
    text = changed("category: sensory", "categry: sensory")
    assert f"line {line_of(text, 'categry')}: a field of collection 'members' knows no key 'categry'; " in "".join(
        faults(text)
    )


def test_all_faults_are_named_at_once_and_each_once() -> None:
    text = changed("title: Club", "title: 7").replace("compare: exact", "compare: same")
    assert len(faults(text)) == 2


def test_the_key_of_a_collection_stays_when_it_is_deidentified() -> None:
    text = changed("key: [id]", "key: [email]")
    assert any("'email' is the key of collection 'members' and has to stay" in fault for fault in faults(text))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: the file is empty"),
        ("a: [", "this is no YAML"),
        ("a: \x01", "characters stand in it that YAML forbids"),
        ("a: &x 1\nb: *x", "line 2: anchors (*x) are not taken"),
        ("a: b\ntitle: =", "line 2: what stands there is read as tag:yaml.org,2002:value; if it is a text, put it in"),
        ("a: !foo bar", "line 1: what stands there is read as !foo"),
        ("a: !!binary aGVsbG8=", "line 1: what stands there is read as tag:yaml.org,2002:binary"),
        ("a: !!set {b}", "line 1: what stands there is read as tag:yaml.org,2002:set"),
        ("a: !!int foo", "line 1: 'foo' is not a number; if it is a text, put it in quotes"),
        ("a: 0x_", "line 1: '0x_' is not a number"),
        (f"a: {'9' * 5000}", "line 1: '9999"),
        ("a: !!bool foo", "line 1: 'foo' is not a yes or no"),
        ("a: " + "[" * 51, "line 1: lists and mappings stand in each other too deep"),
        ("[" * 200_000, "line 1: lists and mappings stand in each other too deep"),
        ("- a", "line 1: the map is a mapping of keys to values"),
        ("collections: []", "a map has at least one collection"),
    ],
)
def test_a_text_that_is_no_map_is_refused(text: str, sentence: str) -> None:
    assert any(sentence in fault for fault in faults(text))


def test_json_is_a_map_too() -> None:
    assert json.loads(read_data_map(MAP).canonical_text)["source"] == "club"


def _shop() -> DataMap:
    return read_data_map(next(path for path in MAPS if path.stem == "shop").read_text())
