"""The site settings, what is not sent or deleted yet, and the last runs of periodic jobs."""

from typing import cast

from django.core.cache import caches
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# So many reviewed articles before an author is trusted stand for "always".
REVIEW_ALL = 1000
# Seconds until all processes know of a change.
SITE_SETTINGS_TIMEOUT = 3
DEFAULT_RULES = """\
<p>Write what you know, in your own words, and sign it with your account.</p>
<p>Moderators give a reason with every decision. They never change your text without telling you.</p>
"""


class SignupGate(models.TextChoices):
    """Who gets a new account (`accounts.gate`)."""

    OPEN = "open", _("everyone")
    CHALLENGE = "challenge", _("everyone whose browser solves a puzzle; others wait for approval")
    APPROVAL = "approval", _("everyone whom staff approve")
    INVITATION = "invitation", _("everyone with an invitation")
    CLOSED = "closed", _("nobody")


class SiteSettings(models.Model):
    """Settings that moderators and administrators change in the admin; a single row with primary key 1."""

    name = models.CharField(_("project name"), max_length=60, default="Spokesperson")
    tagline = models.CharField(_("tagline"), max_length=160, blank=True, default="Written by its readers.")
    about = models.TextField(
        _("about the project"),
        blank=True,
        help_text=_("Shown on the “About the project” page. HTML is allowed and is sanitised."),
    )
    rules = models.TextField(
        _("rules"),
        default=DEFAULT_RULES,
        help_text=_(
            "Shown above the numbered rules, which everyone accepts at sign-up. HTML is allowed and is sanitised."
        ),
    )
    reviewed_before_trusted = models.PositiveSmallIntegerField(
        _("articles reviewed before an author is trusted"),
        default=3,
        validators=[MaxValueValidator(REVIEW_ALL)],
        help_text=_(
            "0: all authors publish without review. 1000: every article is reviewed. Moderators can decide otherwise "
            "for an author, under “Trust of authors”."
        ),
    )
    sampling_interval = models.PositiveSmallIntegerField(
        _("one review for so many publications of trusted authors"),
        default=10,
        db_default=10,
        validators=[MaxValueValidator(1000)],
        help_text=_("They are drawn by lot and reviewed after their publication. 1: all of them. 0: none."),
    )
    signup_gate = models.CharField(
        _("who gets a new account"),
        max_length=10,
        choices=SignupGate,
        default=SignupGate.OPEN,
        db_default=SignupGate.OPEN,
    )
    signup_question = models.CharField(
        _("question for new users"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_("Answered at sign-up if staff approve new accounts."),
    )
    refuses_disposable_addresses = models.BooleanField(
        _("refuse disposable email addresses"),
        default=True,
        db_default=True,
        help_text=_("Addresses of services that give everyone an inbox for some minutes."),
    )
    invitations_per_user = models.PositiveSmallIntegerField(
        _("invitations of a user in 30 days"),
        default=5,
        db_default=5,
        validators=[MaxValueValidator(100)],
    )
    # Set while the site is read-only (core.maintenance).
    maintenance_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("site settings")
        verbose_name_plural = _("site settings")
        permissions = [("view_statistics", "Can view the statistics of the site")]
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="site_settings_single_row")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "SiteSettings":
        """Return the settings, cached for `SITE_SETTINGS_TIMEOUT`; the defaults if the row does not exist yet."""
        settings = caches["local"].get_or_set(
            "site-settings", lambda: cls.objects.filter(pk=1).first() or cls(pk=1), SITE_SETTINGS_TIMEOUT
        )
        return cast("SiteSettings", settings)


class PendingEmail(models.Model):
    """An email that is not sent yet; `core.mail` creates the row, `core.tasks` deletes it after sending."""

    to = models.EmailField(_("recipient"))
    subject = models.TextField(_("subject"))
    text = models.TextField()
    html = models.TextField()
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now, null=True, db_index=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("unsent email")
        verbose_name_plural = _("unsent emails")

    def __str__(self) -> str:
        return self.subject


class PendingDeletion(models.Model):
    """A file to delete; `core.images` creates the row, and deletes it after the file."""

    path = models.CharField(_("file"), max_length=200)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("file to delete")
        verbose_name_plural = _("files to delete")

    def __str__(self) -> str:
        return self.path


class DailyFigure(models.Model):
    """A number of a day, for the statistics of the site, such as the emails that were sent on it."""

    day = models.DateField()
    name = models.CharField(max_length=40)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["day", "name"], name="daily_figure_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.name} {self.number}"

    @classmethod
    def add(cls, name: str) -> None:
        """Count one more of today."""
        figure, _is_new = cls.objects.get_or_create(day=timezone.localdate(), name=name)
        cls.objects.filter(pk=figure.pk).update(number=models.F("number") + 1)


class PeriodicRun(models.Model):
    """The last run of a periodic job (`core.periodic`)."""

    job = models.CharField(_("job"), max_length=200, primary_key=True)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    outcome = models.CharField(_("outcome"), max_length=200, blank=True)
    has_failed = models.BooleanField(_("failed"), default=False)

    class Meta:
        verbose_name = _("periodic job")
        verbose_name_plural = _("periodic jobs")
        ordering = ["job"]

    def __str__(self) -> str:
        return self.job
