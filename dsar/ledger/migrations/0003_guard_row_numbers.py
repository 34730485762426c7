"""Set the guards up anew: on SQLite they look at a row's own number too."""

from django.db import migrations

from dsar.ledger.operations import AppendOnly, ForwardOnly


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_house'),
    ]

    operations = [
        AppendOnly('ledger_event'),
        ForwardOnly('ledger_chainhead', key='chain', column='sequence'),
        AppendOnly('ledger_checkpoint'),
        AppendOnly('ledger_anchoredhead'),
    ]
