from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
UNDO = """
DROP TRIGGER insights_client_changed ON clients_client;
DROP TRIGGER insights_ownership_added ON deals_dealownership;
DROP TRIGGER insights_ownership_changed ON deals_dealownership;
DROP TRIGGER insights_ownership_removed ON deals_dealownership;
DROP TRIGGER insights_visit_added ON deals_stagevisit;
DROP TRIGGER insights_visit_changed ON deals_stagevisit;
DROP TRIGGER insights_visit_removed ON deals_stagevisit;
DROP TRIGGER insights_deal_added ON deals_deal;
DROP TRIGGER insights_deal_changed ON deals_deal;
DROP TRIGGER insights_deal_removed ON deals_deal;
DROP FUNCTION insights_fold_funnel, insights_note_deals, insights_note_parts, insights_note_clients, insights_axes;
DROP TABLE insights_dirty, insights_apart, insights_stay, insights_result, insights_sum, insights_span,
           insights_fold_state;
"""


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial"), ("deals", "0002_number_and_reasons")]
    operations = [
        migrations.RunSQL((SQL / "funnel_projection.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "fold_funnel.sql").read_text(), UNDO),
    ]
