import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("processes", "0008_bulk_acts")]
    operations = [
        migrations.CreateModel(
            name="ScheduledStart",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("element", models.CharField(max_length=100)),
                ("due_at", models.DateTimeField(db_index=True)),
                ("left", models.PositiveIntegerField(null=True)),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scheduled_starts",
                        to="processes.processversion",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("version", "element"), name="scheduled_start_once")],
            },
        ),
    ]
