from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REASONS = [
    ("price", "Цена"),
    ("competitor", "Ушли к конкуренту"),
    ("no_need", "Нет потребности"),
    ("no_budget", "Нет бюджета"),
    ("no_answer", "Не отвечает"),
    ("bad_timing", "Неподходящее время"),
    ("terms", "Не устроили условия"),
    ("other", "Другая причина"),
]


def seed(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    reason = apps.get_model("deals", "LossReason")
    reason.objects.bulk_create(
        [reason(key=key, name=name, position=position) for position, (key, name) in enumerate(REASONS)],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("deals", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE deals_deal_number AS bigint OWNED BY deals_deal.number",
            "DROP SEQUENCE deals_deal_number",
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
