"""Contacts: people at clients."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.translation import gettext_lazy as _

from kniga.clients import events
from kniga.clients.search_text import refresh_search_text
from kniga.imports import sets
from kniga.imports.cells import Draft
from kniga.imports.fields import Field, KindSpec, Type
from kniga.imports.kinds.importer import Importer
from kniga.platform.said import said as _t
from kniga.platform.textkeys import fold

_CHANNELS = "ARRAY(SELECT h.value FROM clients_channel h WHERE h.contact_id = t.id AND h.kind = '{kind}' ORDER BY h.id)"
FIELDS = (
    Field("external_key", _("Your own key"), Type.TEXT, ("id", "key", "externalid", "contactid", "код",
          "идентификатор"),
          column="external_key", nullable=True, longest=200),
    Field("client", _("Client"), Type.REFERENCE, ("client", "company", "account", "organization", "organisation",
          "customer", "компания", "клиент", "организация", "контрагент", "заказчик"), column="client_id", cast="bigint",
          reference="client", required=True, is_fixed=True),
    Field("name", _("Full name"), Type.NAME, ("name", "fullname", "contact", "contactname", "фио", "имяфамилия",
          "контакт",
          "контактноелицо"), column="name"),
    Field("last_name", _("Last name"), Type.NAME, ("lastname", "familyname", "фамилия"), is_compared=False),
    Field("first_name", _("First name"), Type.NAME, ("firstname", "givenname", "имя"), is_compared=False),
    Field("middle_name", _("Middle name"), Type.NAME, ("middlename", "patronymic", "surname", "отчество"),
          is_compared=False),
    Field("position", _("Position"), Type.NAME, ("position", "jobtitle", "title", "должность"), column="position",
          longest=200),
    Field("role", _("Role in the decision"), Type.NAME, ("role", "роль"), column="role", longest=40),
    Field("phones", _("Phone"), Type.PHONE, ("phone", "phones", "tel", "mobile", "phonenumber", "телефон", "телефоны",
          "тел", "мобильный"), many=True, select=_CHANNELS.format(kind="phone")),
    Field("emails", _("E-mail"), Type.EMAIL, ("email", "emails", "mail", "emailaddress", "почта", "электроннаяпочта"),
          many=True, select=_CHANNELS.format(kind="email")),
    Field("note", _("Note"), Type.TEXT, ("note", "comment", "примечание", "комментарий"), column="note",
          longest=30_000),
)  # fmt: skip


class ContactsImporter(Importer):
    spec = KindSpec(
        key="contacts", table="clients_contact", fields=FIELDS, keys=("external_key", "name"),
        offered_keys=("emails", "phones"),
        created=events.CONTACT_ADDED, changed=events.CONTACT_CHANGED, removed=events.CONTACT_REMOVED,
        watched="ROW(t.name, t.position, t.role, t.note, " + _CHANNELS.format(kind="phone") + ", "
                + _CHANNELS.format(kind="email") + ")",
        derived=(("name_key", "text"),), has_revision=False,
    )  # fmt: skip
    key_sql = {
        "external_key": "SELECT external_key, id FROM clients_contact WHERE external_key = ANY(%(keys)s::text[])",
        "name": "SELECT k, c.id FROM unnest(%(keys)s::text[]) AS k JOIN clients_contact c "
        "ON c.client_id = split_part(k, '|', 1)::bigint AND c.name_key = substr(k, strpos(k, '|') + 1)",
        "emails": "SELECT value, contact_id FROM clients_channel "
        "WHERE kind = 'email' AND value = ANY(%(keys)s::text[])",
        "phones": "SELECT value, contact_id FROM clients_channel "
        "WHERE kind = 'phone' AND value = ANY(%(keys)s::text[])",
    }
    parts = {"clients_channel": "contact_id = ANY(%(ids)s::bigint[])"}

    def complete(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            values = draft.values
            parts = [values.get(part, "") for part in ("last_name", "first_name", "middle_name")]
            if not values.get("name"):
                values["name"] = " ".join(part for part in parts if part)
            if not values["name"] and not draft.reasons:
                draft.refuse("error", "missing", _t("the contact has no name"))
            values["name_key"] = fold(values["name"])[:300]

    def key_of(self, field: str, draft: Draft) -> str:
        if field != "name":
            return super().key_of(field, draft)
        client = draft.values.get("client_id") or 0
        return f"{client}|{draft.values['name_key']}" if client else ""

    def write(self) -> None:
        run = self.run
        first = """NOT EXISTS (SELECT FROM clients_contact c WHERE c.client_id = (r.values ->> 'client_id')::bigint)
            AND NOT EXISTS (SELECT FROM imports_importrow o WHERE o.job_id = r.job_id AND o.action = 'create'
                AND o.values -> 'client_id' = r.values -> 'client_id' AND o.number < r.number)"""
        run.execute(sets.insert(self.spec, {"is_primary": first}))
        run.execute(_CHANNELS_OF_NEW)
        payload = "jsonb_build_object('contact', r.target_id, 'name', r.values ->> 'name')"
        run.execute(sets.tell(events.CONTACT_ADDED, action="create", client=_CLIENT, payload=payload))
        self.update_present()
        run.execute(_NEW_CHANNELS)
        refresh_search_text(self._clients("create") | self._clients("update"))

    def told(self) -> dict[str, str]:
        payload = f"jsonb_build_object('contact', r.target_id, 'name', r.values ->> 'name', 'changes', {sets.CHANGES})"
        return {"payload": payload, "client": _CLIENT}

    def after_restore(self, ids: Collection[int]) -> None:
        self.run.execute(_TAKE_CHANNELS_BACK, {"ids": list(ids)})
        refresh_search_text(self._clients("update"))

    def before_remove(self, ids: Collection[int]) -> None:
        self.run.notes["clients"] = list(self._clients("create"))

    def after_remove(self) -> None:
        refresh_search_text(self.run.notes.pop("clients"))

    def _clients(self, action: str) -> set[int]:
        sql = (
            "SELECT DISTINCT c.client_id FROM imports_importrow r JOIN clients_contact c ON c.id = r.target_id "
            f"WHERE r.job_id = %(job)s AND r.action = '{action}'"
        )
        return {row[0] for row in self.run.fetch(sql)}


_CLIENT = "(r.values ->> 'client_id')::bigint"
_CHANNELS_OF_NEW = """
INSERT INTO clients_channel (contact_id, kind, value, is_primary)
SELECT r.target_id, v.kind, v.value, v.position = 1
FROM imports_importrow r CROSS JOIN LATERAL (
    SELECT 'phone' AS kind, value, position FROM jsonb_array_elements_text(r.values -> 'phones') WITH
        ORDINALITY AS p (value, position)
    UNION ALL
    SELECT 'email', value, position FROM jsonb_array_elements_text(r.values -> 'emails') WITH ORDINALITY AS e
        (value, position)
) v
WHERE r.job_id = %(job)s AND r.action = 'create' ORDER BY r.number, v.kind DESC, v.position
"""
_NEW_CHANNELS = """
INSERT INTO clients_channel (contact_id, kind, value, is_primary)
SELECT r.target_id, k.kind, v.value, false
FROM imports_importrow r
CROSS JOIN (VALUES ('phone', 'phones'), ('email', 'emails')) AS k (kind, field)
CROSS JOIN LATERAL jsonb_array_elements_text(r.changes -> k.field -> 1) AS v (value)
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.changes ? k.field
ON CONFLICT DO NOTHING
"""
_TAKE_CHANNELS_BACK = """
DELETE FROM clients_channel h USING imports_importrow r
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.target_id = ANY(%(ids)s::bigint[])
  AND h.contact_id = r.target_id AND r.changes ? (h.kind || 's')
  AND (r.changes -> (h.kind || 's') -> 1) ? h.value AND NOT (r.changes -> (h.kind || 's') -> 0) ? h.value
"""
