from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("processes", "0009_scheduled_starts")]
    operations = [
        # A message finds whoever waits for it by one probe, however many wait for others of its name.
        migrations.RunSQL(
            """
            CREATE INDEX subscription_match ON processes_subscription (name, (
                CASE correlation WHEN 'deal' THEN 'deal:' || deal_id::text WHEN 'client' THEN 'client:' || client_id::text
                                 ELSE correlation || ':' || key END))
            WHERE status = 'waiting' AND kind = 'message'
            """,
            "DROP INDEX subscription_match",
        ),
    ]
