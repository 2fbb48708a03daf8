from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
BACK = """
DROP FUNCTION processes_mark_instance() CASCADE;
DROP FUNCTION processes_mark_deal() CASCADE;
DROP FUNCTION processes_mark_client() CASCADE;
"""


class Migration(migrations.Migration):
    """A round of the control points looks only at what is due and at what a change has marked."""

    dependencies = [
        ("clients", "0001_initial"),
        ("deals", "0005_no_foreign_locks"),
        ("processes", "0024_requests_of_sites"),
    ]

    operations = [
        migrations.CreateModel(
            name="ControlMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("instance_id", models.BigIntegerField()),
            ],
        ),
        migrations.RemoveIndex(model_name="controlwatch", name="control_watch_seen"),
        migrations.AlterField(
            model_name="deviation",
            name="how",
            field=models.CharField(
                blank=True,
                choices=[
                    ("cured", "Cured"),
                    ("over", "The step is over otherwise"),
                    ("by_hand", "Closed by hand"),
                    ("moved", "The version the deal was moved to does not ask for it"),
                    ("undone", "The move to another version was undone"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(model_name="bulkactrow", name="foretold", field=models.JSONField(null=True)),
        migrations.RunSQL((SQL / "control_marks.sql").read_text(), BACK),
    ]
