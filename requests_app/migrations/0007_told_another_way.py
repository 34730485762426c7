"""Letters told another way or come back, void extensions, standing rules, people without a mailbox."""

from django.utils import timezone
from django.db import migrations, models


def reached_by_mail(apps, schema_editor):
    """Letters that were accepted for delivery reached the person on that local day."""
    message = apps.get_model("requests_app", "Message")
    accepted = message.objects.using(schema_editor.connection.alias).filter(accepted_at__isnull=False)
    for row in accepted.only("pk", "accepted_at").iterator():
        day = timezone.localdate(row.accepted_at)
        message.objects.using(schema_editor.connection.alias).filter(pk=row.pk).update(reached_on=day)


class Migration(migrations.Migration):

    dependencies = [
        ('requests_app', '0006_calendars'),
    ]

    operations = [
        migrations.AddField(
            model_name='duty',
            name='first_due_on',
            field=models.DateField(help_text='The date before the extension: by then its notice counts.', null=True),
        ),
        migrations.AddField(
            model_name='duty',
            name='void_due_on',
            field=models.DateField(help_text='The date that the void extension would have given.', null=True),
        ),
        migrations.AddField(
            model_name='duty',
            name='void_extension_on',
            field=models.DateField(help_text='When an extension was taken whose notice reached nobody in time: it does not count.', null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='bounced_on',
            field=models.DateField(help_text='When it came back, after the mail server had taken it.', null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='reached_on',
            field=models.DateField(help_text='The day from which it counts as having reached the person.', null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='told_by',
            field=models.CharField(blank=True, choices=[('post', 'posted'), ('phone', 'told by telephone')], max_length=10),
        ),
        migrations.AddField(
            model_name='message',
            name='told_on',
            field=models.DateField(help_text='When it was posted, or told by telephone.', null=True),
        ),
        migrations.AddField(
            model_name='submission',
            name='postal_address_sealed',
            field=models.BinaryField(null=True),
        ),
        migrations.AlterField(
            model_name='evidence',
            name='kind',
            field=models.CharField(choices=[('mailbox', 'mailbox'), ('account', 'account'), ('data_points', 'data_points'), ('declaration', 'declaration'), ('permission', 'permission'), ('shown_to_staff', 'shown_to_staff')], max_length=20),
        ),
        migrations.AlterField(
            model_name='message',
            name='state',
            field=models.CharField(choices=[('queued', 'queued'), ('accepted', 'accepted for delivery'), ('failed', 'could not be delivered'), ('bounced', 'came back'), ('to_post', 'to be posted')], default='queued', max_length=10),
        ),
        migrations.AlterField(
            model_name='submission',
            name='email_digest',
            field=models.CharField(db_index=True, editable=False, help_text='Empty: the person gave no e-mail address.', max_length=120),
        ),
        migrations.CreateModel(
            name='StandingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('routine', models.CharField(choices=[('gather_when_verified', 'Gather when verified and below the limit'), ('keep_by_schedule', 'Keep what a retention schedule names'), ('release_nothing_found', 'Answer when nothing was found')], max_length=40)),
                ('version', models.PositiveIntegerField()),
                ('rights', models.JSONField(help_text='The rights to whose cases it is applied.')),
                ('proposed_by', models.CharField(max_length=40)),
                ('proposed_at', models.DateTimeField()),
                ('activated_by', models.CharField(blank=True, max_length=40)),
                ('activated_at', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=40)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('routine', '-version'),
                'constraints': [models.UniqueConstraint(fields=('routine', 'version'), name='one_row_a_rule_version'), models.UniqueConstraint(condition=models.Q(('activated_at__isnull', False), ('ended_at__isnull', True)), fields=('routine',), name='one_version_in_force_a_rule')],
            },
        ),
        migrations.RunPython(reached_by_mail, migrations.RunPython.noop),
    ]
