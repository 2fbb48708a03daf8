"""The form that asks for a reset letter."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.core import context
from django.core.exceptions import ValidationError

from kniga.web.accounts.letters import why_no_letter


class LetterForm(ResetPasswordForm):
    """Refuses where no letter can be sent, whoever is asked about."""

    @property
    def refusal(self) -> str:
        """Why no letter can be sent; "" if it can."""
        return why_no_letter(context.request)

    def clean(self) -> dict[str, Any] | None:
        if self.refusal:
            raise ValidationError(self.refusal)
        return super().clean()
