import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
UPDATE processes_work w SET called_id = (
    SELECT max(n.id) FROM processes_instance n WHERE n.parent_id = w.instance_id AND n.parent_token = w.token)
WHERE w.action = 'call' AND w.status = 'running'
"""


class Migration(migrations.Migration):
    """A call knows which process it waits for; work knows who has taken it."""

    dependencies = [("processes", "0011_undo_through_stages")]
    operations = [
        migrations.AddField(
            model_name="work",
            name="called",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="processes.instance",
            ),
        ),
        migrations.AddField(
            model_name="work", name="claim", field=models.PositiveIntegerField(db_default=0, default=0)
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
