"""Send a letter to the client's contact, the deal's owner or the head of sales."""

from __future__ import annotations

import smtplib
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation

from kniga.documents.answering import answers_to
from kniga.documents.letter_services import keep_letter, letter_of_work
from kniga.documents.models import DocumentTemplate
from kniga.documents.queries import active_template
from kniga.documents.threads import name_of_letter, name_of_thread
from kniga.platform.said import said as _
from kniga.platform.sqlparts import rows_of
from kniga.processes.actions.doing import ActionFailed, Job, Results
from kniga.processes.actions.placeholders import contact_of, filled, letter_values

_HEAD: Final = """
SELECT u.email FROM deals_deal d LEFT JOIN people_user o ON o.id = d.owner_id
JOIN people_user u ON u.role = 'head' AND u.is_active AND (u.branch_id = o.branch_id OR u.branch_id IS NULL)
WHERE d.id = %s ORDER BY u.branch_id NULLS LAST, u.id LIMIT 1
"""


def send_letter(job: Job) -> Results:
    """Fill in subject and text, of the letter itself or of its template, send them, and keep the letter as it was
    sent. Raises ActionFailed: `unknown_template`, `no_address`, `gaps`, `no_mail_server`, or what the mail server
    says (that may pass)."""
    template = _template(job)
    language = template.language if template else ""
    with translation.override(language or settings.LANGUAGE_CODE):
        values = letter_values(instance_id=job.instance_id, contact=contact_of(job), now=job.now)
        address = _address(job, values)
        subject = " ".join(
            filled(
                job.text("subject") or (template.subject if template else ""), values, instance_id=job.instance_id
            ).split()
        )
        body = filled(job.text("body") or (template.body if template else ""), values, instance_id=job.instance_id)
    # Who takes the work up again after a fall between sending and noting finds the letter sent.
    if letter_of_work(work_id=job.work_id) is None:
        job.hold()
        post(
            instance_id=job.instance_id, mark=f"work-{job.work_id}", to=address, subject=subject, body=body,
            reply_to=values.get("user.email", ""),
        )  # fmt: skip
        keep_letter(
            deal_id=job.deal_id, template_key=template.key if template else "", to=address, subject=subject, body=body,
            by=None, now=job.now, instance_id=job.instance_id, work_id=job.work_id,
        )  # fmt: skip
    return {}


def post(*, instance_id: int, mark: str, to: str, subject: str, body: str, reply_to: str) -> None:
    """Send a letter in the thread of an instance; `mark` makes its Message-ID. Raises ActionFailed: `no_mail_server`,
    or what the mail server says (that may pass)."""
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        raise ActionFailed(_("No mail server is set up: see KNIGA_SMTP_HOST."), code="no_mail_server", is_final=True)
    thread = name_of_thread(instance_id)
    letter = EmailMessage(
        subject, body, to=[to], reply_to=answers_to(reply_to) or None,
        headers={"Message-ID": name_of_letter(instance_id, mark), "References": thread, "In-Reply-To": thread},
    )  # fmt: skip
    try:
        letter.send()
    except (smtplib.SMTPException, OSError) as error:
        raise ActionFailed(_("The mail server did not take the letter: %s") % error, code="mail_server") from error


def _template(job: Job) -> DocumentTemplate | None:
    key = job.text("template")
    if not key:
        return None
    template = active_template(key=key, kind="letter")
    if template is None:
        message = _("There is no letter template “%s” in use. Make it among the templates of the sales book.")
        raise ActionFailed(message % key, code="unknown_template", is_final=True)
    return template


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
