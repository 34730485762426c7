"""`manage.py restored`: what holds of people is set again in a source whose backup was restored."""

from __future__ import annotations

import shutil
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dsar.ledger.models import Event
from exports.fulfil import staying_corrected
from exports.models import Act, ActKind, DataSource, SourceRestriction
from requests_app.law.words import Right
from requests_app.services import closing, opting_in
from tests.exports.fulfil.test_opting_out import code_of
from tests.exports.fulfil.test_restricting_in_sources import confirmed, objecting, service  # noqa: F401 - a fixture
from tests.exports.house import APPROVER, NOW, House, person, remap
from tests.exports.sources.service import Service

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OPT_OUT = "      opt_out_sale_share: {sale_opt_out: true}\n"
RIGHT = "+1 530 555 0123"
PHONE = {"correct_field": "shop.customers.phone", "correct_value": RIGHT}


def restored(source: str = "shop", *options: str) -> str:
    said = StringIO()
    day = f"{NOW:%Y-%m-%d}"
    try:
        call_command("restored", source, "--backup-of", day, *options, stdout=said)
    except CommandError as error:
        said.write(f"ERROR {error}")
    return said.getvalue()


def backed_up(house: House) -> None:
    shutil.copyfile(house.database("shop"), house.folder / "backup")


def put_back(house: House) -> None:
    shutil.copyfile(house.folder / "backup", house.database("shop"))


def flag(house: House) -> object:
    return house.sql("shop", "SELECT sale_opt_out FROM customers WHERE id = 7")[0][0]


def test_a_flag_that_the_restored_copy_lacks_is_set_again(house: House) -> None:
    house.sql("shop", "UPDATE customers SET sale_opt_out = 0")
    backed_up(house)
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    put_back(house)
    said = restored("shop", "--dry-run")
    assert "1 identifiers are on the list" in said
    assert f"shop: {case.submission.reference}: opt_out_sale_share: flags by email would be set." in said
    assert flag(house) == 0
    assert "customers: 1 rows flagged" in restored()
    assert flag(house) == 1
    assert "ERROR" not in restored()


def test_a_flag_that_an_opt_in_took_off_since_the_backup_is_taken_off_again(house: House) -> None:
    remap("shop", OPT_OUT, f"{OPT_OUT}      opt_in: {{sale_opt_out: false}}\n")
    house.file(Right.OPT_OUT_SALE_SHARE)
    house.work()
    backed_up(house)
    submission = house.file(Right.OPT_IN)
    assert opting_in.confirm(submission, code_of(submission), at=timezone.now())
    house.work()
    put_back(house)
    assert flag(house) == 1
    assert "flags by email would be taken off, for an opt-in has ended it since." in restored("shop", "--dry-run")
    restored()
    assert flag(house) == 0


def test_of_an_opt_out_that_was_refused_since_the_backup_no_flag_is_taken_off(house: House) -> None:
    remap("shop", OPT_OUT, f"{OPT_OUT}      opt_in: {{sale_opt_out: false}}\n")
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.move(case, "refuse_opt_out", APPROVER, code="ca_7026e_fraud", explanation="Not you.", reason="Not hers.")
    house.work()
    assert "flags by" not in restored("shop", "--dry-run")
    before = Event.objects.count()
    assert "ERROR" not in restored()
    assert Event.objects.count() == before, "nothing was set, and nothing is noted"


def test_a_correction_that_the_restored_copy_lacks_raises_its_alarm(house: House) -> None:
    backed_up(house)
    case = house.closed(Right.CORRECT, **PHONE)
    assert restored() == ""
    put_back(house)
    assert "stands again in 1 rows; an alarm would be raised on the page" in restored("shop", "--dry-run")
    assert not staying_corrected.alarms(case).exists()
    said = restored()
    assert f"shop: customers.phone: the wrong value of {case.submission.reference} stands again in 1 rows" in said
    assert "ERROR" in said
    assert str(person().phone) not in said
    assert staying_corrected.alarms(case).count() == 1
    house.sql("shop", "UPDATE customers SET phone = ? WHERE id = 7", RIGHT)
    assert restored() == ""
    assert not staying_corrected.alarms(case).exists()


def test_restrictions_are_set_again_and_those_that_ended_since_the_backup_are_lifted_again(
    house: House,
    service: Service,  # noqa: F811
) -> None:
    held = confirmed(house, objecting(house))
    service.members[1]["email"] = "another@inbox.example"
    ended = confirmed(house, objecting(house, email="another@inbox.example"))
    closing.withdraw(ended.pk, at=timezone.now())
    house.later(timedelta(minutes=1))
    assert [member["restricted"] for member in service.members[:2]] == [True, False]
    service.members[0]["restricted"], service.members[1]["restricted"] = False, True
    said = restored("club", "--dry-run")
    assert f"club: {held.submission.reference}: its restriction would be set." in said
    assert f"club: {ended.submission.reference}: its restriction would be lifted." in said
    assert [member["restricted"] for member in service.members[:2]] == [False, True]
    assert "the workers set or lift 2 restrictions again" in restored("club")
    house.work()
    assert [member["restricted"] for member in service.members[:2]] == [True, False]
    assert SourceRestriction.objects.get(case=held).is_set


def test_of_a_service_whose_rows_nobody_walks_what_was_corrected_since_is_named(
    house: House,
    service: Service,  # noqa: F811
) -> None:
    case = house.file(Right.CORRECT, **PHONE).cases.get()
    club = DataSource.objects.get(slug="club")
    rows = [((1,), "old")]
    staying_corrected.remember(case, club, ("members", "phone"), rows, right=RIGHT, at=timezone.now())
    said = restored("club")
    assert f"club: members.phone: corrected since for {case.submission.reference}: look there." in said
    assert "ERROR" in said


def test_what_was_deleted_since_the_backup_is_named_by_request(house: House) -> None:
    case, web_log = house.file(Right.DELETE).cases.get(), DataSource.objects.get(slug="web_log")
    proof = {name: {"action": "delete", "rows": rows} for name, rows in (("web_devices", 2), ("page_views", 0))}
    done = {"kind": ActKind.DELETE, "map_version": web_log.map_version, "round": 1, "done_at": NOW}
    Act.objects.create(case=case, source=web_log, proof={**proof, "visits": {"action": "keep", "rows": 9}}, **done)
    told = f"web_log: {case.submission.reference}: deleted on {NOW:%Y-%m-%d}: web_devices 2; to be done again by"
    assert told in restored("web_log", "--dry-run")


def test_a_source_without_flags_is_not_opened_for_them_and_nothing_is_noted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    remap("web_log", "    suppress:\n      opt_out_sale_share: {sale_opt_out: true}\n", "")
    house.file(Right.OPT_OUT_SALE_SHARE)
    monkeypatch.setattr(DataSource, "open", lambda *_: pytest.fail("it was opened"))
    assert restored("web_log") == ""
    assert not Event.objects.filter(kind="set.flags_set_again").exists()


def test_a_source_that_nobody_knows_is_named(house: House) -> None:
    assert "There is no source 'nowhere'" in restored("nowhere")
