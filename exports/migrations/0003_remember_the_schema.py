"""Remember how a source was built when its map was accepted."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exports', '0002_keep_data_maps'),
    ]

    operations = [
        migrations.CreateModel(
            name='NotedSchema',
            fields=[
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='exports.datasource')),
                ('note', models.JSONField()),
                ('noted_at', models.DateTimeField()),
                ('map_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='exports.datamapversion')),
            ],
        ),
    ]
