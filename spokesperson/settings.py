"""Settings from environment variables (docs/settings.md); an invalid value stops the start with one sentence."""

from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from core.logs import logging_settings

# The settings of accounts, log-in and allauth, which do not depend on the environment.
from spokesperson.account_settings import *  # noqa: F403
from spokesperson.connections import Connections
from spokesperson.periodic_jobs import BACKUP_JOB, PERIODIC_JOBS

PACKAGE_DIR = Path(__file__).resolve().parent
# Templates, static files and catalogues are next to this package in a checkout, and inside it in a wheel.
IN_WHEEL = (PACKAGE_DIR / "templates").is_dir()
BASE_DIR = PACKAGE_DIR if IN_WHEEL else PACKAGE_DIR.parent
env = Connections()

# --- Site ------------------------------------------------------------------------------------

# The public URL of the site. URLs in emails and feeds, cookies and HSTS follow from it, never from a Host header.
_origin = env.origin("ORIGIN")
ORIGIN = _origin.geturl()
HTTPS = _origin.scheme == "https"
ALLOWED_HOSTS = [str(_origin.hostname), *env.hosts("EXTRA_HOSTS")]
# Never among the installed packages.
DATA_DIR = Path(env.str("DATA_DIR", default=str((Path() if IN_WHEEL else BASE_DIR) / "var"))).absolute()
DEBUG = env.bool("DEBUG", default=False)
if DEBUG and HTTPS:
    raise ImproperlyConfigured("DEBUG shows secrets to strangers: it is refused with an https ORIGIN.")
SECRET_KEY = env.secret("SECRET_KEY", file=env.str("SECRET_KEY_FILE", default=""))

# --- Applications ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "spokesperson",
    "demo",
    "articles.moderation",
    "articles.promotion",
    "articles.readership",
    "articles.voting",
    "articles.search",
    "articles",
    "accounts",
    "core",
    "accounts.apps.SiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.apple",
    "allauth.socialaccount.providers.facebook",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.telegram",
    "allauth.socialaccount.providers.vk",
    "allauth.socialaccount.providers.yandex",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "django_prose_editor",
    "django_tasks_db",
]

MIDDLEWARE = [
    "core.logs.remember_request",
    # Outermost, so that it applies to what the others refuse.
    "spokesperson.middleware.default_headers",
    "spokesperson.middleware.language_from_path",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    # Before what looks at the host or needs the database.
    "spokesperson.health.answer_probes",
    "spokesperson.middleware.refuse_malformed_requests",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.database.refuse_while_away",
    "spokesperson.middleware.refuse_writes_in_maintenance",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.AccountPagesMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

# Installed by `make dev`, not in production.
DEBUG_TOOLBAR = DEBUG and find_spec("debug_toolbar") is not None
if DEBUG_TOOLBAR:
    INSTALLED_APPS.append("debug_toolbar")
    MIDDLEWARE.insert(0, "debug_toolbar.middleware.DebugToolbarMiddleware")
    INTERNAL_IPS = ["127.0.0.1"]

ROOT_URLCONF = "spokesperson.urls"
# With DEBUG without the page cache, which would show a change only after seconds.
WSGI_APPLICATION = None if DEBUG else "spokesperson.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.csp",
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "spokesperson.context_processors.site",
            ],
        },
    }
]

# --- Data ------------------------------------------------------------------------------------

# Replicas too: public pages read from those that are at most REPLICA_MAX_LAG seconds behind (core.replicas).
DATABASES = env.databases("DATABASE_URL", sqlite=DATA_DIR / "spokesperson.sqlite3")
PGBOUNCER_URL = env.str("PGBOUNCER_URL", default="")
REPLICA_MAX_LAG = env.number("REPLICA_MAX_LAG", default=2)
REPLICAS = [alias for alias in DATABASES if alias != "default"]
if REPLICAS:
    DATABASE_ROUTERS = ["core.replicas.ReplicaRouter"]
    MIDDLEWARE.insert(MIDDLEWARE.index("core.database.refuse_while_away"), "core.replicas.ReplicaMiddleware")

_fragments = f"django.core.cache.backends.{'dummy.DummyCache' if DEBUG else 'locmem.LocMemCache'}"
CACHES = {
    # Shared by all processes, for rate limits and locks (core.cache says what happens while it fails).
    "default": env.shared_cache("CACHE_URL", sqlite=DATA_DIR / "cache" / "shared.sqlite3", is_public=HTTPS),
    # The memory of each process, for what every page needs and can be a few seconds old.
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "local"},
    # Used by {% cache %}. Texts of articles can be long, so there are fewer of them.
    "template_fragments": {"BACKEND": _fragments, "LOCATION": "templates", "OPTIONS": {"MAX_ENTRIES": 2000}},
    "article_fragments": {"BACKEND": _fragments, "LOCATION": "articles", "OPTIONS": {"MAX_ENTRIES": 100}},
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# spokesperson.middleware refuses larger bodies before they are read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 4
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "core.uploads.LimitedFileUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Email -----------------------------------------------------------------------------------

EMAIL_URL = env.str("EMAIL_URL", default="consolemail://")
MAILERS = {"default": env.mailer("EMAIL_URL", timeout=10)}
DEFAULT_FROM_EMAIL = env.email_address("MAIL_FROM", default=f"spokesperson@{_origin.hostname}")

# --- Language and time -----------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский"), ("hy", "Հայերեն")]
# The second has translations that libraries lack.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "libraries"]
FORMAT_MODULE_PATH = "spokesperson.formats"
TIME_ZONE = env.time_zone("TIME_ZONE", default="UTC")

# --- Accounts ----------------------------------------------------------------------------------

ACCOUNT_DEFAULT_HTTP_PROTOCOL = _origin.scheme
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", default=0)

CRISPY_TEMPLATE_PACK = CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"

# --- Payments for promotions -----------------------------------------------------------------

PAYMENTS = env.one_of("PAYMENTS", "manual", ("manual", "dummy", "stripe"))
PAYMENT_VARIANTS = env.payment_variants(PAYMENTS, is_public=HTTPS)
PAYMENT_INSTRUCTIONS = env.str("PAYMENT_INSTRUCTIONS", default="", multiline=True)
PAYMENT_MODEL = "promotion.Payment"
PAYMENT_HOST = _origin.netloc
PAYMENT_USES_SSL = HTTPS

# --- Security --------------------------------------------------------------------------------

SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
CSRF_FAILURE_VIEW = "spokesperson.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [ORIGIN]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Browsers keep HSTS for its whole time, whatever the site says later: long times and subdomains only when asked for.
SECURE_HSTS_SECONDS = HTTPS * env.number("HSTS_SECONDS", default=3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_SSL_REDIRECT = HTTPS
# With the port, which proxies may drop from the Host header.
SECURE_SSL_HOST = _origin.netloc
SECURE_REDIRECT_EXEMPT = [r"^(health|live|ready)/"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    # The payment form redirects to Stripe.
    "form-action": [CSP.SELF, "https://checkout.stripe.com"] if PAYMENTS == "stripe" else [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

# --- Limits ----------------------------------------------------------------------------------

PAGE_CACHE_BYTES = env.number("PAGE_CACHE_MB", default=32) * 1024 * 1024
# Articles on one page of a list.
PAGE_SIZE = 12
VIEWS_PER_ADDRESS = env.number("VIEWS_PER_ADDRESS", default=50)
BEACONS_AT_ONCE = env.number("BEACONS_AT_ONCE", default=56)
SEARCHES_PER_MINUTE = env.number("SEARCHES_PER_MINUTE", default=60)
IMAGE_QUOTA_BYTES = env.number("IMAGE_QUOTA_MB", default=500) * 1024 * 1024

LOG_LEVEL = env.one_of("LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.one_of("LOG_FORMAT", "json" if HTTPS else "plain", ("json", "plain"))
LOGGING = logging_settings(level=LOG_LEVEL, formatter=LOG_FORMAT)

# --- Backups and object storage ----------------------------------------------------------------

# Images are in MEDIA_ROOT, or in a bucket. Their URLs are paths of this site, or those of a host of their own.
MEDIA_STORAGE_URL = env.bucket("MEDIA_STORAGE_URL")
if MEDIA_STORAGE_URL:
    STORAGES["default"] = {"BACKEND": "core.storage.S3Storage", "OPTIONS": {"url": MEDIA_STORAGE_URL}}
MEDIA_URL = env.media_url("MEDIA_URL")
if MEDIA_URL != "/media/":
    SECURE_CSP["img-src"].append("/".join(MEDIA_URL.split("/")[:3]))
BACKUP_URL = env.folder_or_bucket("BACKUP_URL")
if BACKUP_URL:
    PERIODIC_JOBS = {**PERIODIC_JOBS, **BACKUP_JOB}
BACKUP_RECIPIENT = env.str("BACKUP_RECIPIENT", default="")
BACKUP_RETENTION = env.retention("BACKUP_RETENTION", default="7,4,12")

# --- Observation (docs/operating.md, Observe) ----------------------------------------------------

# Where the web processes answer Prometheus; the task worker answers at the next port. "" is off.
METRICS_ADDRESS = env.host_and_port("METRICS_ADDRESS")
if METRICS_ADDRESS:
    env.require_package("prometheus_client", "METRICS_ADDRESS", extra="metrics")
    MIDDLEWARE.insert(0, "spokesperson.metrics.count_requests")
# OpenTelemetry reads the other variables that begin with OTEL_ itself.
TRACING = bool(env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""))
if TRACING:
    env.require_package("opentelemetry", "OTEL_EXPORTER_OTLP_ENDPOINT", extra="tracing")
    MIDDLEWARE.insert(0, "spokesperson.tracing.trace_requests")
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    env.require_package("sentry_sdk", "SENTRY_DSN", extra="sentry")

# The variables above, for the check of misspelt names.
ENVIRONMENT_VARIABLES = frozenset(env.names)
