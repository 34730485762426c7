"""Withholding by rule: all records of a collection, or a field in each, in one act; its number is told; and lifted."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.test import Client

from exports.fulfil.account import account_of
from exports.models import Bundle, Part, Withholding
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.move import InputRefused
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from tests.exports.house import House, facts_of, files_of, fresh, json_lines, parts_of, rows

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

GROUND = "ca_145k_rights_of_others"
PLACE = {"source": "shop", "collection": "ticket_messages"}
MESSAGES, REVIEWS = "shop.ticket_messages", "shop.reviews"


def test_all_records_of_a_collection_and_a_field_of_another_are_in_no_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Part, "MOST_RECORDS", 4)  # so that collections have several parts
    case = house.deciding(Right.KNOW_SPECIFIC)
    messages, reviews = (rows(case, "shop", name) for name in ("ticket_messages", "reviews"))
    parts = parts_of(case, "shop", "ticket_messages")
    assert len(parts) > 1
    house.move(case, "withhold", finding=f"{parts[0].pk}:1", field="body", code=GROUND)
    house.move(case, "withhold_by_rule", rule=MESSAGES, field="body", code=GROUND)
    house.move(case, "withhold_by_rule", rule=REVIEWS, field="", code=GROUND)
    assert facts_of(case, EventKind.WITHHOLD_BY_RULE)[0] == {
        **PLACE,
        "field": "body",
        "records": len(messages),
        "code": GROUND,
        "citation": "Civ. Code 1798.145(k)",
    }
    for place in ({"rule": MESSAGES, "field": "body"}, {"rule": REVIEWS}, {"rule": REVIEWS, "field": "body"}):
        with pytest.raises(InputRefused, match="All of these are withheld already"):
            house.move(case, "withhold_by_rule", code=GROUND, **place)
    with pytest.raises(InputRefused, match="This field is withheld already"):
        house.move(case, "withhold", finding=f"{parts[1].pk}:0", field="body", code=GROUND)
    house.approve(case)
    files = files_of(case)
    everything = b"".join(files.values()).decode(errors="replace")
    assert not [row for row in messages if json.dumps(row["body"])[1:-1] in everything]
    assert json_lines(files["data/shop/reviews.jsonl"]) == []
    left = json_lines(files["data/shop/ticket_messages.jsonl"])
    assert left == [{name: value for name, value in row.items() if name != "body"} for row in messages]
    counted = {entry["collection"]: entry for entry in json.loads(files["manifest.json"])["withheld"]}
    assert (counted["reviews"]["records"], counted["reviews"]["fields"]) == (len(reviews), 0)
    assert (counted["ticket_messages"]["records"], counted["ticket_messages"]["fields"]) == (0, len(messages))
    bundle = Bundle.objects.get(case=case)
    assert bundle.withheld == len(messages) + len(reviews)
    total = sum(len(json_lines(content)) for path, content in files.items() if path.endswith(".jsonl"))
    assert bundle.records == total


def test_a_rule_is_previewed_made_and_lifted_on_the_pages(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    analyst = Client()
    analyst.force_login(add_staff("Ann", "ann@larkspur.example", "only-for-tests-1", [Role.ANALYST]))
    findings = f"/admin/requests_app/case/{case.pk}/findings/?source=shop&collection=ticket_messages"
    page = unescape(analyst.get(findings).content.decode())
    link = re.search(r'href="([^"]*/move/withhold_by_rule/[^"]*&field=body&[^"]*)">Message<', page)
    assert link
    posted = {"rule": MESSAGES, "field": "body", "code": GROUND, "explanation": "", "version": fresh(case).version}
    shown = unescape(analyst.post(link[1], posted).content.decode())
    count = len(rows(case, "shop", "ticket_messages"))
    assert f"The field is withheld in {count} records." in shown
    assert not Withholding.objects.exists()
    sure = re.search(r'name="sure" value="(\w+)"', shown)
    assert sure
    analyst.post(link[1], {**posted, "sure": sure[1]})
    part = parts_of(case, "shop", "ticket_messages")[0]
    page = unescape(analyst.get(findings).content.decode())
    assert page.count(f"finding={part.pk}%3Aall&field=body") == count
    assert "all records: Message" in " ".join(
        unescape(analyst.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()).split()
    )
    for field, finding in (("", f"{part.pk}:all"), ("body", "x:all")):
        with pytest.raises(InputRefused, match="nothing is to be lifted"):
            house.move(case, "lift_withholding", finding=finding, field=field)
    house.move(case, "lift_withholding", finding=f"{part.pk}:all", field="body")
    assert not Withholding.objects.exists()
    assert facts_of(case, EventKind.LIFT_WITHHOLDING) == [{**PLACE, "field": "body", "records": count, "code": GROUND}]
    for rule, field, fault in (
        ("shop.nonsense", "", "rule"),
        ("web_log.reviews", "", "rule"),
        ("", "", "rule"),
        (MESSAGES, "nonsense", "field"),
        ("shop.customers", "password_hash", "field"),
    ):
        with pytest.raises(InputRefused) as refused:
            house.move(case, "withhold_by_rule", rule=rule, field=field, code=GROUND)
        assert set(refused.value.errors) == {fault}


def test_a_deletion_spares_all_records_of_a_collection(house: House) -> None:
    case = house.deciding(Right.DELETE)
    count = sum(part.records for part in parts_of(case, "shop", "reviews"))
    with pytest.raises(InputRefused, match="deleted or kept as a whole"):
        house.move(case, "withhold_by_rule", rule=REVIEWS, field="body", code="ca_105d1_transaction")
    house.move(
        case, "withhold_by_rule", rule=REVIEWS, field="", code="ca_105d1_transaction", explanation="Under warranty."
    )
    before = house.sql("shop", "SELECT count(*) FROM reviews")
    house.approve(case)
    assert house.sql("shop", "SELECT count(*) FROM reviews") == before
    (told,) = (text for text in account_of(case, "en") if text.startswith("Reviews: "))
    assert told.startswith(f"Reviews: {count} records kept.")
