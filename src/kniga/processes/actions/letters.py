"""Send a letter to the client's contact, the deal's owner or the head of sales."""

from __future__ import annotations

import smtplib
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext as _

from kniga.platform.sqlparts import rows_of
from kniga.processes.actions.doing import ActionFailed, Job, Results
from kniga.processes.actions.placeholders import contact_of, filled, letter_values
from kniga.processes.effects import thread_of

_HEAD: Final = """
SELECT u.email FROM deals_deal d LEFT JOIN people_user o ON o.id = d.owner_id
JOIN people_user u ON u.role = 'head' AND u.is_active AND (u.branch_id = o.branch_id OR u.branch_id IS NULL)
WHERE d.id = %s ORDER BY u.branch_id NULLS LAST, u.id LIMIT 1
"""


def send_letter(job: Job) -> Results:
    """Fill in subject and text, and send them. Raises ActionFailed: `no_address`, `gaps`, `no_mail_server`, or what
    the mail server says (that may pass)."""
    with translation.override(settings.LANGUAGE_CODE):
        values = letter_values(instance_id=job.instance_id, contact=contact_of(job))
        address = _address(job, values)
        subject = " ".join(filled(job.text("subject"), values).split())
        body = filled(job.text("body"), values)
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        raise ActionFailed(_("No mail server is set up: see KNIGA_SMTP_HOST."), code="no_mail_server", is_final=True)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    thread = f"<{thread_of(job.instance_id)}@{domain}>"
    letter = EmailMessage(
        subject, body, to=[address], reply_to=[values["user.email"]] if values.get("user.email") else None,
        headers={"Message-ID": f"<kniga-work-{job.work_id}@{domain}>", "References": thread, "In-Reply-To": thread},
    )  # fmt: skip
    job.hold()
    try:
        letter.send()
    except (smtplib.SMTPException, OSError) as error:
        raise ActionFailed(_("The mail server did not take the letter: %s") % error, code="mail_server") from error
    return {}


def _address(job: Job, values: dict[str, str]) -> str:
    to = job.text("to") or "contact"
    if to == "contact":
        address = values.get("contact.email", "")
    elif to == "owner":
        address = values["user.email"]
    else:
        found = rows_of(_HEAD, [job.deal_id])
        address = found[0][0] if found else ""
    if not address:
        whom = {"contact": _("The client's contact"), "owner": _("The deal's owner"), "head": _("The head of sales")}
        message = _("%(whom)s has no e-mail address.") % {"whom": whom.get(to, to)}
        raise ActionFailed(message, code="no_address", is_final=True)
    return address
