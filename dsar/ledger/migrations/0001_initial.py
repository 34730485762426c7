import django.db.models.deletion
from django.db import migrations, models

from dsar.ledger.operations import AppendOnly, ForwardOnly


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ChainHead',
            fields=[
                ('chain', models.TextField(primary_key=True, serialize=False)),
                ('sequence', models.PositiveBigIntegerField()),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('key_id', models.CharField(max_length=16)),
                ('text', models.TextField()),
                ('signature', models.TextField()),
            ],
            options={
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.TextField()),
                ('sequence', models.PositiveBigIntegerField()),
                ('kind', models.TextField()),
                ('actor', models.TextField()),
                ('at', models.DateTimeField()),
                ('text', models.TextField()),
                ('previous_hash', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('chain', 'sequence'), name='ledger_event_has_one_place')],
            },
        ),
        migrations.CreateModel(
            name='AnchoredHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.TextField()),
                ('sequence', models.PositiveBigIntegerField()),
                ('checkpoint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='heads', to='ledger.checkpoint')),
            ],
            options={
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('chain', 'sequence'), name='ledger_head_is_anchored_once')],
            },
        ),
        AppendOnly('ledger_event'),
        ForwardOnly('ledger_chainhead', key='chain', column='sequence'),
        AppendOnly('ledger_checkpoint'),
        AppendOnly('ledger_anchoredhead'),
    ]
