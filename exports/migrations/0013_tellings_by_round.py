"""A recipient is told once a round of its case, and not once a case."""

from django.db import migrations, models
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce


def set_rounds(apps, schema_editor):
    """Recipients were told once the act was done: in the round of the last act, or the present one where none is."""
    Act, Case, Telling = (
        apps.get_model("exports", "Act"),
        apps.get_model("requests_app", "Case"),
        apps.get_model("exports", "Telling"),
    )
    acts = Act.objects.filter(case=OuterRef("case")).order_by().values("case").annotate(last=Max("round"))
    present = Case.objects.filter(pk=OuterRef("case")).values("gathering_round")
    Telling.objects.update(round=Coalesce(Subquery(acts.values("last")), Subquery(present)))


class Migration(migrations.Migration):

    dependencies = [
        ('exports', '0012_names_of_erased_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='telling',
            name='round',
            field=models.PositiveIntegerField(default=0, help_text='The round of the case whose act it passes on.'),
            preserve_default=False,
        ),
        migrations.RunPython(set_rounds, migrations.RunPython.noop),
        migrations.AlterModelOptions(
            name='telling',
            options={'ordering': ('recipient', 'round')},
        ),
        migrations.RemoveConstraint(
            model_name='telling',
            name='told_once',
        ),
        migrations.AddConstraint(
            model_name='telling',
            constraint=models.UniqueConstraint(fields=('case', 'round', 'recipient'), name='told_once_a_round'),
        ),
    ]
