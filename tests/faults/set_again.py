"""What holds of people, set where it does not stand: by a map that comes to say how, and after a restore."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO
from shutil import copyfile

from django.core.management import CommandError, call_command
from django.utils import timezone

from dsar.ledger.models import Event
from exports.fulfil import flags_in_force, staying_corrected
from exports.models import DataSource, SourceRestriction
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.services import identity
from requests_app.services.history import local_day
from tests.exports.fulfil.test_flags_in_force import FIRST, accept
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import House, person, without_flags
from tests.faults.afterwards import SOURCES
from tests.faults.outside import Outside
from tests.faults.stories import LivingHouse, Story, tables

RESTRICTED = "      restrict: {sensitive_limited: true}\n      lift_restriction: {sensitive_limited: false}\n"
LIMITED = "      limit_sensitive: {sensitive_limited: true}\n"


class FlagsInForce(Story):
    """Opt-outs of two people, closed before the map of the shop says how they are set there: a page for each."""

    def begin(self, house: House, outside: Outside) -> Case:
        flags_in_force.AT_ONCE = 1
        with_flags = DataSource.objects.get(slug="shop").map_version.text
        without_flags("shop")
        house.sql("shop", "UPDATE customers SET sale_opt_out = 0")
        house.file(self.right, who=person(FIRST))
        case = house.file(self.right).cases.get()
        house.work()
        accept(with_flags)
        return case

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        return {"noted": str(_noted()).encode(), **_systems(house)}


class SetAgain(Story):
    """A backup of the shop was restored that knows of no opt-out, no restriction and no correction."""

    def begin(self, house: House, outside: Outside) -> Case:
        load_anew("shop", LIMITED, f"{LIMITED}{RESTRICTED}")
        house.sql("shop", "UPDATE customers SET sale_opt_out = 0, sensitive_limited = 0")
        copyfile(house.database("shop"), house.folder / "shop.backup")
        house.file(Right.OPT_OUT_SALE_SHARE)
        objecting = house.file(Right.OBJECT, residence="DE")
        identity.note_mailbox(objecting, at=timezone.now())
        case = house.closed(self.right, correct_field="shop.customers.phone", correct_value="+1 530 555 0123")
        assert SourceRestriction.objects.get(case__submission=objecting).is_set
        copyfile(house.folder / "shop.backup", house.database("shop"))
        return case

    def go_on(self, house: House, case: Case) -> None:
        """The command ends with an error, for what was corrected is for people; its alarm is what it does last."""
        if not self.is_over(case):
            with suppress(CommandError):
                call_command("restored", "shop", "--backup-of", f"{local_day(timezone.now())}", stdout=StringIO())

    def is_over(self, case: Case) -> bool:
        return staying_corrected.alarms(case).exists()

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        """The command may have been run again, which notes the flags again: as often, the same."""
        told = {
            "alarms": staying_corrected.alarms(case).count(),
            "noted": sorted(set(_noted())),
            "restricted": list(SourceRestriction.objects.values_list("is_set", "kinds", "rows")),
        }
        return {name: str(found).encode() for name, found in told.items()} | _systems(house)


def _systems(house: LivingHouse) -> dict[str, bytes]:
    return {f"{name}.{table}": rows.encode() for name in SOURCES for table, rows in tables(house, name)}


def _noted() -> list[str]:
    """What was noted of each page, whichever of two sources came first."""
    return sorted(str(event.facts) for event in Event.objects.filter(kind="set.flags_set_again"))
