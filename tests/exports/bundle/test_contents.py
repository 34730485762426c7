"""What lies in a person's bundle: everything released, nothing else, readable by people and machines."""

from __future__ import annotations

import base64
import html
import json
import re
from datetime import datetime

import pytest
from django.utils import timezone
from pytest_django import Settings

from dsar.demo.people import Chosen
from dsar.ledger.signing import Signer
from exports import findings
from exports.bundle import contents
from exports.models import Bundle, Part, RunState, SourceRun, Withholding
from exports.reports.case_report import context_of
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.services import identity
from tests.exports.csv_text import records_of
from tests.exports.house import (
    APPROVER,
    NOW,
    House,
    facts_of,
    files_of,
    fresh,
    json_lines,
    parts_of,
    person,
    unpacked,
    with_bytes,
)

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

GROUND = "ca_145k_rights_of_others"


def withhold(house: House, case: Case, part: Part, number: int, field: str = "") -> None:
    """Keep a record or a field back."""
    house.move(case, "withhold", finding=f"{part.pk}:{number}", field=field, code=GROUND)


def gathered(case: Case, source: str, collection: str) -> list[findings.Record]:
    """Everything gathered of a collection."""
    return [record for part in parts_of(case, source, collection) for _number, record in findings.read(part)]


def test_each_table_lies_there_as_json_lines_and_as_csv_with_the_same_records(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    files = files_of(case)
    tables = [path.removesuffix(".jsonl") for path in files if path.endswith(".jsonl")]
    assert len(tables) == 16
    for path in tables:
        _data, source, collection = path.split("/")
        rows = json_lines(files[f"{path}.jsonl"])
        assert with_bytes(rows, files) == gathered(case, source, collection)
        assert records_of(files[f"{path}.csv"]) == rows
    assert Bundle.objects.get(case=case).records == sum(len(json_lines(files[f"{path}.jsonl"])) for path in tables)


def test_withheld_records_and_fields_are_in_no_file(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (part,) = parts_of(case, "shop", "ticket_messages")
    before = [record for _number, record in findings.read(part)]
    withhold(house, case, part, 0)
    withhold(house, case, part, 2, "body")
    house.approve(case)
    files = files_of(case)
    rows = json_lines(files["data/shop/ticket_messages.jsonl"])
    assert rows[0] == before[1]
    assert rows[1] == {name: value for name, value in before[2].items() if name != "body"}
    assert rows[2:] == before[3:]
    assert records_of(files["data/shop/ticket_messages.csv"]) == rows
    everything = b"".join(files.values()).decode(errors="replace")
    for text in (str(before[0]["body"]), str(before[2]["body"])):
        assert text not in everything
        assert html.escape(text) not in everything
    entry = {"source": "shop", "collection": "ticket_messages", "code": GROUND, "records": 1, "fields": 1}
    (listed,) = json.loads(files["manifest.json"])["withheld"]
    assert listed.items() >= entry.items()
    assert "Civ. Code 1798.145(k)" in files["index.html"].decode()
    assert Bundle.objects.get(case=case).withheld == 2


def test_what_an_earlier_round_withheld_counts_no_more(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (part,) = parts_of(case, "shop", "reviews")
    withhold(house, case, part, 0)
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    files = files_of(case)
    assert len(json_lines(files["data/shop/reviews.jsonl"])) == part.records
    assert json.loads(files["manifest.json"])["withheld"] == []
    assert (Bundle.objects.get(case=case).withheld, fresh(case).outcome) == (0, "fulfilled")
    assert Withholding.objects.filter(case=case).count() == 1, "what was decided is on record"


def test_never_disclosed_values_are_described_and_in_no_file(house: House) -> None:
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    (secrets,) = house.sql(
        "shop", "SELECT password_hash, driver_licence_no FROM customers WHERE account_no = ?", Chosen.EVERYWHERE
    )
    everything = b"".join(files.values()).decode(errors="replace")
    assert not [secret for secret in secrets if str(secret) in everything]
    manifest = json.loads(files["manifest.json"])
    assert [entry["kind"] for entry in manifest["never_disclosed"]] == [
        "account_password",
        "driver_licence_number",
        "financial_account_number",
    ]
    for entry in manifest["never_disclosed"]:
        assert html.escape(entry["description"]) in files["index.html"].decode()


def test_portability_hands_over_what_the_person_provided(house: House) -> None:
    files = files_of(house.closed(Right.PORTABILITY))
    assert "data/web_log/page_views.jsonl" not in files
    (customer,) = json_lines(files["data/shop/customers.jsonl"])
    assert "email" in customer
    assert not {"account_no", "created_at", "password_hash"} & customer.keys()
    assert list(records_of(files["data/shop/customers.csv"])[0]) == list(customer)


def test_portability_tells_nothing_of_what_the_person_did_not_provide(house: House) -> None:
    files = files_of(house.closed(Right.PORTABILITY))
    counts = {entry["source"]: entry["records"] for entry in json.loads(files["manifest.json"])["sources"]}
    assert counts["web_log"] == {}
    assert "customers" in counts["shop"]
    told = json.loads(files["disclosure.json"])
    titles = {title for entry in told["collected"] for title in entry["data"]}
    assert "E-mail address" in titles
    assert "Browser" not in titles
    assert told["access"] == []
    page, readme = files["index.html"].decode(), " ".join(files["README.txt"].decode().split())
    scope = "This file holds what you gave us yourself."
    assert scope in page
    assert scope in readme
    assert "Nothing was kept back." not in page


def test_who_gave_us_nothing_is_not_told_that_nothing_is_held(house: House) -> None:
    case = house.deciding(Right.PORTABILITY)
    Part.objects.filter(run__case=case).exclude(run__source__slug="web_log").delete()
    house.move(case, "approve", APPROVER)
    house.work()
    page = files_of(case)["index.html"].decode()
    assert "We found no records with anything in them that you gave us yourself." in page
    assert "We looked and found no records about you." not in page


def test_access_says_nothing_of_what_portability_leaves_out(house: House) -> None:
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    assert "This file holds what you gave us yourself." not in files["index.html"].decode()
    assert "This file holds what you gave us yourself." not in files["README.txt"].decode()


def test_a_system_to_which_nothing_leads_is_not_told_as_searched(house: House) -> None:
    house.sql("shop", "DELETE FROM devices")
    case = house.closed(Right.KNOW_SPECIFIC)
    files = files_of(case)
    states = {entry["source"]: entry["state"] for entry in json.loads(files["manifest.json"])["sources"]}
    assert states == {"shop": "searched", "web_log": "not_searched"}
    page = files["index.html"].decode()
    assert "<dt>systems searched</dt><dd>1</dd>" in page
    assert "was not searched: nothing that we know of you leads there." in page
    (line,) = [line for line in context_of(case, language="en")["sources"] if line.run.source.slug == "web_log"]
    assert (line.state, line.found_nothing) == ("not searched: nothing leads there", False)
    assert facts_of(case, EventKind.SOURCE_PASSED_OVER) == [{"source": "web_log", "because": "nothing_leads_there"}]


def test_a_collection_that_was_searched_and_had_nothing_is_counted_in_the_manifest_and_named_in_the_report(
    house: House,
) -> None:
    house.sql("shop", "DELETE FROM reviews")
    case = house.closed(Right.KNOW_SPECIFIC)
    files = files_of(case)
    assert "data/shop/reviews.jsonl" not in files
    counts = {entry["source"]: entry["records"] for entry in json.loads(files["manifest.json"])["sources"]}
    assert (counts["shop"]["reviews"], counts["shop"]["customers"]) == (0, 1)
    line = next(line for line in context_of(case, language="en")["sources"] if line.run.source.slug == "shop")
    assert (line.found_nothing, line.nothing_in) == (False, ["Reviews"])


def test_an_approval_names_the_systems_in_which_nothing_was_found(house: House) -> None:
    house.sql("web_log", "DELETE FROM page_views")
    house.sql("web_log", "DELETE FROM ad_segments")
    house.sql("web_log", "DELETE FROM web_devices")
    (facts,) = facts_of(house.closed(Right.KNOW_SPECIFIC), EventKind.APPROVE)
    assert facts["nothing_found_in"] == ["web_log"]


def test_the_disclosure_lies_beside_the_data_and_on_the_page(house: House) -> None:
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    disclosure = json.loads(files["disclosure.json"])
    assert {"identifiers", "commercial", "internet_activity"} <= {
        entry["category"] for entry in disclosure["collected"]
    }
    page = files["index.html"].decode()
    for heading in disclosure["headings"].values():
        assert html.escape(heading) in page


def test_the_page_loads_nothing_from_anywhere_and_leads_to_what_lies_beside_it(house: House) -> None:
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    page = files["index.html"].decode()
    for word in ("http://", "https://", "<script", "<link", "<img", "@import", "url(", "src=", " style=", "onclick"):
        assert word not in page
    targets = set(re.findall('href="([^"]*)"', page))
    anchors = {f"#{anchor}" for anchor in re.findall(' id="([^"]*)"', page)}
    assert targets - anchors <= files.keys()
    assert {"data/shop/orders.csv", "data/shop/orders.jsonl", "README.txt", "#data-shop-orders"} <= targets
    assert len(anchors) == page.count(" id="), "each anchor once"
    assert '<td class="moment">2026-10-30 04:26:51</td>' in page
    assert "<dt>Name</dt><dd>Victoria Caldwell</dd>" in page, "a single record is no table"


def test_whoever_is_not_known_hears_that_we_looked_and_found_nothing(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    for collection in ("customers", "newsletter_subscribers", "support_tickets", "orders"):
        house.sql("shop", "PRAGMA foreign_keys = off")
        house.sql("shop", f"DELETE FROM {collection}")
    house.sql("web_log", "DELETE FROM page_views")
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    files = files_of(case)
    assert "We looked and found no records about you." in files["index.html"].decode()
    assert not [path for path in files if path.startswith("data/")]
    states = [entry["state"] for entry in json.loads(files["manifest.json"])["sources"]]
    assert states == ["searched", "not_searched"]  # no device leads on
    assert fresh(case).outcome == "fulfilled"


def test_nothing_of_a_waived_source_is_in_an_answer_whatever_was_found_before(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    withhold(house, case, parts_of(case, "shop", "reviews")[0], 0)
    SourceRun.objects.filter(case=case, source__slug="shop").update(state=RunState.WAIVED)
    found = contents.contents_of(fresh(case), made_at=NOW)
    assert {table.run.source.slug for table in found.tables} == {"web_log"}
    manifest = json.loads(found.manifest([]))
    assert (manifest["withheld"], manifest["never_disclosed"]) == ([], [])


def test_a_waived_source_is_a_gap_that_the_bundle_tells_of(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.switch_off("web_log")
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="web_log", reason="It burned down.")
    house.approve(case)
    files = files_of(case)
    assert "Website log could not be searched" in files["index.html"].decode()
    assert json.loads(files["manifest.json"])["sources"][1]["state"] == "waived"
    assert "burned" not in b"".join(files.values()).decode(errors="replace")
    assert fresh(case).outcome == "partly_fulfilled"


UNUSUAL = {
    "html": '<script>alert("1")</script> & <b>bold</b>',
    "unicode": "Ĳsbrand Łódź 東京 🏕️ \u202e right to left",
    "formula": "=HYPERLINK(“x”)",
    "line ends": "one\r\ntwo\n\nthree\ttab",
    "quotes": "say \"no\", 'perhaps'; \\n",
    "long": "x" * 200_000,
    "blank": "  ",
}


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_unusual_texts_come_through_whole(house: House, text: str) -> None:
    house.sql("shop", "UPDATE reviews SET body = ? WHERE customer_id = 7", text)
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    assert {row["body"] for row in json_lines(files["data/shop/reviews.jsonl"])} == {text}
    assert {row["body"] for row in records_of(files["data/shop/reviews.csv"])} == {text}
    page = files["index.html"].decode()
    assert "<script" not in page
    assert len(page) < 400_000, "the page shows the beginning of what is very long"


def test_pictures_lie_as_files_named_in_their_records_and_on_the_page(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    files = files_of(case)
    (avatar,) = json_lines(files["data/shop/avatars.jsonl"])
    picture = next(value for value in avatar.values() if isinstance(value, dict))
    assert picture.keys() == {"$file", "bytes"}
    path = str(picture["$file"])
    assert path.startswith("data/shop/avatars/1-")
    assert path.endswith(".png")
    ((held,),) = house.sql(
        "shop", "SELECT image FROM avatars JOIN customers ON id = customer_id WHERE account_no = ?", person().account_no
    )
    assert files[path] == held
    assert len(files[path]) == picture["bytes"]
    assert f'<a href="{path}">' in files["index.html"].decode()
    assert picture in records_of(files["data/shop/avatars.csv"])[0].values()
    listed = {entry["path"]: entry for entry in json.loads(files["manifest.json"])["files"]}
    assert listed[path]["bytes"] == picture["bytes"]


def test_a_bundle_of_the_same_moment_has_the_same_bytes_and_the_same_signature(
    house: House, settings: Settings
) -> None:
    settings.SIGNING_KEY = base64.b64encode(b"b" * 32).decode()
    case = house.deciding(Right.KNOW_SPECIFIC)
    one, two = (b"".join(contents.contents_of(fresh(case), made_at=NOW).archive()) for _time in range(2))
    assert one == two
    files, key = unpacked(one), Signer(b"b" * 32)
    assert list(files)[-2:] == ["manifest.json", "manifest.sig"]
    fields = json.loads(files["manifest.sig"])
    assert fields["key_id"] == json.loads(files["manifest.json"])["signed_by"] == key.key_id
    assert key.has_signed(f"dsar-bundle/1 manifest.json\n{files['manifest.json'].decode()}", fields["signature"])
    assert key.key_id in files["README.txt"].decode()


def test_without_a_key_a_bundle_says_that_nobody_signed(house: House, settings: Settings) -> None:
    settings.SIGNING_KEY = ""
    found = contents.contents_of(house.reviewing(Right.KNOW_SPECIFIC), made_at=NOW)
    files = unpacked(b"".join(found.archive()))
    assert "manifest.sig" not in files
    assert json.loads(files["manifest.json"])["signed_by"] is None
    assert "This file is not signed" in files["README.txt"].decode()


def test_only_the_first_records_are_shown_on_the_page_and_it_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "SHOWN_IN_INDEX", 3)
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    page = files["index.html"].decode()
    assert "The first 3 are shown; the files hold all." in page
    assert page.count("<tr>") < 70


def test_a_spanish_request_has_a_spanish_bundle(house: House) -> None:
    files = files_of(house.closed(Right.KNOW_SPECIFIC, language="es"))
    page, readme = files["index.html"].decode(), files["README.txt"].decode()
    assert '<html lang="es">' in page
    for english in ("Your data", "What is not in here", "Where we collected it", "records", "made on", ">none<"):
        assert english not in page
    assert "SUS DATOS" in readme
    assert "Open index.html" not in readme
    assert json.loads(files["disclosure.json"])["language"] == "es"


def test_names_that_break_pages_do_not(house: House) -> None:
    type(house.organisation).objects.update(display_name='Ø <b>"Co"</b> & Sons', legal_name="L" * 200)
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    assert "Ø &lt;b&gt;&quot;Co&quot;&lt;/b&gt; &amp; Sons" in files["index.html"].decode()
    assert "L" * 200 in files["README.txt"].decode()


def test_the_bundle_says_when_it_was_made_and_how_far_back_it_looks(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    manifest = json.loads(files_of(case)["manifest.json"])
    assert datetime.fromisoformat(manifest["made_at"]).date() == NOW.date()
    assert manifest["looked_back_to"] == "2022-01-01"
    assert manifest["case"] == str(case.pk)
    reference = Submission.objects.get(cases=case).reference
    assert person().name not in json.dumps(manifest)
    assert reference in files_of(case)["README.txt"].decode()


@pytest.mark.parametrize(
    ("residence", "language", "law", "heading", "transfer"),
    [
        ("DE", "en", "gdpr", "Who received it, or will", "Cardinal Pay Inc., United States: standard contractual"),
        ("GB", "es", "uk_gdpr", "Quién los ha recibido o los recibirá", "Cardinal Pay Inc., Estados Unidos: cláusulas"),
    ],
)
def test_a_file_under_the_gdpr_tells_all_that_art_15_asks_for(
    house: House, *, residence: str, language: str, law: str, heading: str, transfer: str
) -> None:
    submission = house.file(Right.KNOW_SPECIFIC, residence=residence, language=language)
    identity.note_mailbox(submission, at=timezone.now())  # which is enough there: it stands in the record
    house.work()
    case = submission.cases.get()
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    files = files_of(fresh(case))
    (told,) = json.loads(files["disclosure.json"])["access"]
    assert told["law"] == law
    assert [part["citation"] for part in told["parts"]] == [
        *(f"Art. 15(1)({letter})" for letter in "abcdefgh"),
        "Art. 15(2)",
    ]
    assert all(part["items"] for part in told["parts"])
    page = html.unescape(files["index.html"].decode())
    assert heading in page
    assert transfer in page
