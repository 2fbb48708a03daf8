from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
FORMER_UNDO = "-- Take back what a bulk act did"


def former() -> str:
    """The functions as they were, and the one they did without."""
    acts = (SQL / "bulk_acts.sql").read_text()
    undo = acts[acts.index(FORMER_UNDO) :]
    return (
        (SQL / "undo_through_stages.sql").read_text() + undo + "DROP FUNCTION processes_hold_thrown(bigint, integer);"
    )


class Migration(migrations.Migration):
    """What a step has thrown is locked before the step is taken back; a called process that it stopped is told of."""

    dependencies = [("processes", "0027_lighter_steps")]
    operations = [migrations.RunSQL((SQL / "undo_of_thrown.sql").read_text(), former())]
