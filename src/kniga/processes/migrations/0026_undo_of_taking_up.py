from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("processes", "0025_control_marks"),
    ]

    operations = [
        migrations.AddField(
            model_name="deviation",
            name="next_before",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
