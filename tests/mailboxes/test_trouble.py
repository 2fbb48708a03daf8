"""A mailbox that cannot be read says why and what cures it; its password is nobody's to see."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings
from proofs.letter_box import PASSWORD, letter_box

from kniga.mailboxes.imap import folder_name
from kniga.mailboxes.models import Mailbox
from kniga.mailboxes.queries import answer_address, get_mailbox, mailbox_rows, unfit_of
from kniga.mailboxes.rounds import due_mailboxes
from kniga.mailboxes.sealing import Unreadable, seal, unseal
from kniga.mailboxes.services import create_mailbox, read_now, try_mailbox, update_mailbox
from kniga.people.models import Branch, Notice, User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.models import Process
from tests.mailboxes.conftest import CAME, NOW, Post, letter

CASES = [
    ({"login": "nobody"}, "login"),
    ({"password": "wrong"}, "login"),
    ({"password": "пароль"}, "login"),
    ({"folder": "Заявки"}, "folder"),
    ({"host": "no-such-host.invalid"}, "host"),
    ({"port": 1}, "connect"),
    ({"security": "tls"}, "tls"),
    ({"security": "starttls"}, "starttls"),
]


@pytest.mark.parametrize(("typed", "code"), CASES)
def test_trying_names_cause_and_cure(post: Post, typed: dict[str, object], code: str) -> None:
    tried = try_mailbox(given=post.settings(**typed), mailbox=None, by=None)
    assert tried.code == code and tried.trouble is not None
    assert str(tried.trouble.cause) and str(tried.trouble.cure)


def test_trying_a_good_mailbox_counts_its_letters_and_reads_none(post: Post) -> None:
    post.put(letter())
    assert try_mailbox(given=post.settings(), mailbox=None, by=None).count == 1
    assert post.box.fetched == 0
    kept = try_mailbox(given=post.settings(password=""), mailbox=post.mailbox, by=None)
    assert kept.trouble is None


def test_a_folder_is_opened_for_reading_only_and_may_have_any_name(post: Post) -> None:
    post.box.folder = folder_name("Заявки & Co")
    assert post.box.folder == "&BBcEMARPBDIEOgQ4- &- Co"
    update_mailbox(mailbox=post.mailbox, revision=1, given=post.settings(folder="Заявки & Co"), by=None, now=NOW)
    post.take(letter())
    asked = b"\n".join(post.box.commands)
    assert b"EXAMINE" in asked and b"SELECT" not in asked and b"STORE" not in asked and b"BODY[]" not in asked


def test_a_certificate_nobody_vouches_for_is_refused(post: Post, tmp_path: Path) -> None:
    with letter_box(_context(tmp_path)) as box:
        tried = try_mailbox(given=post.settings(port=box.port, security="tls"), mailbox=None, by=None)
    assert tried.code == "certificate"


def test_the_password_is_sealed_and_goes_to_no_other_server(post: Post) -> None:
    stored = Mailbox.objects.values().get()
    assert PASSWORD not in str(stored) and unseal(stored["password"]) == PASSWORD
    assert PASSWORD not in str([event.payload for event in Event.objects.all()])
    elsewhere = post.settings(host="localhost", password="")
    with pytest.raises(Refused) as refused:
        update_mailbox(mailbox=post.mailbox, revision=1, given=elsewhere, by=None, now=NOW)
    assert refused.value.code == "password_missing"
    with pytest.raises(Refused):
        try_mailbox(given=elsewhere, mailbox=post.mailbox, by=None)


def test_another_key_of_the_installation_asks_for_the_password_again(post: Post) -> None:
    with override_settings(SECRET_KEY="another"):
        with pytest.raises(Unreadable):
            unseal(Mailbox.objects.get().password)
        assert post.read().trouble == "sealed"
    assert seal("a") != seal("a")


def test_who_keeps_the_organisation_is_told_once_when_it_goes_on_failing(post: Post) -> None:
    admin = User.objects.create_user("admin@example.com", name="Ada", role="administrator")
    Mailbox.objects.update(login="nobody")
    for _round in range(7):
        post.read()
    notice = Notice.objects.get(kind="mailbox", user=admin)
    assert notice.title == "Почтовый ящик «Sales» не читается"
    mailbox = Mailbox.objects.get()
    assert mailbox.failures == 7 and mailbox.next_at - CAME > dt.timedelta(minutes=20)
    assert due_mailboxes(now=CAME) == [] and due_mailboxes(now=mailbox.next_at) == [mailbox.pk]
    (row,) = mailbox_rows(user=admin)
    assert row.trouble is not None


def test_only_the_keepers_of_the_organisation_set_up_mailboxes(post: Post) -> None:
    head = post.department.head
    with pytest.raises(Refused):
        create_mailbox(given=post.settings(), by=head, now=NOW)
    with pytest.raises(Refused):
        try_mailbox(given=post.settings(), mailbox=None, by=head)
    with pytest.raises(Refused):
        read_now(mailbox=post.mailbox, by=head)


def test_what_is_typed_wrong_is_told_all_at_once_at_its_field(post: Post) -> None:
    wrong = post.settings(
        name=" ", address="x", host="a\nb", port=99999, security="x", login="", password="", folder="", message="",
        process_key="none", owner=None,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        create_mailbox(given=wrong, by=None, now=NOW)
    fields = {one.field for one in (refused.value, *refused.value.also)}
    assert fields == {
        "name", "address", "host", "port", "security", "login", "password", "folder", "message", "process", "owner",
    }  # fmt: skip


def test_a_mailbox_is_changed_by_revision_and_read_anew_from_another_place(post: Post) -> None:
    post.take(letter())
    changed = update_mailbox(
        mailbox=post.mailbox, revision=1, given=post.settings(name="New name", password=""), by=None, now=CAME
    )
    assert (changed.revision, changed.uid_validity, changed.last_uid) == (2, 7, 1)
    with pytest.raises(Conflict):
        update_mailbox(mailbox=post.mailbox, revision=1, given=post.settings(), by=None, now=CAME)
    moved = update_mailbox(mailbox=changed, revision=2, given=post.settings(folder="Other"), by=None, now=CAME)
    assert (moved.uid_validity, moved.last_uid, moved.since) == (None, 0, CAME)
    update_mailbox(mailbox=moved, revision=3, given=post.settings(is_active=False), by=None, now=CAME)
    assert answer_address() == "" and post.read().looked_at == 0
    with pytest.raises(Refused):
        read_now(mailbox=Mailbox.objects.get(), by=None)


def test_why_letters_of_strangers_begin_nothing_is_said_and_another_branch_refused(post: Post) -> None:
    admin = User.objects.create_user("admin@example.com", name="Ada", role="administrator")

    def said() -> str:
        (row,) = mailbox_rows(user=admin)
        assert row.unfit == unfit_of(user=admin, mailbox=post.mailbox)
        return "" if row.unfit is None else str(row.unfit.cause)

    assert said() == ""
    process = Process.objects.get(key="small_sale")
    process.branch = Branch.objects.create(name="Far")
    process.save()
    assert "филиалу" in said()
    with pytest.raises(Refused) as refused:
        create_mailbox(given=post.settings(), by=None, now=NOW)
    assert refused.value.code == "owner_of_branch"
    Process.objects.update(is_active=False)
    assert "не действует" in said()
    User.objects.filter(pk=post.department.other.pk).update(is_active=False)
    assert "не ведёт" in said()
    Mailbox.objects.update(process=None)
    assert said() == ""


def test_mailboxes_are_shown_to_the_keepers_of_the_organisation_only(post: Post) -> None:
    assert mailbox_rows(user=post.department.head) == ()
    with pytest.raises(NotVisible):
        get_mailbox(user=post.department.head, id=post.mailbox.pk)


def test_what_is_no_mail_server_is_not_quoted(post: Post) -> None:
    def answer() -> None:
        talk, _address = other.accept()
        with talk:
            talk.sendall(b"secret 1.2.3\r\n")

    with socket.create_server(("127.0.0.1", 0)) as other:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        tried = try_mailbox(given=post.settings(port=other.getsockname()[1]), mailbox=None, by=None)
        thread.join()
    assert (tried.code, tried.said) == ("connect", "")


def _context(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begins = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(begins).not_valid_after(begins + dt.timedelta(days=36500))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "both.pem"
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
