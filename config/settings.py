"""All settings in one file, read from typed environment variables; nothing here asks the database.

A wrong value ends the start with one line that names the variable. Without any variable the
product runs on SQLite in `var/`, on loopback, which is the embedded default.
"""

import logging
import os
import sys
from pathlib import Path

from environs import Env, EnvError

from config.environment import first_problem, refuse
from config.secret import local_secret_key
from config.sign_in import switch

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()

try:
    # Where the local processes keep their database, key, notes, log files and uploads.
    VAR_DIR = env.path("VAR_DIR", BASE_DIR / "var").resolve()
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    refuse("VAR_DIR", f"{VAR_DIR} cannot be made ({error.strerror}).")
if not os.access(VAR_DIR, os.W_OK):
    refuse("VAR_DIR", f"{VAR_DIR} cannot be written to.")

try:
    DEBUG = env.bool("DEBUG", False)
    TRUST_PROXY = env.bool("TRUST_PROXY", False)
    BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
    SECRET_KEY = env.str("SECRET_KEY", "") or local_secret_key(VAR_DIR)
    SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
    # Remembers erased people by a keyed digest: keep it when SECRET_KEY is changed.
    PRIVACY_KEY = env.str("PRIVACY_KEY", "") or SECRET_KEY
    DATABASE = env.dj_db_url(
        "DATABASE_URL", f"sqlite:///{VAR_DIR / 'desk.sqlite3'}", conn_max_age=60
    )
    EMAIL = env.dj_email_url("EMAIL_URL", "console://")
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Handoff Desk <handoffs@localhost>")
    SLACK_WEBHOOK_URL = env.str("SLACK_WEBHOOK_URL", "")
    # Hosts that webhooks and enrichment may contact: names, or whole origins of one's own.
    OUTGOING_HOSTS: list[str] = env.list("OUTGOING_HOSTS", [])
    REDIS_URL = env.str("REDIS_URL", "")
    TWO_STEP = env.str("TWO_STEP", "off")
    OIDC = switch.Oidc(
        issuer=env.str("OIDC_ISSUER", ""),
        client_id=env.str("OIDC_CLIENT_ID", ""),
        secret=env.str("OIDC_CLIENT_SECRET", ""),
        name=env.str("OIDC_NAME", ""),
    )
    SIGN_IN_FAILURES_PER_ADDRESS = env.int("SIGN_IN_FAILURES_PER_ADDRESS", 20)
    # Days after which something is forgotten, 0 for never: see privacy/retention.py.
    RETENTION = {
        name: env.int(f"RETENTION_{name.upper()}_DAYS", days)
        for name, days in (
            ("stopped", 365),
            ("ended", 730),
            ("outbox", 30),
            ("audit", 730),
            ("sign_in", 30),
        )
    }
    LOG_LEVEL = env.log_level("LOG_LEVEL", logging.INFO)
    LOG_FORMAT = env.str("LOG_FORMAT", "line")
    METRICS_TOKEN = env.str("METRICS_TOKEN", "")
except (EnvError, ValueError) as error:
    # environs words its errors as `Environment variable "X" invalid: …`.
    name = str(error).split('"')[1] if '"' in str(error) else "environment"
    refuse(name, str(error))

OUTGOING_HOSTS = [entry.strip().lower() for entry in OUTGOING_HOSTS if entry.strip()]
if wrong := first_problem(globals()) or switch.problem(TWO_STEP, OIDC):
    refuse(*wrong)

ON_SQLITE = DATABASE["ENGINE"].endswith("sqlite3")
HTTPS = BASE_URL.startswith("https://")

# --- The house -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_q",
    "django_filters",
    "import_export",
    "phonenumber_field",
    "axes",
    "config",
    "team",
    "accounts",
    "messaging",
    "handoffs",
    "sla",
    "reports",
    "privacy",
]

MIDDLEWARE = [
    "config.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.Counted",
    "django.middleware.gzip.GZipMiddleware",
    "config.once_more.OnceMore",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.SessionAge",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.PersonsTimeZone",
    "config.middleware.OwnPassword",
    "config.middleware.ClearAnswers",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
            ]
        },
    }
]

# --- Database: WAL + IMMEDIATE + a long busy timeout, so that nobody sees "database is locked" --

if ON_SQLITE:
    DATABASE["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            # 16 MB of pages: with 2 an import takes four times as long. Web: see wsgi.py
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"
        ),
    }
    # A file, not memory: tests of concurrency open connections of their own.
    DATABASE["TEST"] = {"NAME": VAR_DIR / f"test-{os.getpid()}.sqlite3"}
else:
    # Kept by the server, in milliseconds: see docs/decisions/0018-how-long-the-database-waits.md
    SERVER_LIMITS = {
        "statement_timeout": 30_000,
        "lock_timeout": 10_000,
        "idle_in_transaction_session_timeout": 60_000,
    }
    DATABASE["ENGINE"] = "config.postgresql"  # which gives up on a server that hangs
    DATABASE.setdefault("OPTIONS", {}).update(
        {
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,
            "options": " ".join(f"-c {name}={value}" for name, value in SERVER_LIMITS.items()),
        }
    )
    DATABASE["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": DATABASE}

# --- People and sign-in ----------------------------------------------------------------------

AUTH_USER_MODEL = "team.User"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "team.backends.PasswordBackend",
    "team.backends.RoleBackend",
]
# Who may do what with which model, by role: see config/permissions.py.
ROLE_PERMISSIONS = "config.permissions.BY_ROLE"
PASSWORD_HASHERS = [
    "team.hashers.Argon2id",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "team.passwords.ContextWords"},
    {"NAME": "team.passwords.NotTheOneGiven"},
]
# How long somebody who mistypes waits: see team/sign_in.py.
AXES_HANDLER = "team.sign_in.SignInGuard"
AXES_USERNAME_CALLABLE = "team.sign_in.name_tried"
AXES_CLIENT_IP_CALLABLE = "team.sign_in.client_address"
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # trying while one waits adds nothing
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "config.views.locked_out"
AXES_HTTP_RESPONSE_CODE = 429
AXES_DISABLE_ACCESS_LOG = True

SESSION_COOKIE_AGE = 8 * 60 * 60  # idle
SESSION_LONGEST = 12 * 60 * 60  # whatever is done in it: see config.middleware.SessionAge
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False  # the page's own scripts send it back with their requests
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
# A message may name a prospect: it stays on the server, and goes with the session
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = HTTPS and not TRUST_PROXY
# Pages are sent on to https; a machine has to hear that it asks in the clear
SECURE_REDIRECT_EXEMPT = [r"^hooks/", r"^metrics$", r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = False
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # preload is the domain owner's choice, not ours
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# Four lists of fifty rows in one package, and some air.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 5

# Unfold writes two style blocks into its pages: the colours of UNFOLD["COLORS"] and htmx's
# indicator. The first hash changes with the colours; tests/handoffs/test_csp.py computes it.
# Inline style attributes are Unfold's as well.
STYLE_BLOCKS = [
    "'sha256-KYubc+qlNz8aBh3vJvSBV0GApg3mKX4G9qZanQ3eihM='",
    "'sha256-bsV5JivYxvGywDAZ22EZJKBFip65Ng9xoJVLbBg7bdo='",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src-elem": ["'self'", *STYLE_BLOCKS],
        "style-src-attr": ["'unsafe-inline'"],
        "style-src": ["'self'", *STYLE_BLOCKS],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
    }
}

# --- Time, words, files ----------------------------------------------------------------------

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = False
FORMS_URLFIELD_ASSUME_HTTPS = True
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"
PHONENUMBER_DB_FORMAT = "E164"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "uploads", "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG or "pytest" in sys.modules:
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True  # looked for when asked for
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False  # nobody else’s page has business with our files

# --- The post office -------------------------------------------------------------------------

EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL["EMAIL_HOST"] or "localhost"
EMAIL_PORT = EMAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER = EMAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = EMAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = EMAIL["EMAIL_USE_TLS"]
EMAIL_USE_SSL = EMAIL["EMAIL_USE_SSL"]
# In seconds; Django's own default is to wait for ever
EMAIL_TIMEOUT = EMAIL.get("EMAIL_TIMEOUT") or 15

# --- Imports (django-import-export) ------------------------------------------------------------

IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "change"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_SKIP_ADMIN_LOG = True

# --- The worker. Tasks are pokes: the truth is rows (clocks, outbox), see docs/decisions ---------

Q_CLUSTER = {
    "name": "handoff-desk",
    # SQLite takes one writer at a time: a second process would only wait for the first
    "workers": 1 if ON_SQLITE else 2,
    "timeout": 60,
    "retry": 240,  # > 3 x timeout: django-q2 starts the count when a task is fetched ahead
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "bulk": 1,
    "queue_limit": 2,
    "save_limit": 50,
    "recycle": 500,
    "guard_cycle": 1,
    "poll": 0.5,
    "time_zone": "UTC",
    "orm": "default",
    "broker_class": "config.broker.DatabaseQueue",
    "label": "Worker",
}
if REDIS_URL:
    del Q_CLUSTER["orm"]
    Q_CLUSTER |= {"redis": REDIS_URL, "broker_class": "config.broker.RedisQueue"}

CACHES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "config.cache.ForgetfulRedis",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.Line"}, "json": {"()": "config.logs.Json"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        # A line for each answer is for machines
        "handoffdesk.access": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
        "django-q": {"level": "WARNING"},  # else four lines for every heartbeat
    },
}

if METRICS_TOKEN:
    # Read by prometheus_client when it is imported: where web processes add up their counts
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(VAR_DIR / "metrics"))
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(mode=0o700, exist_ok=True)

SIGN_IN_PAGES = TWO_STEP != "off" or bool(OIDC.issuer)
if SIGN_IN_PAGES:
    switch.turn_on(globals(), TWO_STEP, OIDC, BASE_URL)

from config.frame import UNFOLD  # noqa: E402  the look of the admin and its menu

if TWO_STEP != "off":
    UNFOLD["ACCOUNT"] = {"navigation": [switch.MENU_ENTRY]}
