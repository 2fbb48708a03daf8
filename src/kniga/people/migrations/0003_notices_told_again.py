from django.db import migrations, models


class Migration(migrations.Migration):
    """Notices are read in the language of today; older ones stay as they were written."""

    dependencies = [("people", "0002_notices")]

    operations = [migrations.AddField(model_name="notice", name="told", field=models.JSONField(null=True))]
