"""Let the ledger's rows be added, and never changed or removed."""

from django.db import migrations

from dsar.ledger.operations import AppendOnly, ForwardOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        AppendOnly("ledger_event"),
        ForwardOnly("ledger_chainhead", key="chain", column="sequence"),
        AppendOnly("ledger_checkpoint"),
        AppendOnly("ledger_anchoredhead"),
    ]
