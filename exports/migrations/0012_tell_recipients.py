import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exports', '0011_bring_documents'),
        ('requests_app', '0003_choose_among_records'),
    ]

    operations = [
        migrations.RenameModel('RecipientTold', 'Telling'),
        migrations.CreateModel(
            name='RecipientBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(help_text='Below the folder of recipients, without ending.', max_length=200, unique=True)),
                ('recipient', models.CharField(max_length=200)),
                ('day', models.DateField()),
                ('instructions', models.PositiveIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, help_text='Of the whole file.', max_length=64)),
                ('written_at', models.DateTimeField(null=True)),
                ('receipt', models.CharField(blank=True, max_length=500)),
                ('receipt_of', models.CharField(blank=True, help_text='SHA-256 of the file that was received.', max_length=64)),
                ('receipt_by', models.CharField(blank=True, max_length=40)),
                ('receipt_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AlterModelOptions(
            name='telling',
            options={'ordering': ('recipient',)},
        ),
        migrations.RemoveConstraint(
            model_name='task',
            name='one_open_task_a_source_and_kind',
        ),
        migrations.AddField(
            model_name='task',
            name='telling',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='exports.telling'),
        ),
        migrations.AddField(
            model_name='telling',
            name='acted_at',
            field=models.DateTimeField(help_text='When the act in our own sources was done.', null=True),
        ),
        migrations.AddField(
            model_name='telling',
            name='because',
            field=models.JSONField(default=dict, help_text='Why it is not told, as the register says, by language.'),
        ),
        migrations.AddField(
            model_name='telling',
            name='begun_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='telling',
            name='confirmed_at',
            field=models.DateTimeField(help_text='When it, or somebody for it, confirmed what was done.', null=True),
        ),
        migrations.AddField(
            model_name='telling',
            name='error',
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name='telling',
            name='expected_at',
            field=models.DateTimeField(help_text='By when its system says that it has done it.', null=True),
        ),
        migrations.AddField(
            model_name='telling',
            name='map_version',
            field=models.ForeignKey(help_text='Its register.', null=True, on_delete=django.db.models.deletion.PROTECT, to='exports.datamapversion'),
        ),
        migrations.AddField(
            model_name='telling',
            name='note_sealed',
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name='telling',
            name='noted_by',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='telling',
            name='receipts',
            field=models.JSONField(default=list, help_text='What its system answered: codes, hashes, signatures.'),
        ),
        migrations.AddField(
            model_name='telling',
            name='request_id',
            field=models.UUIDField(default=uuid.uuid4, help_text='Names the instruction: given twice, it is one.'),
        ),
        migrations.AddField(
            model_name='telling',
            name='state',
            field=models.CharField(choices=[('waiting', 'on its way'), ('failed', 'not reached'), ('told', 'told'), ('explained', 'not told, and explained'), ('dropped', 'no longer wanted')], default='told', max_length=10),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='telling',
            name='way',
            field=models.CharField(choices=[('batch', 'in the file of the day'), ('http', 'by a call to its service'), ('opendsr', 'by OpenDSR'), ('task', 'by a person'), ('impossible', 'not at all, as the register explains')], default='batch', max_length=10),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='task',
            name='kind',
            field=models.CharField(choices=[('look', 'look for data'), ('delete', 'delete'), ('correct', 'correct'), ('suppress', 'opt-out'), ('tell', 'tell a recipient')], max_length=10),
        ),
        migrations.AlterField(
            model_name='task',
            name='owner_email',
            field=models.EmailField(blank=True, help_text='As the data map registers it; empty: the desk does it.', max_length=254),
        ),
        migrations.AlterField(
            model_name='telling',
            name='batch',
            field=models.CharField(blank=True, help_text='The dated batch file that carries it.', max_length=200),
        ),
        migrations.AlterField(
            model_name='telling',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tellings', to='requests_app.case'),
        ),
        migrations.AlterField(
            model_name='telling',
            name='told_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open'), ('telling', None)), fields=('case', 'source', 'round', 'kind'), name='one_open_task_a_source_and_kind'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('telling',), name='one_open_task_a_telling'),
        ),
    ]
