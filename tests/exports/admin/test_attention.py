"""What stops a case stands at the top of its page, with what to do about it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from dsar.vault.errors import FileDamaged
from exports.fulfil import hand_over
from exports.models import Bundle
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from tests.exports.house import APPROVER, NOW, House, without_flags

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def approver(db: None) -> Client:
    """A browser at the desk."""
    client = Client()
    client.force_login(add_staff("ada", "ada@larkspur.example", "only-for-tests-1", [Role.APPROVER]))
    return client


def page_of(client: Client, case: Case) -> str:
    """The text of the case's page."""
    page = client.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_case_that_goes_its_way_needs_none(house: House, approver: Client) -> None:
    assert "Needs attention" not in page_of(approver, house.deciding(Right.DELETE))


def test_records_that_are_kept_past_their_time_are_told_before_they_are_approved(
    house: House, approver: Client
) -> None:
    house.sql("shop", "UPDATE orders SET placed_at = '2018-01-01 00:00:00' WHERE customer_id = 7")
    rows = house.sql("shop", "SELECT count(*) FROM orders WHERE customer_id = 7")[0][0]
    page = page_of(approver, house.deciding(Right.DELETE))
    assert f"Shop, Orders: records past the time for which they may be kept: {rows}. past_keeping A deletion le" in page


def test_a_source_that_failed_says_what_to_do(house: House, approver: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    monkeypatch.delenv("DEMO_SHOP_READ_URL")
    house.move(case, "start_gathering")
    house.work()
    page = page_of(approver, case)
    assert "Shop could not be searched. NotConfigured An environment variable of the source" in page


def test_an_act_that_failed_says_where_and_what_to_do(
    house: House, approver: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    page = page_of(approver, house.closed(Right.DELETE))
    assert "Could not be carried out in: shop. NoWriteAccess The source can only be read:" in page


def test_a_right_that_no_map_carries_out_is_work_for_a_person(house: House, approver: Client) -> None:
    without_flags("shop")
    case = house.file(Right.LIMIT_SENSITIVE).cases.get()
    house.work()
    page = page_of(approver, case)
    assert "Could not be carried out in: any system. NotInAnyMap No data map says how this right is" in page


def test_a_bundle_that_the_person_could_not_fetch_is_work_for_a_person(house: House, approver: Client) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    bundle = Bundle.objects.get(case=case)
    (house.data / bundle.path).unlink()
    with pytest.raises(FileDamaged):
        hand_over.start_download(bundle, at=timezone.now())
    assert "The person could not fetch the export bundle. BundleDamaged" in page_of(approver, case)
    house.later(settings.CONTENT_LIFE + timedelta(hours=1))
    assert "Needs attention" not in page_of(approver, case)


def test_what_a_refused_opt_out_leaves_behind_is_work_for_a_person(house: House, approver: Client) -> None:
    house.switch_off("web_log")
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    house.move(case, "refuse_opt_out", APPROVER, code="ca_7026e_fraud", explanation="Not you.", reason="Not hers.")
    page = page_of(approver, case)
    assert "Refused after it had gone to: Shop, Brightpath Media LLC, Summit Lists LLC." in page
    assert "take them back there by hand" in page


def test_a_refused_opt_out_that_was_set_nowhere_leaves_nothing_to_do(house: House, approver: Client) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.move(case, "refuse_opt_out", APPROVER, code="ca_7026e_fraud", explanation="Not you.", reason="Not hers.")
    house.work()
    assert "Needs attention" not in page_of(approver, case)


def test_an_approval_that_was_handed_back_says_why_until_somebody_acts(house: House, approver: Client) -> None:
    case = house.deciding(Right.DELETE)
    house.sql("shop", "UPDATE customers SET name = 'Renamed Once' WHERE id = 7")
    house.approve(case)
    page = page_of(approver, case)
    assert "The approval was handed back. data_changed_since_approval The source no longer holds" in page
    assert "Changed since: customers.name. If your programs write that all the time" in page
    assert "Renamed" not in page
    house.move(case, "gather_again")
    house.work()
    assert "Needs attention" not in page_of(approver, case)


def test_of_columns_is_spoken_only_where_some_changed(house: House, approver: Client) -> None:
    case = house.deciding(Right.DELETE)
    house.sql("shop", "DELETE FROM wishlist_items WHERE customer_id = 7")
    house.approve(case)
    page = page_of(approver, case)
    assert "The approval was handed back." in page
    assert "volatile" not in page


def test_a_download_that_wrong_answers_closed_says_what_to_do_also_once_the_case_is_closed(
    house: House, approver: Client
) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    case.submission.codes.create(purpose="download", digest="x", issued_at=NOW, expires_at=NOW, missed=9)
    page = page_of(approver, case)
    assert "Needs attention" not in page
    assert "The case is closed. Nothing is left to do." in page
    case.submission.codes.update(missed=10)
    page = page_of(approver, case)
    assert "too many wrong answers came with right codes. download_closed Make sure who it is" in page
    assert "Open the download again" in page
    house.move(case, "open_download")
    assert "Needs attention" not in page_of(approver, case)
