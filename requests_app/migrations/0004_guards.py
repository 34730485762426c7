"""Guard the states of cases anew, also against replacing, and close the table of allowed moves."""

from django.db import migrations

from requests_app import machine


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0003_what_finds_a_person")]

    operations = [
        migrations.RunPython(machine.guard_states_anew, migrations.RunPython.noop),
        # Filling the table closes it, and it may have been filled before this.
        migrations.RunPython(machine.open_table, migrations.RunPython.noop),
        migrations.RunPython(machine.close_table, machine.open_table),
    ]
