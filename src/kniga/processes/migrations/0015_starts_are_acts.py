import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Starting for many deals is an act, too: its rows have deals, and instances once they are started."""

    dependencies = [("deals", "0004_open_by_amount"), ("processes", "0014_acts_are_prepared_by_workers")]
    operations = [
        migrations.AddField(
            model_name="bulkactrow",
            name="deal",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="deals.deal"
            ),
        ),
        migrations.AlterField(
            model_name="bulkact",
            name="kind",
            field=models.CharField(
                choices=[
                    ("move", "Move to another version"),
                    ("cancel", "Stop"),
                    ("suspend", "Pause"),
                    ("resume", "Resume"),
                    ("send", "Send to a step"),
                    ("start", "Start for deals that run nothing"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="bulkactrow",
            name="instance",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="act_rows",
                to="processes.instance",
            ),
        ),
    ]
