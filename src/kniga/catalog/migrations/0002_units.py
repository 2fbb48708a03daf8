from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

UNITS = [
    ("piece", "шт.", 0),
    ("set", "компл.", 0),
    ("pack", "упак.", 0),
    ("pallet", "паллета", 0),
    ("kg", "кг", 3),
    ("ton", "т", 3),
    ("m", "м", 3),
    ("m2", "м²", 3),
    ("m3", "м³", 3),
    ("l", "л", 3),
    ("hour", "ч", 2),
    ("day", "день", 2),
    ("month", "мес.", 0),
    ("service", "услуга", 0),
]


def seed(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    unit = apps.get_model("catalog", "Unit")
    unit.objects.bulk_create(
        [unit(code=code, name=name, decimals=decimals) for code, name, decimals in UNITS], ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
