"""Guard the states of cases, close the table of allowed moves, and keep pinned law packs and calendars as written."""

from django.db import migrations

from dsar.ledger.operations import AppendOnly
from requests_app import machine


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0001_initial")]

    operations = [
        migrations.RunPython(machine.guard_states, machine.release_states),
        # Filling the table closes it, and it may have been filled before this.
        migrations.RunPython(machine.open_table, migrations.RunPython.noop),
        migrations.RunPython(machine.close_table, machine.open_table),
        AppendOnly("requests_app_packversion"),
        AppendOnly("requests_app_calendarversion"),
    ]
