"""Know with which deletion of the replay list kept rows go, and whether those that went are on it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exports", "0002_keep_data_maps")]

    operations = [
        migrations.AddField("keptuntil", "erasure_sealed", models.BinaryField(null=True)),
        migrations.AddField(
            "keptuntil",
            "is_listed",
            models.BooleanField(default=False, help_text="Whether the replay list has what was noted as gone."),
        ),
    ]
