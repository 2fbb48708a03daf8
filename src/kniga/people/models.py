"""Who works here: users, branches, teams, roles, and what each role may see."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from kniga.people.roles import Entity, Level, Role
from kniga.platform.textkeys import fold


class Branch(models.Model):
    name = models.CharField(max_length=200, unique=True)
    time_zone = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)


class Team(models.Model):
    name = models.CharField(max_length=200)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="teams")
    lead = models.ForeignKey(
        "people.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="leads_teams"
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["branch", "name"], name="team_name_in_branch")]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address, or a machine that uses a token."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200, db_index=True, editable=False)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.REP)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members")
    phone = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=2, blank=True)
    theme = models.CharField(max_length=5, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    external_key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    skills = ArrayField(models.CharField(max_length=100), default=list, db_default=[], blank=True)
    skill_keys = ArrayField(models.TextField(), default=list, db_default=[], editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        indexes = [models.Index(fields=["team"]), models.Index(fields=["branch"])]

    def __str__(self) -> str:
        return self.name

    @property
    def is_staff(self) -> bool:
        return False

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_key = fold(self.name)[:200]
        self.skill_keys = [fold(word) for word in self.skills]
        super().save(*args, **kwargs)


class AccessRule(models.Model):
    """How far a role sees an entity, where it differs from the default in `kniga.people.access`."""

    role = models.CharField(max_length=20, choices=Role.choices)
    entity = models.CharField(max_length=20, choices=Entity.choices)
    level = models.PositiveSmallIntegerField(choices=Level.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "entity"], name="access_role_entity")]


class ApiToken(models.Model):
    """A machine's key. Only its SHA-256 is stored; the first characters stay readable to tell keys apart."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)


class LetterState(models.TextChoices):
    NONE = "", ""
    QUEUED = "queued", "queued"
    SENT = "sent", "sent"
    FAILED = "failed", "failed"


class Notice(models.Model):
    """Something a person is told: shown under the bell (`in_app`), sent as a letter, or both.

    The texts are in the person's own language at that time; `told` is how they were said, {"title": …, "body": …} as
    `platform.said.kept` gives it, so that they are read in the language of today; null for a text that is as it is.
    `letter` is where its letter stands, `letter_tries` how often the mail
    server was asked to take it, `letter_error` what it said last."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    told = models.JSONField(null=True)
    url = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    in_app = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True, blank=True)
    letter = models.CharField(max_length=10, choices=LetterState.choices, blank=True, default="")
    letter_tries = models.PositiveIntegerField(default=0)
    letter_error = models.TextField(blank=True, default="")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_newest", condition=models.Q(in_app=True)),
            models.Index(
                fields=["user", "kind"], name="notice_unread", condition=models.Q(in_app=True, read_at__isnull=True)
            ),
            models.Index(fields=["id"], name="notice_letters", condition=models.Q(letter="queued")),
        ]


class NoticeChoice(models.Model):
    """How a person wants to be told of a kind of notice, where it differs from the usual way of that kind."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=40)
    in_app = models.BooleanField(default=True)
    by_mail = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notice_choice_once")]
