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
