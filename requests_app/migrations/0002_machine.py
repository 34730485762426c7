"""Guard the states of cases, and keep pinned law packs and calendars as they were written."""

from django.db import migrations

from dsar.ledger.operations import AppendOnly
from requests_app import machine


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0001_initial")]

    operations = [
        migrations.RunPython(machine.guard_states, machine.release_states),
        AppendOnly("requests_app_packversion"),
        AppendOnly("requests_app_calendarversion"),
    ]
