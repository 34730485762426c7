"""Keep accepted data maps as they were accepted."""

from django.db import migrations

from dsar.ledger.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_initial")]

    operations = [AppendOnly("exports_datamapversion")]
