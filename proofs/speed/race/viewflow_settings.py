"""The smallest Django settings django-viewflow runs under: the same database, in a schema of its own.

The connection is set as Kniga's is: statements that come twice are prepared.
"""

from __future__ import annotations

import os

from kniga.config.database import database_from_url

SECRET_KEY = "for the race only"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "viewflow",
    "viewflow.workflow",
    "proofs.speed.race",
]
DATABASES = {"default": database_from_url(os.environ["DATABASE_URL"])}
DATABASES["default"]["OPTIONS"]["options"] = "-c search_path=viewflow"
DATABASES["default"]["CONN_MAX_AGE"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
