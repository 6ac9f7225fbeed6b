"""Settings: one file, read from the environment (.env beside manage.py counts), running when empty.

Without GENESYS_* this is the demo: a simulator stands in for Genesys Cloud.
"""

from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from dcm import demo, env, schedule

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env.read_file(BASE_DIR)
VAR_DIR = env.folder("DCM_VAR_DIR", default=BASE_DIR / "var")

# -- Genesys Cloud ---------------------------------------------------------------------------
GENESYS_CLIENT_ID = env.text("GENESYS_CLIENT_ID")
GENESYS_CLIENT_SECRET = env.secret("GENESYS_CLIENT_SECRET")
GENESYS_REGION = env.text("GENESYS_REGION")  # mypurecloud.de, usw2.pure.cloud, ...
DEMO = not (GENESYS_CLIENT_ID or GENESYS_CLIENT_SECRET or GENESYS_REGION)
SIMULATOR_PORT = env.port("DCM_SIMULATOR_PORT", default=8099)
# The API host; a token is fetched from the login host that belongs to it.
_simulated = f"http://127.0.0.1:{SIMULATOR_PORT}"
_given = env.base_url("GENESYS_BASE_URL")
GENESYS_BASE_URL = _given or (_simulated if DEMO else f"https://api.{GENESYS_REGION}")
if DEMO:
    GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET = "simulator", "simulator"
for _name in ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET", "GENESYS_REGION"):
    if not DEMO and not globals()[_name] and not (_given and _name == "GENESYS_REGION"):
        raise ImproperlyConfigured(
            f"{_name} is not set, but another GENESYS_ variable is: set GENESYS_REGION, "
            "GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, or none of them for the demo"
        )

# -- Where it listens ------------------------------------------------------------------------
BIND = env.text("DCM_BIND", default="127.0.0.1")
PORT = env.port("PORT", default=8000)
# Where others reach it, such as https://dcm.example.org: what genesys_setup tells Genesys.
PUBLIC_URL = env.text("DCM_PUBLIC_URL", default=f"http://127.0.0.1:{PORT}" if DEMO else "")

# -- Security --------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", default=False)
DEMO_KEY = "the demo listens on loopback only: this is no secret"
SECRET_KEY = env.secret("SECRET_KEY", default=DEMO_KEY)
if not DEMO and SECRET_KEY == DEMO_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set: write 50 random characters into it")
# Earlier ones: what was signed or digested with them still holds.
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS")
# What encrypts stored secrets: the first does, all decrypt. Without one it is made of SECRET_KEY.
SECRETS_KEYS = env.secrets("DCM_SECRETS_KEY")
ALLOWED_HOSTS = env.texts("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.texts("CSRF_TRUSTED_ORIGINS", default=[])
# Plain HTTP is for loopback: the demo, or a trial (DCM_HTTPS=0).
HTTPS = env.flag("DCM_HTTPS", default=not DEMO)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("DCM_BEHIND_PROXY", default=False) else None
)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# -- Django ----------------------------------------------------------------------------------
ROOT_URLCONF = "dcm.urls"
WSGI_APPLICATION = "dcm.wsgi.application"
USE_TZ = True
# The demo's centre is made up in a zone where it is busy now: days are counted there.
TIME_ZONE = env.text("TIME_ZONE", default=demo.zone_of(VAR_DIR) if DEMO else "UTC")
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "dcm.formats"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboards:board"
LOGOUT_REDIRECT_URL = "login"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_htmx",
    "csp",
    "dcm",
    "conversations",
    "handling",
    "sla",
    "integrations",
    "dashboards",
]
# Packages of extension code: each is an app, and its module handlers is imported at the start.
EXTENSIONS = env.packages("DCM_EXTENSIONS")
INSTALLED_APPS += EXTENSIONS
MIDDLEWARE = [
    "dcm.middleware.Probes",
    "dcm.middleware.DemoStaysHome",
    "django.middleware.security.SecurityMiddleware",
    "dcm.middleware.Hooks",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
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
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a missing one
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
}

# -- Database --------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {
    "default": env.database("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'dcm.sqlite3'}")
}
ON_SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if ON_SQLITE:
    # Measured: with WAL, IMMEDIATE and a breath between bulk writes nobody is locked out. What is
    # deleted is overwritten, as Debian's SQLite does by itself: personal data must not lie about.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 15,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA secure_delete=ON;",
    }
    # For tests of extension code: in memory, threads lock each other out.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)
# To open SQLite's file and close it again takes longer than to write a webhook into it.
DATABASES["default"]["CONN_MAX_AGE"] = 60

# -- Cache and Celery ------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL")
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR_DIR / "cache",
    }
}
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", default=REDIS_URL or "filesystem://")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
if CELERY_BROKER_URL == "filesystem://":
    _folder = VAR_DIR / "broker"
    _folder.mkdir(exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(_folder),
        "data_folder_out": str(_folder),
        "control_folder": str(_folder / "control"),
        "polling_interval": 0.1,
    }
    CELERY_WORKER_PREFETCH_MULTIPLIER = 16
else:
    # A hung broker must not hang whoever publishes.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "integrations.genesys.*": {"queue": "genesys"},
    "integrations.derive": {"queue": "derive"},
    "integrations.deliver": {"queue": "deliver"},
    "handling.*": {"queue": "derive"},
    "sla.recompute": {"queue": "derive"},
}
CELERY_WORKER_POOL = "dcm.pool:TaskPool"
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_CONCURRENCY = env.number("DCM_WORKER_PROCESSES", default=2, least=1)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = schedule.read(demo=DEMO)
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

# -- DCM -------------------------------------------------------------------------------------
# The first poll looks this far back for conversations that started.
LOOKBACK_DAYS = env.number("DCM_LOOKBACK_DAYS", default=2)
# Open conversations are looked for among those that started in so many days: e-mail threads
# take up to 30 days after they ended.
OPEN_DAYS = env.number("DCM_OPEN_DAYS", default=92)
# From this hour on, in TIME_ZONE, the last seven days are read once more.
NIGHTLY_HOUR = env.number("DCM_NIGHTLY_HOUR", default=3)
# Surveys and evaluations are looked for in conversations that started in so many days.
FEEDBACK_DAYS = env.number("DCM_FEEDBACK_DAYS", default=31)
# Raw documents are kept this long, so that a mapping can be replayed; 0 keeps none.
RAW_SNAPSHOT_DAYS = env.number("DCM_RAW_SNAPSHOT_DAYS", default=14)
# Names, addresses, subjects and notes of conversations are kept this long after their end; 0: for
# ever.
PERSONAL_DATA_DAYS = env.number("DCM_PERSONAL_DATA_DAYS", default=0)
# Agents' presence and routing status are kept this long after they ended.
PRESENCE_DAYS = env.number("DCM_PRESENCE_DAYS", default=400, least=1)
# Alerts, what was done with them, and what was told of them are kept this long after they were
# closed; a week of them is shown.
ALERT_DAYS = env.number("DCM_ALERT_DAYS", default=400, least=7)
# Whether `make run` starts manage.py listen_notifications.
LISTEN = env.flag("DCM_LISTEN", default=True)
# Amazon EventBridge by way of SQS: manage.py consume_sqs, which `make run` starts where it is set.
SQS_QUEUE_URL = env.text("DCM_SQS_QUEUE_URL")
SQS_REGION = env.text("DCM_SQS_REGION")
SQS_ENDPOINT_URL = env.text("DCM_SQS_ENDPOINT_URL")
# What was sent to us is kept this long after it was worked through, and so is which events are
# known: EventBridge may repeat one five days later.
INBOX_DAYS = env.number("DCM_INBOX_DAYS", default=7, least=1)
# What was told to others, or given up, is kept this long.
OUTBOX_DAYS = env.number("DCM_OUTBOX_DAYS", default=30, least=1)
# Beside Authorization: Bearer, a token is taken from this header (EventBridge's API keys).
HOOK_KEY_HEADER = env.header("DCM_HOOK_KEY_HEADER", default="X-API-Key")
# Addresses inside a network that destinations may have; and there plain HTTP is sent to, too.
OUTBOUND_ALLOW = env.networks(
    "DCM_OUTBOUND_ALLOW", default=["127.0.0.0/8", "::1/128"] if DEMO else []
)
# Told each minute while escalations work: somebody outside raises the alarm when it falls silent.
DEADMAN_URL = env.secret("DCM_DEADMAN_URL")
# What Prometheus must know to read /metrics; without one there is no such page.
METRICS_TOKEN = env.secret("DCM_METRICS_TOKEN")
# The mail server of destinations that are e-mail, and as whom it is written.
_mail = env.mail("EMAIL_URL")
EMAIL_READY = bool(_mail)
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST, EMAIL_PORT = _mail.get("EMAIL_HOST", ""), _mail.get("EMAIL_PORT", 0)
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = (_mail.get(f"EMAIL_USE_{how}", False) for how in ("TLS", "SSL"))
EMAIL_TIMEOUT = 10  # seconds, for each step
_sender = EMAIL_HOST_USER if "@" in EMAIL_HOST_USER else ""
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.mailbox("DCM_EMAIL_FROM", default=_sender)
# Handle time: whether work that no queue gave counts, whether a consult leg takes its agent away
# from other work, and which segment types are live work (Genesys reports callback and voicemail
# outside handle time).
COUNT_NON_ACD = env.flag("DCM_COUNT_NON_ACD", default=False)
CONSULT_INTERRUPTS = env.flag("DCM_CONSULT_INTERRUPTS", default=True)
LIVE_SEGMENT_TYPES = env.texts(
    "DCM_LIVE_SEGMENT_TYPES", default=["interact", "dialing", "contacting"]
)
# SQLite's lock is not fair: a bulk writer that never pauses starves the pages.
SQLITE_BREATH_MS = env.number("DCM_SQLITE_BREATH_MS", default=15)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "dcm.logs.EventFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "filters": {"discreet": {"()": "dcm.logs.DiscreetFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["discreet"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env.level("LOG_LEVEL", default="INFO")},
    # Celery tells of every task received and done, and beat of every tick: that is no news.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("celery.app.trace", "celery.worker.strategy", "celery.beat")
    }
    # It warns that filesystem:// names no host.
    | {"kombu.connection": {"level": "ERROR"}},
}
