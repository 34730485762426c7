"""Note what a source was about to commit."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exports', '0003_past_keeping'),
        ('requests_app', '0002_machine'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActBegun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('delete', 'deleted'), ('correct', 'corrected'), ('suppress', 'suppressed')], max_length=10)),
                ('round', models.PositiveIntegerField()),
                ('begun_at', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='acts_begun', to='requests_app.case')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts_begun', to='exports.datasource')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('case', 'source', 'kind', 'round'), name='begun_once_a_source_and_round')],
            },
        ),
    ]
