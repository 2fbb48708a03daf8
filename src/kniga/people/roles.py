"""Roles, and how far each may see."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    REP = "rep", _("Sales rep")
    LEAD = "lead", _("Team lead")
    HEAD = "head", _("Head of sales")
    OWNER = "owner", pgettext_lazy("role", "Owner")
    DELIVERY = "delivery", _("Delivery lead")
    SUPPORT = "support", _("Support")
    ADMINISTRATOR = "administrator", _("Administrator")


class Level(models.IntegerChoices):
    """How far a role sees; each level holds the ones below it."""

    NONE = 0, _("nothing")
    OWN = 1, _("own")
    TEAM = 2, _("team")
    BRANCH = 3, _("branch")
    ALL = 4, _("everything")


class Entity(models.TextChoices):
    CLIENT = "client", _("Clients")
    DEAL = "deal", _("Deals")
    TASK = "task", _("Tasks")
