from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    """The functions for steps of any kind; those of before go with their last caller."""

    dependencies = [("processes", "0006_timers_of_tokens")]
    operations = [
        migrations.RemoveField(model_name="timer", name="task"),
        migrations.AlterField(
            model_name="timer",
            name="instance",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="timers",
                to="processes.instance",
            ),
        ),
        migrations.AlterField(model_name="timer", name="token", field=models.PositiveIntegerField()),
        migrations.AddConstraint(
            model_name="timer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "scheduled")), fields=("instance", "token", "element"), name="timer_once"
            ),
        ),
        migrations.RunSQL(
            (SQL / "apply_step_2.sql").read_text(),
            "DROP FUNCTION processes_apply_steps; DROP FUNCTION processes_apply_step_2",
        ),
        migrations.RunSQL((SQL / "undo_completion_2.sql").read_text(), "DROP FUNCTION processes_undo_completion_2"),
        migrations.RunSQL("DROP FUNCTION processes_apply_step", (SQL / "apply_step.sql").read_text()),
        migrations.RunSQL("DROP FUNCTION processes_undo_completion", (SQL / "undo_completion.sql").read_text()),
    ]
