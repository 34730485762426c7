from django.db import migrations, models


class Migration(migrations.Migration):
    """A standing rule is accepted, like everything else that two people settle."""

    dependencies = [
        ('requests_app', '0004_holds'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='standingrule',
            name='one_version_in_force_a_rule',
        ),
        migrations.RenameField(
            model_name='standingrule',
            old_name='activated_by',
            new_name='accepted_by',
        ),
        migrations.RenameField(
            model_name='standingrule',
            old_name='activated_at',
            new_name='accepted_at',
        ),
        migrations.AddConstraint(
            model_name='standingrule',
            constraint=models.UniqueConstraint(condition=models.Q(('accepted_at__isnull', False), ('ended_at__isnull', True)), fields=('routine',), name='one_version_in_force_a_rule'),
        ),
    ]
