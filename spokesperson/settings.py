"""Settings from environment variables (docs/settings.md); an invalid value stops the start with one sentence."""

import re
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from core.database import check_connection
from spokesperson.environment import Environment

PACKAGE_DIR = Path(__file__).resolve().parent
# Templates, static files and catalogues are next to this package in a checkout, and inside it in a wheel.
IN_WHEEL = (PACKAGE_DIR / "templates").is_dir()
BASE_DIR = PACKAGE_DIR if IN_WHEEL else PACKAGE_DIR.parent
env = Environment()

# --- Site ------------------------------------------------------------------------------------

# The public URL of the site. URLs in emails and feeds, cookies and HSTS follow from it, never from a Host header.
ORIGIN = env.str("ORIGIN", default="").rstrip("/")
try:
    _origin = urlsplit(ORIGIN)
except ValueError:
    _origin = urlsplit("")
if _origin.scheme not in {"http", "https"} or not _origin.hostname or _origin.path or _origin.query:
    raise ImproperlyConfigured(
        "ORIGIN must be the site's address without a path, such as https://news.example.org; "
        f"it is {ORIGIN!r}. `make demo` sets it for you."
    )
HTTPS = _origin.scheme == "https"
if not HTTPS and _origin.hostname not in {"localhost", "127.0.0.1", "::1", "testserver"}:
    raise ImproperlyConfigured(
        f"ORIGIN {ORIGIN!r} is plain http on a public name. Use https, or 127.0.0.1 to try the site."
    )
ALLOWED_HOSTS = [_origin.hostname, *env.list("EXTRA_HOSTS", default=[])]
if any("*" in host or host.startswith(".") for host in ALLOWED_HOSTS):
    raise ImproperlyConfigured("EXTRA_HOSTS takes exact names; wildcards are refused.")

# Never among the installed packages.
DATA_DIR = Path(env.str("DATA_DIR", default=str((Path() if IN_WHEEL else BASE_DIR) / "var"))).absolute()
DEBUG = env.bool("DEBUG", default=False)
if DEBUG and HTTPS:
    raise ImproperlyConfigured("DEBUG shows secrets to strangers: it is refused with an https ORIGIN.")

SECRET_KEY = env.str("SECRET_KEY", default="")
if _key_file := env.str("SECRET_KEY_FILE", default=""):
    try:
        SECRET_KEY = Path(_key_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"SECRET_KEY_FILE cannot be read: {error}") from error
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        "SECRET_KEY (or the file that SECRET_KEY_FILE names) must hold at least 50 characters. Make one with:\n"
        '  python -c "import secrets; print(secrets.token_urlsafe(64))"'
    )

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

DATABASE_URL = env.str("DATABASE_URL", default="")
# No URL by default: the name of a folder can contain characters that are special in URLs.
_database = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "spokesperson.sqlite3"}
if DATABASE_URL:
    try:
        _database = env.db_url_config(DATABASE_URL)
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgres://user:password@host:5432/name, with special characters of the "
            "password percent-encoded."
        ) from error
DATABASES = {"default": _database}
if not DATABASE_URL:
    # Before Django's checks query the database. Only the owner can read the folder.
    try:
        DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR cannot be made: {error}") from error
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        # Writers wait at the start of their transaction instead of failing in the middle (IMMEDIATE); a commit
        # survives a power cut (synchronous=FULL).
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-32000; PRAGMA mmap_size=134217728;"
        ),
    }
elif _database["ENGINE"] == "django.db.backends.postgresql":
    STATEMENT_TIMEOUT = env.number("STATEMENT_TIMEOUT", default=30)
    _database["OPTIONS"] = {
        "pool": {
            "min_size": 1,
            "max_size": env.number("DATABASE_POOL_SIZE", default=8),
            "timeout": 5,
            "reconnect_timeout": 5,
            "check": check_connection,
        },
        "connect_timeout": 3,
        "tcp_user_timeout": 10_000,
        "options": (
            f"-c statement_timeout={STATEMENT_TIMEOUT}s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
        ),
        # To plan a page's queries takes longer than to run them, so statements are prepared. Values are sent apart
        # from them: what a connection keeps of its last hundred statements must not hold texts of users.
        "server_side_binding": True,
        "prepare_threshold": 2,
    }
else:
    raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:// or postgres://.")

# "default" is shared by all processes, for rate limits and locks (core.cache says what happens while it fails). "local"
# is the memory of each process, for what every page needs and can be a few seconds old.
CACHE_URL = env.str("CACHE_URL", default="")
if HTTPS and CACHE_URL.startswith(("locmem", "dummy")):
    raise ImproperlyConfigured("CACHE_URL must be a cache that all processes share, such as redis://localhost:6379/0.")
if CACHE_URL.startswith("redis") and find_spec("redis") is None:
    raise ImproperlyConfigured(
        "CACHE_URL=redis://... needs the package redis: pip install --require-hashes -r requirements-redis.txt"
    )
_cache = env.cache_url_config(CACHE_URL) if CACHE_URL else {}
if not CACHE_URL:
    _cache = {"BACKEND": "core.cache.FailoverSQLiteCache", "LOCATION": DATA_DIR / "cache" / "shared.sqlite3"}
elif _cache["BACKEND"].endswith("RedisCache"):
    _cache["BACKEND"] = "core.cache.FailoverRedisCache"
    _cache.setdefault("OPTIONS", {}).update(socket_connect_timeout=1, socket_timeout=1)
CACHES = {
    "default": _cache,
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "local"},
    # Used by {% cache %}. Texts of articles can be long, so there are fewer of them.
    **{
        name: {
            "BACKEND": f"django.core.cache.backends.{'dummy.DummyCache' if DEBUG else 'locmem.LocMemCache'}",
            "LOCATION": name,
            "OPTIONS": {"MAX_ENTRIES": max_entries},
        }
        for name, max_entries in {"template_fragments": 2000, "article_fragments": 100}.items()
    },
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# Management commands and functions that the task worker runs (core.periodic), each with its interval.
PERIODIC_JOBS = {
    "core.periodic.requeue_lost_tasks": timedelta(minutes=1),
    "core.tasks.send_pending_emails": timedelta(minutes=1),
    "articles.services.images.finish_moves": timedelta(minutes=1),
    "articles.readership.services.rollup": timedelta(minutes=1),
    "articles.promotion.services.tracking.add_pending_counts": timedelta(minutes=1),
    "close_promotions": timedelta(minutes=10),
    # Also destroys the daily keys of visitors.
    "articles.readership.services.delete_old_data": timedelta(hours=1),
    "articles.promotion.services.tracking.delete_old_events": timedelta(hours=1),
    "spokesperson.statistics.record": timedelta(hours=1),
    "clearsessions": timedelta(days=1),
    "accounts.services.delete_unconfirmed_users": timedelta(hours=1),
    "prune_db_task_results --queue-name=* --min-age-days=1 --failed-min-age-days=14": timedelta(days=1),
    "recount --check": timedelta(days=1),
    "verify_ledger": timedelta(days=1),
    "rebuild_search --check": timedelta(days=7),
}

MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
MEDIA_URL = "/media/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# An image of 10 MB and the other fields; a larger body is refused before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 4
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "core.uploads.LimitedFileUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
MAX_BODY_BYTES = 12 * 1024 * 1024
# Of a form with a file of a signed-in user: an image that is too large is an error of its field, not a lost form.
MAX_UPLOAD_BODY_BYTES = 40 * 1024 * 1024

# --- Email -----------------------------------------------------------------------------------

# Without a mail server, emails are printed to the console.
environ.Env.EMAIL_SCHEMES["consolemail"] = "core.console_mail.EmailBackend"
EMAIL_URL = env.str("EMAIL_URL", default="consolemail://")
try:
    _mail = environ.Env.email_url_config(EMAIL_URL)
except (ValueError, ImproperlyConfigured):
    _mail = {}
if not _mail or EMAIL_URL.startswith("smtps:"):
    raise ImproperlyConfigured(
        "EMAIL_URL must begin with smtp+tls:// (STARTTLS, usually port 587), smtp+ssl:// (TLS, usually port 465) or "
        "smtp:// (not encrypted), such as smtp+tls://user:password@mail.example.org:587."
    )
_mail_options = {}
if _mail["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
    _mail_options = {
        "host": _mail["EMAIL_HOST"],
        "port": _mail["EMAIL_PORT"],
        "username": _mail["EMAIL_HOST_USER"],
        "password": _mail["EMAIL_HOST_PASSWORD"],
        "use_tls": "EMAIL_USE_TLS" in _mail,
        "use_ssl": "EMAIL_USE_SSL" in _mail,
        "timeout": 20,
    }
elif _mail["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
    _mail_options = {"file_path": "/" + _mail["EMAIL_FILE_PATH"].lstrip("/")}
MAILERS = {"default": {"BACKEND": _mail["EMAIL_BACKEND"], "OPTIONS": _mail_options}}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default=f"spokesperson@{_origin.hostname}")
if not re.fullmatch(r"([^<>\n]+ <)?[^@\s<>]+@[^@\s<>]+(?(1)>)", DEFAULT_FROM_EMAIL):
    raise ImproperlyConfigured(
        f"MAIL_FROM must be an address, such as news@example.org or Our news <news@example.org>; it is "
        f"{DEFAULT_FROM_EMAIL!r}."
    )

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
    *("abuse", "admin", "administrator", "all", "anonymous", "api", "author", "authors", "contact", "deleted"),
    *("editor", "everyone", "help", "hostmaster", "info", "mail", "mod", "moderation", "moderator", "news"),
    *("no-reply", "nobody", "noreply", "null", "official", "owner", "postmaster", "root", "security", "settings"),
    *("site", "spokesperson", "staff", "static", "support", "system", "team", "undefined", "user", "users"),
    *("webmaster", "www"),
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

# "manual": a moderator confirms a transfer. "dummy": a form that pretends, for demonstrations and tests. "stripe":
# Stripe Checkout, with the extra `stripe`. "manual" is always there, so that earlier transfers can be refunded.
PAYMENTS = env.one_of("PAYMENTS", "manual", ("manual", "dummy", "stripe"))
PAYMENT_VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    "manual": ("payments.core.BasicProvider", {}),
}
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
    if find_spec("stripe") is None:
        raise ImproperlyConfigured(
            "PAYMENTS=stripe needs the package stripe: pip install --require-hashes -r requirements-stripe.txt"
        )
    PAYMENT_VARIANTS["stripe"] = (
        "articles.promotion.payments.stripe_checkout.StripeProvider",
        {"api_key": STRIPE_KEY, "endpoint_secret": STRIPE_ENDPOINT_SECRET},
    )
# Shown to a sponsor who pays by transfer: the account, and the reference to state.
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
SECURE_REDIRECT_EXEMPT = [r"^(health|live|ready)/"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECURE_CSP = {
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

# The size of the page cache of one worker process.
PAGE_CACHE_BYTES = env.number("PAGE_CACHE_MB", default=64) * 1024 * 1024
# Articles on one page of a list.
PAGE_SIZE = 12
# Counted views of one article from one network address in one day (docs/readership.md).
VIEWS_PER_ADDRESS = env.number("VIEWS_PER_ADDRESS", default=50)
# Views that one worker writes at a time. The server has a few more threads, which still answer pages from the cache
# while the database hangs.
BEACONS_AT_ONCE = env.number("BEACONS_AT_ONCE", default=56)
# Searches of one client in a minute that are not answered from the page cache.
SEARCHES_PER_MINUTE = env.number("SEARCHES_PER_MINUTE", default=60)
# Bytes of stored images of one user.
IMAGE_QUOTA_BYTES = env.number("IMAGE_QUOTA_MB", default=500) * 1024 * 1024

LOG_LEVEL = env.one_of("LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.one_of("LOG_FORMAT", "json" if HTTPS else "plain", ("json", "plain"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "core.logs.PlainFormatter", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "core.logs.JSONFormatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
        "none": {"class": "logging.NullHandler"},
    },
    # The first advises a setting of Django's; spokesperson.views.bad_request logs what to do here.
    "loggers": {
        "django.security.DisallowedHost": {"handlers": ["none"], "propagate": False},
        "spokesperson.events": {"level": "INFO"},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}

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
