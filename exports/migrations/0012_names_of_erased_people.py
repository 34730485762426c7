"""Know of a deletion what named the person, so that a hold by what the source doesn't know is seen in a replay."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exports", "0011_sources_not_searched")]

    operations = [
        migrations.CreateModel(
            "ErasedName",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=100)),
                (
                    "erasure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="names", to="exports.erasure"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("erasure", "digest"), name="named_once_a_deletion"),
                ]
            },
        ),
    ]
