"""Django settings of Kniga. Everything that differs between installations comes from the environment.

`kniga run` and the other commands set DATABASE_URL and KNIGA_SECRET_KEY for the processes they start;
see docs/reference/settings.md for the whole list.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from kniga.config.database import database_from_url

PACKAGE = Path(__file__).resolve().parent.parent

DEBUG = os.environ.get("KNIGA_DEBUG") == "1"
SECRET_KEY = os.environ.get("KNIGA_SECRET_KEY", "not-secret: only for checks and tests")
ALLOWED_HOSTS = os.environ.get("KNIGA_HOSTS", "*").split(",")
# The address `kniga run` listens on: letters may lead back to it.
LISTENING_HOST = os.environ.get("KNIGA_HOST", "")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("KNIGA_ORIGINS", "").split(",") if origin]
BEHIND_TLS = os.environ.get("KNIGA_TLS") == "1"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "kniga.platform",
    "kniga.people",
    "kniga.clients",
    "kniga.catalog",
    "kniga.deals",
    "kniga.documents",
    "kniga.processes",
    "kniga.insights",
    "kniga.salesbook",
    "kniga.imports",
    "kniga.mailboxes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kniga.web.middleware.MetricsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "kniga.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kniga.web.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kniga.web.middleware.ContentSecurityMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kniga.web.middleware.ReadableTextMiddleware",
    "kniga.web.middleware.DomainErrorsMiddleware",
]

ROOT_URLCONF = "kniga.config.urls"
WSGI_APPLICATION = "kniga.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "kniga.web.jinja.environment",
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "kniga.web.context.shell",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database_from_url(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["kniga.people.sessions.SignInBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"reset_password": "kniga.web.accounts.forms.LetterForm"}
ACCOUNT_ADAPTER = "kniga.web.accounts.adapter.ClosedDoorAdapter"
# Many people of an office share one address: it bears more mistakes than an account does.
ACCOUNT_RATE_LIMITS = {"login_failed": "60/5m/ip,5/5m/key", "reset_password": "20/m/ip,5/m/key"}
ACCOUNT_PREVENT_ENUMERATION = True
# Behind proxies the address of who guesses is in X-Forwarded-For; without this all would share one lock-out.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("KNIGA_PROXIES", "0"))
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

CACHES = {
    # Shared by all web processes (lock-out counters must be), and gone with the server: both are wanted.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "platform_cache",
    },
}
SESSION_ENGINE = "kniga.people.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "kniga.web.errors.csrf_failure"

LANGUAGE_CODE = os.environ.get("KNIGA_LANG", "ru")
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = sorted(path for path in (PACKAGE / "locale").glob("*") if path.is_dir())
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("KNIGA_TIME_ZONE", "Europe/Moscow")

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
# None: WhiteNoise serves straight from the folders above.
STATIC_ROOT = os.environ.get("KNIGA_STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+[.-][0-9A-Za-z_]{8,12}\..+$"

# Files on their way in: above 2.5 MB Django spools to disk, and the limits of imports hold before that
# (see kniga.integrations.tabular.limits), so memory stays bounded whatever is sent.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_HANDLERS = [
    "kniga.web.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
MAX_UPLOAD_BYTES = int(os.environ.get("KNIGA_MAX_UPLOAD_BYTES", 200 * 1024 * 1024))

# Notices that were read so many days ago are deleted by night; 0 keeps all.
NOTICE_DAYS = int(os.environ.get("KNIGA_NOTICE_DAYS", 180))

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("KNIGA_SMTP_HOST")
    # Not to a log: a reset link is a key to somebody's account.
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST = os.environ.get("KNIGA_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("KNIGA_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("KNIGA_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("KNIGA_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("KNIGA_SMTP_TLS") == "1"
EMAIL_TIMEOUT = 30
# Processes may call programs of this very machine only where somebody has said so.
WEBHOOK_LOOPBACK = os.environ.get("KNIGA_WEBHOOK_LOOPBACK") == "1"
DEFAULT_FROM_EMAIL = os.environ.get("KNIGA_MAIL_FROM", "kniga@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "procrastinate.blueprints": {"level": "WARNING"},
        "procrastinate.periodic": {"level": "WARNING"},
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("KNIGA_LOG_LEVEL", "INFO")},
}
