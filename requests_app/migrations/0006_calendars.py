"""Calendars as rows, which of them a law counts with, changes of them, and the place of the organisation."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('requests_app', '0005_answers_appeals_endings'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='place',
            field=models.CharField(blank=True, help_text='Where the controller must act under the GDPR, as a code: IE, or DE-BE for Berlin. New requests are counted with its public holidays.', max_length=6, validators=[django.core.validators.RegexValidator('^[A-Z]{2}(-[A-Z0-9]{1,3})?\\Z', 'Write a code such as IE or DE-BE (ISO 3166).')]),
        ),
        migrations.CreateModel(
            name='HouseCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Short, for files and the command line: us_federal, DE-BE.', max_length=40)),
                ('title', models.CharField(max_length=100)),
                ('filled_from', models.CharField(choices=[('weekdays_only', 'no holidays'), ('us_federal', 'the holidays library: United States'), ('ca_state_paid', 'Cal. Gov. Code § 19853'), ('ca_government_code_6700', 'Cal. Gov. Code § 6700'), ('place', 'the holidays library'), ('hand', 'nothing: made by hand')], max_length=30)),
                ('current', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calendars', to='requests_app.calendarversion')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calendars', to='requests_app.organisation')),
            ],
            options={
                'verbose_name': 'calendar',
                'verbose_name_plural': 'calendars',
                'ordering': ('organisation', 'title'),
            },
        ),
        migrations.CreateModel(
            name='CalendarChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('law', models.CharField(max_length=40)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calendar_choices', to='requests_app.organisation')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='choices', to='requests_app.housecalendar')),
            ],
        ),
        migrations.CreateModel(
            name='CalendarChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('law', models.CharField(blank=True, max_length=40)),
                ('weekend', models.JSONField(default=list)),
                ('holidays', models.JSONField(default=dict)),
                ('reason', models.TextField(max_length=2000)),
                ('proposed_by', models.CharField(max_length=40)),
                ('proposed_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('proposed', 'waits for a second person'), ('accepted', 'accepted'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='proposed', max_length=10)),
                ('settled_by', models.CharField(blank=True, max_length=40)),
                ('settled_at', models.DateTimeField(null=True)),
                ('settled_reason', models.TextField(blank=True, max_length=2000)),
                ('moved', models.PositiveIntegerField(help_text='How many dates it moved when it was accepted.', null=True)),
                ('seen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='requests_app.calendarversion')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='requests_app.housecalendar')),
            ],
            options={
                'verbose_name': 'change of a calendar',
                'verbose_name_plural': 'changes of calendars',
                'ordering': ('-proposed_at',),
            },
        ),
        migrations.AddConstraint(
            model_name='housecalendar',
            constraint=models.UniqueConstraint(fields=('organisation', 'name'), name='one_calendar_a_name'),
        ),
        migrations.AddConstraint(
            model_name='calendarchoice',
            constraint=models.UniqueConstraint(fields=('organisation', 'law'), name='one_calendar_a_law'),
        ),
    ]
