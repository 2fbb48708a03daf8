from django.db import migrations


class Migration(migrations.Migration):
    """Papers of books and documents are kept in one place; those that were kept here are made again when asked for."""

    dependencies = [
        ("platform", "0004_papers"),
        ("salesbook", "0003_papers"),
    ]

    operations = [
        migrations.DeleteModel(name="BookPaper"),
    ]
