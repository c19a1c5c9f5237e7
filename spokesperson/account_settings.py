"""Settings of accounts, sign-up and log-in: Django's and allauth's. Imported by `spokesperson.settings`."""

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
    "request_login_code": "accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.ConfirmLoginCodeForm",
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
# A code by email logs in, and proves the address of a new account (accounts.adapter.AccountAdapter.send_mail).
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
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
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    # For codes of two-factor authentication, by user; accounts.adapter has the limits for passwords.
    "login_failed": "30/5m/ip,10/5m/key",
    "signup": "20/h/ip",
    # The key is the recipient's address; `accounts.views.login` has the limit by network address.
    "request_login_code": "5/h/key",
    # The key is the recipient's address.
    "reset_password": "20/h/ip,5/h/key",
    "confirm_email": "3/10m/key",
}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
# A passkey logs in without a second factor; it is not one itself without an authenticator app (accounts.adapter).
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "accounts.passkey_forms.AddPasskeyForm",
    "edit_webauthn": "accounts.passkey_forms.EditPasskeyForm",
    "login_webauthn": "accounts.passkey_forms.LoginPasskeyForm",
    "authenticate_webauthn": "accounts.passkey_forms.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "accounts.passkey_forms.ReauthenticatePasskeyForm",
    "authenticate": "accounts.forms.AuthenticateCodeForm",
    "reauthenticate": "accounts.forms.ReauthenticateCodeForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
}
# Clocks of phones differ by some seconds.
MFA_TOTP_TOLERANCE = 1

SOCIALACCOUNT_ADAPTER = "accounts.social_adapter.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.SocialSignupForm", "disconnect": "accounts.forms.DisconnectForm"}
# A new user chooses a username and accepts the rules, whichever way they come.
SOCIALACCOUNT_AUTO_SIGNUP = False
# Only if the address is confirmed here too (accounts.social_adapter).
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {"google": {"OAUTH_PKCE_ENABLED": True}, "openid_connect": {"OAUTH_PKCE_ENABLED": True}}
