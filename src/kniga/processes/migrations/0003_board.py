from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("processes", "0002_functions"), ("deals", "0001_initial")]
    operations = [
        # The board's sums over all open deals are read from this index alone.
        migrations.RunSQL(
            "CREATE INDEX deal_owner_sums ON deals_deal (owner_id, pipeline_id, stage_id) INCLUDE (id, amount)"
            " WHERE status = 'open'",
            "DROP INDEX deal_owner_sums",
        ),
    ]
