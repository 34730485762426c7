"""Django settings; every value from outside comes through dsar.environment."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.templatetags.static import static

from dsar.environment import BASE_DIR, read_environment

ENVIRONMENT = read_environment()

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
BASE_URL = ENVIRONMENT.base_url
DATA_DIR: Path = ENVIRONMENT.data_dir
# How often in 30 days one person may ask if a never-disclosed value is the one held: ours, the law sets none.
VALUE_TRIES = ENVIRONMENT.value_tries
POST_TAKES = timedelta(days=ENVIRONMENT.post_days)  # a posted letter counts so many days after it was posted
CONTENT_LIFE = timedelta(days=ENVIRONMENT.content_days)  # of findings and bundles, counted from a case's closing
TASK_LINK_LIFE = timedelta(days=ENVIRONMENT.link_days)  # of a link to a task, at most
MOST_UPLOADED = ENVIRONMENT.upload_mb * 1024 * 1024  # bytes of a file that the owner of a source sends
RENDER_UNLOCKED = ENVIRONMENT.render_unlocked  # whether documents may be drawn where no process can be locked up
LOOKUP_SECRET = ENVIRONMENT.lookup_secret  # with which the company's systems ask who opted out; "" for nobody
ACCOUNT_SECRET = ENVIRONMENT.account_secret  # under which the company's account system tells of sign-ins; "" for none
BUNDLE_LIFE = timedelta(days=ENVIRONMENT.bundle_days)  # for which it can be fetched, and again when it is renewed
SOURCE_TIMEOUT = timedelta(seconds=ENVIRONMENT.source_seconds)  # of one statement or call to a source
SOURCE_HOSTS = frozenset(ENVIRONMENT.source_hosts)  # of sources that may have private addresses, or be without TLS
RECEIVER_HOSTS = frozenset(ENVIRONMENT.receiver_hosts)  # to which a person may have a file sent
MASTER_KEY = ENVIRONMENT.master_key
SIGNING_KEY = ENVIRONMENT.signing_key  # of the ledger's checkpoints and of bundles; "" for none
OLD_PUBLIC_KEYS = ENVIRONMENT.old_public_keys  # of keys that signed checkpoints before the present one
CHECKPOINT_FILE: Path = ENVIRONMENT.checkpoint_file
AUDITOR_EMAIL = ENVIRONMENT.auditor_email  # who is mailed a checkpoint a day; "" for nobody
SITE_IS_SECURE = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "dsar.ledger",
    "dsar.vault",
    "dsar.jobs",
    "requests_app",
    "exports",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "requests_app.web.lengths.FormLengths",
    "requests_app.web.encoding.only_utf8",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "requests_app.admin.language.in_english",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "dsar.urls"
WSGI_APPLICATION = "dsar.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "requests_app.web.pages.shared_context",
            ],
        },
    },
]

# SQLite: immediate transactions in write-ahead mode; deferred ones fail with "database is locked" as soon as two
# processes read and then write. Synchronous FULL: no power cut may lose a request whose reference the person has seen.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
}
# The key store: no deleted key may stay in a free page.
SQLITE_KEY_STORE_OPTIONS: dict[str, Any] = {
    **SQLITE_OPTIONS,
    "init_command": f"{SQLITE_OPTIONS['init_command']}PRAGMA secure_delete=ON;",
}


def _database(found: dict[str, Any], sqlite_options: dict[str, Any]) -> dict[str, Any]:
    database = dict(found)
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = {**sqlite_options, **database.get("OPTIONS", {})}
    return database


# `migrate` makes and owns the tables. Whatever else runs does so as a role that owns none: it can't take the triggers
# away that keep the histories as they were written.
OWNER_DATABASE = ENVIRONMENT.owner_database if sys.argv[1:2] == ["migrate"] else None
RUNTIME_ROLE: str = ENVIRONMENT.database["USER"] if ENVIRONMENT.owner_database else ""

DATABASES = {
    "default": _database(OWNER_DATABASE or ENVIRONMENT.database, SQLITE_OPTIONS),
    "keys": {
        **_database(ENVIRONMENT.keys_database, SQLITE_KEY_STORE_OPTIONS),
        "TEST": {"DEPENDENCIES": []},  # tests of the vault alone make no main database
    },
}
DATABASE_ROUTERS = ["dsar.vault.router.KeyStoreRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "requests_app.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [  # memory-hard, from the standard library; the second reads what was made before
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = ENVIRONMENT.language
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "templates" / "locale"]
TIME_ZONE = ENVIRONMENT.time_zone
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"  # made with the release; no part of its data
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not STATIC_ROOT.is_dir()  # not collected: served from where they lie

globals().update(ENVIRONMENT.email)  # EMAIL_BACKEND, EMAIL_HOST, ...
DEFAULT_FROM_EMAIL = ENVIRONMENT.from_email
EMAIL_TIMEOUT = 20

SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_IS_SECURE
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if SITE_IS_SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SITE_IS_SECURE else None
X_FRAME_OPTIONS = "DENY"
# Bytes of a form beside its files. The longest is the data map of a large database, on a page of the desk
# (`exports.source_drafts.MOST_TEXT`); of every other page `requests_app.web.lengths` takes 1 MiB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# A paper of 10 MB, or what an owner sends, is sealed from memory and lies nowhere in the clear.
FILE_UPLOAD_MAX_MEMORY_SIZE = max(10 * 1024 * 1024, MOST_UPLOADED) + 1024 * 1024
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "requests_app.web.errors.csrf_failure"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Unfold's Alpine.js evaluates expressions; only the admin carries them.
        "script-src": ["'self'", "'unsafe-eval'", "'unsafe-inline'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["requests_app.api.parsers.ShallowJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Privacy requests",
    "DESCRIPTION": "File a privacy request and follow it; for staff who are signed in, make the moves of a case.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {"Right": "requests_app.api.serializers.RIGHTS"},
}

UNFOLD = {
    "SITE_TITLE": "requests_app.admin.desk.site_title",
    "SITE_HEADER": "requests_app.admin.desk.organisation_name",
    "SITE_SUBHEADER": "Privacy desk",
    "SITE_SYMBOL": "shield_person",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("portal/icon.svg")},
    ],
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda _request: static("desk/desk.css")],
    "DASHBOARD_CALLBACK": "requests_app.admin.dashboard.fill",
    "SIDEBAR": {"navigation": "requests_app.admin.navigation.groups"},
    "COLORS": {
        "primary": {  # a calm blue; white on 600 and 600 on white both have a contrast above 4.5
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(50% .17 258)",
            "700": "oklch(44% .15 258)",
            "800": "oklch(38% .13 258)",
            "900": "oklch(32% .1 258)",
            "950": "oklch(24% .07 258)",
        },
    },
}

# The broker carries ids of jobs and may lose all of them: the table of jobs remembers, and the sweep sends again.
CELERY_BROKER_URL = ENVIRONMENT.redis_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4 * 3600,  # longer than any task, or the broker hands it out again while it runs
    # A broker that is down or hangs must not hold up the web form for long: the sweep sends again.
    "max_retries": 0,
    "socket_connect_timeout": 3,
    "socket_timeout": 3,  # a waiting worker asks once a second
}
CELERY_TASK_TIME_LIMIT = 3 * 3600  # the last resort; what ends a silent handler is its lease
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "dsar.jobs.tasks.sweep_jobs", "schedule": 60, "options": {"expires": 60}},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"private_requests": {"()": "dsar.logs.PrivateRequests"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["private_requests"]},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # Makers of PDF tell of every step.
    "loggers": {name: {"level": "WARNING"} for name in ("weasyprint", "weasyprint.progress", "fontTools")},
}
