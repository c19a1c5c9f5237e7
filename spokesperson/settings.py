"""Settings from environment variables (docs/settings.md); an invalid value stops the start with one sentence."""

import re
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from core.database import SQLITE_OPTIONS, postgresql_options
from core.logs import logging_settings
from core.s3 import Bucket, is_s3
from spokesperson.environment import Environment

PACKAGE_DIR = Path(__file__).resolve().parent
# Templates, static files and catalogues are next to this package in a checkout, and inside it in a wheel.
IN_WHEEL = (PACKAGE_DIR / "templates").is_dir()
BASE_DIR = PACKAGE_DIR if IN_WHEEL else PACKAGE_DIR.parent
env = Environment()

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

_database = env.database("DATABASE_URL", sqlite=DATA_DIR / "spokesperson.sqlite3")
DATABASES = {"default": _database}
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # Before Django's checks query the database. Only the owner can read the folder.
    try:
        DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR cannot be made: {error}") from error
    _database["OPTIONS"] = SQLITE_OPTIONS
else:
    postgresql = partial(
        postgresql_options,
        pool_size=env.number("DATABASE_POOL_SIZE", default=8),
        statement_timeout=env.number("STATEMENT_TIMEOUT", default=30),
    )
    _database["OPTIONS"] = postgresql()

# Public pages read from the replicas that are at most REPLICA_MAX_LAG seconds behind (core.replicas).
REPLICA_MAX_LAG = env.number("REPLICA_MAX_LAG", default=2)
REPLICAS: list[str] = []
for _replica in env.replicas("REPLICA_URLS", of=_database):
    REPLICAS.append(f"replica{len(REPLICAS) + 1}")
    DATABASES[REPLICAS[-1]] = {**_replica, "OPTIONS": postgresql(alias=REPLICAS[-1])}
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
# Management commands and functions that the task worker runs (core.periodic), each with its interval.
PERIODIC_JOBS = {
    "core.periodic.requeue_lost_tasks": timedelta(minutes=1),
    "core.tasks.send_pending_emails": timedelta(minutes=1),
    "core.images.delete_pending_files": timedelta(minutes=1),
    "articles.services.images.finish_moves": timedelta(minutes=1),
    "articles.readership.services.rollup": timedelta(minutes=1),
    "articles.promotion.services.tracking.add_pending_counts": timedelta(minutes=1),
    "articles.promotion.tasks.finish_promotions": timedelta(minutes=10),
    # Also destroys the daily keys of visitors.
    "articles.readership.services.delete_old_data": timedelta(hours=1),
    "articles.promotion.services.tracking.delete_old_events": timedelta(hours=1),
    "spokesperson.statistics.record": timedelta(hours=1),
    "articles.services.checkpoints.delete_old": timedelta(hours=1),
    "articles.services.drafts.delete_trashed": timedelta(hours=1),
    "clearsessions": timedelta(days=1),
    "accounts.services.delete_unconfirmed_users": timedelta(hours=1),
    "prune_db_task_results --queue-name=* --min-age-days=1 --failed-min-age-days=14": timedelta(days=1),
    "recount --check": timedelta(days=1),
    "verify_ledger": timedelta(days=1),
    "rebuild_search --check": timedelta(days=7),
    "check_images": timedelta(days=7),
}

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
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE must be a name such as UTC or Asia/Yerevan; it is {TIME_ZONE!r}.")

# --- Accounts ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my_articles"
LOGOUT_REDIRECT_URL = "front"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "add_email": "accounts.forms.AddEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
# The address is confirmed before the first log-in, so that a sign-up with the address of an account looks like any
# other. The link logs the new user in, in the browser of the sign-up.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL = "account"
ACCOUNT_LOGIN_TIMEOUT = 60 * 60
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_USERNAME_BLACKLIST = [
    *(
        "abuse",
        "admin",
        "administrator",
        "all",
        "anonymous",
        "api",
        "author",
        "authors",
        "contact",
        "deleted",
        "editor",
    ),
    *("everyone", "help", "hostmaster", "info", "mail", "mod", "moderation", "moderator", "news", "no-reply", "nobody"),
    *("noreply", "null", "official", "owner", "postmaster", "root", "security", "settings", "site", "spokesperson"),
    *("staff", "static", "support", "system", "team", "undefined", "user", "users", "webmaster", "www"),
]
ACCOUNT_USERNAME_VALIDATORS = "accounts.models.username_validators"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _origin.scheme
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    # For codes of two-factor authentication, by user; accounts.adapter has the limits for passwords.
    "login_failed": "30/5m/ip,10/5m/key",
    "signup": "20/h/ip",
    # The key is the recipient's address.
    "reset_password": "20/h/ip,5/h/key",
    "confirm_email": "3/10m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", default=0)
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateCodeForm",
    "reauthenticate": "accounts.forms.ReauthenticateCodeForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
}
# Clocks of phones differ by some seconds.
MFA_TOTP_TOLERANCE = 1

CRISPY_TEMPLATE_PACK = CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"

# --- Payments for promotions -----------------------------------------------------------------

# "manual" is always there, so that earlier transfers can be refunded.
PAYMENTS = env.one_of("PAYMENTS", "manual", ("manual", "dummy", "stripe"))
PAYMENT_VARIANTS: dict[str, tuple[str, dict[str, str]]] = {"manual": ("payments.core.BasicProvider", {})}
if PAYMENTS == "dummy":
    if HTTPS:
        raise ImproperlyConfigured("PAYMENTS=dummy only pretends to take money: it is refused with an https ORIGIN.")
    PAYMENT_VARIANTS["dummy"] = ("articles.promotion.payments.DummyProvider", {})
elif PAYMENTS == "stripe":
    STRIPE_KEY = env.str("STRIPE_KEY", default="")
    STRIPE_ENDPOINT_SECRET = env.str("STRIPE_ENDPOINT_SECRET", default="")
    if not STRIPE_KEY.startswith(("sk_", "rk_")) or not STRIPE_ENDPOINT_SECRET.startswith("whsec_"):
        raise ImproperlyConfigured(
            "PAYMENTS=stripe needs STRIPE_KEY (it begins with sk_ or rk_) and STRIPE_ENDPOINT_SECRET (whsec_...)."
        )
    env.require_package("stripe", "PAYMENTS=stripe")
    PAYMENT_VARIANTS["stripe"] = (
        "articles.promotion.payments.stripe_checkout.StripeProvider",
        {"api_key": STRIPE_KEY, "endpoint_secret": STRIPE_ENDPOINT_SECRET},
    )
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
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", default=3600) if HTTPS else 0
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
MEDIA_STORAGE_URL = env.str("MEDIA_STORAGE_URL", default="")
if MEDIA_STORAGE_URL:
    try:
        Bucket(MEDIA_STORAGE_URL)
    except ValueError as error:
        raise ImproperlyConfigured(f"MEDIA_STORAGE_URL {error}.") from error
    STORAGES["default"] = {"BACKEND": "core.storage.S3Storage", "OPTIONS": {"url": MEDIA_STORAGE_URL}}
MEDIA_URL = env.str("MEDIA_URL", default="/media/")
if MEDIA_URL != "/media/":
    if not re.fullmatch(r"https://[\w.-]+(:\d+)?/([\w.-]+/)*", MEDIA_URL):
        raise ImproperlyConfigured(
            f"MEDIA_URL must be /media/ or the address of a host for images, such as https://media.example.org/; it is "
            f"{MEDIA_URL!r}."
        )
    SECURE_CSP["img-src"].append("/".join(MEDIA_URL.split("/")[:3]))
BACKUP_URL = env.str("BACKUP_URL", default="")
if BACKUP_URL:
    if is_s3(BACKUP_URL):
        try:
            Bucket(BACKUP_URL)
        except ValueError as error:
            raise ImproperlyConfigured(f"BACKUP_URL {error}.") from error
    elif not BACKUP_URL.startswith("/"):
        raise ImproperlyConfigured(
            f"BACKUP_URL must be a folder that begins with / or a bucket (s3://); it is {BACKUP_URL!r}."
        )
    PERIODIC_JOBS["spokesperson.operations.backup.start"] = timedelta(days=1)
BACKUP_RECIPIENT = env.str("BACKUP_RECIPIENT", default="")
_retention = env.str("BACKUP_RETENTION", default="7,4,12")
if not re.fullmatch(r"\d{1,4},\d{1,4},\d{1,4}", _retention, re.ASCII):
    raise ImproperlyConfigured(
        f"BACKUP_RETENTION must be numbers of days, weeks and months, such as 7,4,12; it is {_retention!r}."
    )
BACKUP_RETENTION = tuple(map(int, _retention.split(",")))

# --- Observation (docs/operating.md, Observe) ----------------------------------------------------

# Where the web processes answer Prometheus; the task worker answers at the next port. "" is off.
METRICS_ADDRESS = env.host_and_port("METRICS_ADDRESS")
# OpenTelemetry reads the other variables that begin with OTEL_ itself.
TRACING = bool(env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""))
SENTRY_DSN = env.str("SENTRY_DSN", default="")
for _is_on, _variable, _package, _extra in (
    (METRICS_ADDRESS, "METRICS_ADDRESS", "prometheus_client", "metrics"),
    (TRACING, "OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry", "tracing"),
    (SENTRY_DSN, "SENTRY_DSN", "sentry_sdk", "sentry"),
):
    if _is_on and find_spec(_package) is None:
        raise ImproperlyConfigured(
            f"{_variable} needs the package {_package}: pip install --require-hashes -r requirements-{_extra}.txt"
        )
if METRICS_ADDRESS:
    MIDDLEWARE.insert(0, "spokesperson.metrics.count_requests")
if TRACING:
    MIDDLEWARE.insert(0, "spokesperson.tracing.trace_requests")

# The variables above, for the check of misspelt names.
ENVIRONMENT_VARIABLES = frozenset(env.names)
