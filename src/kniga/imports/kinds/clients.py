"""Clients, each with its first contact: companies, persons, leads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.utils.translation import gettext_lazy as _

from kniga.clients import events
from kniga.clients.requisites import LAZY_REGISTRATION_LABEL, LAZY_TAX_LABEL
from kniga.clients.search_text import refresh_search_text
from kniga.imports import sets
from kniga.imports.cells import Draft
from kniga.imports.fields import Field, KindSpec, Type
from kniga.imports.kinds.importer import Importer
from kniga.imports.kinds.parents import refuse_loops
from kniga.platform.said import said as _t
from kniga.platform.textkeys import fold, match_key

_CHANNELS = """ARRAY(SELECT h.value FROM clients_channel h JOIN clients_contact p ON p.id = h.contact_id
WHERE p.client_id = t.id AND h.kind = '{kind}' ORDER BY h.id)"""
FIELDS = (
    Field("external_key", _("Your own key"), Type.TEXT, ("id", "key", "externalid", "externalkey", "accountid",
          "customerid", "clientid", "код", "идентификатор", "внешнийкод", "кодклиента"),
          column="external_key", nullable=True, longest=200),
    Field("name", _("Client name"), Type.NAME, ("name", "account", "company", "client", "customer", "organization",
          "organisation", "accountname", "companyname", "название", "наименование", "компания", "клиент", "контрагент",
          "организация", "заказчик"), column="name", required=True),
    Field("kind", _("Company or person"), Type.CHOICE, ("kind", "type", "clienttype", "тип", "типклиента"),
          column="kind",
          choices=(("company", ("компания", "организация", "юрлицо", "business", "организациия")),
                   ("person", ("физлицо", "человек", "частноелицо", "individual")))),
    Field("inn", LAZY_TAX_LABEL, Type.INN, ("inn", "инн", "taxid", "taxnumber", "vat", "vatnumber"), column="inn"),
    Field("kpp", _("KPP"), Type.KPP, ("kpp", "кпп"), column="kpp"),
    Field("ogrn", LAZY_REGISTRATION_LABEL, Type.OGRN, ("ogrn", "огрн", "огрнип", "companynumber",
          "registrationnumber"), column="ogrn"),
    Field("contact_name", _("Contact person"), Type.NAME, ("contact", "contactname", "contactperson", "контакт",
          "контактноелицо", "фио", "представитель"), is_compared=False),
    Field("contact_position", _("Position of the contact"), Type.NAME, ("position", "jobtitle", "должность"),
          is_compared=False, longest=200),
    Field("phones", _("Phone"), Type.PHONE, ("phone", "phones", "tel", "telephone", "mobile", "phonenumber", "телефон",
          "телефоны", "тел", "мобильный", "мобильныйтелефон"), many=True, select=_CHANNELS.format(kind="phone")),
    Field("emails", _("E-mail"), Type.EMAIL, ("email", "emails", "mail", "emailaddress", "почта", "электроннаяпочта",
          "адресэлектроннойпочты", "имейл"), many=True, select=_CHANNELS.format(kind="email")),
    Field("website", _("Website"), Type.WEBSITE, ("website", "site", "url", "web", "сайт", "вебсайт"),
          column="website"),
    Field("address", _("Address"), Type.TEXT, ("address", "adress", "адрес", "юридическийадрес", "почтовыйадрес"),
          column="address", longest=500),
    Field("industry", _("Industry"), Type.REFERENCE, ("industry", "sector", "отрасль", "сфера", "сферадеятельности",
          "виддеятельности"), column="industry_id", cast="bigint", reference="industry", longest=200),
    Field("region", _("Region"), Type.REFERENCE, ("region", "officelocation", "location", "country", "city", "state",
          "регион", "город", "область", "страна"), column="region_id", cast="bigint", reference="region", longest=200),
    Field("source", _("Source"), Type.REFERENCE, ("source", "leadsource", "channel", "источник", "канал"),
          column="source_id", cast="bigint", reference="source", longest=200),
    Field("employees", _("Employees"), Type.INTEGER, ("employees", "headcount", "numberofemployees", "staff",
          "сотрудников", "численность", "сотрудники", "штат"), column="employees", cast="integer"),
    Field("revenue", _("Turnover"), Type.MONEY, ("revenue", "turnover", "annualrevenue", "выручка", "оборот"),
          column="revenue", cast="numeric"),
    Field("founded_year", _("Founded in"), Type.INTEGER, ("yearestablished", "founded", "foundedyear", "established",
          "годоснования", "основан"), column="founded_year", cast="smallint"),
    Field("parent", _("Parent company"), Type.NAME, ("subsidiaryof", "parent", "parentaccount", "parentcompany",
          "головнаякомпания", "материнскаякомпания", "холдинг"),
          select="(SELECT p.name FROM clients_client p WHERE p.id = t.parent_id)"),
    Field("owner", _("Responsible"), Type.REFERENCE, ("owner", "manager", "rep", "salesagent", "responsible",
          "assignedto",
          "ответственный", "менеджер", "владелец"), column="owner_id", cast="bigint", reference="user", is_fixed=True),
    Field("note", _("Note"), Type.TEXT, ("note", "notes", "comment", "description", "примечание", "комментарий",
          "описание"), column="note", longest=30_000),
)  # fmt: skip
_LOOK_ALIKE = """
SELECT mark, c.id, c.name, coalesce(u.name, '') FROM (
    SELECT 'inn:' || inn AS mark, id FROM clients_client WHERE inn = ANY(%(inn)s::text[]) AND inn <> ''
    UNION ALL
    SELECT h.kind || ':' || h.value, p.client_id FROM clients_channel h JOIN clients_contact p ON p.id = h.contact_id
    WHERE h.kind = 'phone' AND h.value = ANY(%(phone)s::text[])
    UNION ALL
    SELECT h.kind || ':' || h.value, p.client_id FROM clients_channel h JOIN clients_contact p ON p.id = h.contact_id
    WHERE h.kind = 'email' AND h.value = ANY(%(email)s::text[])
    UNION ALL
    SELECT 'name:' || match_key, id FROM clients_client WHERE match_key = ANY(%(name)s::text[])
) found JOIN clients_client c ON c.id = found.id LEFT JOIN people_user u ON u.id = c.owner_id
"""


class ClientsImporter(Importer):
    spec = KindSpec(
        key="clients", table="clients_client", fields=FIELDS, keys=("external_key", "inn", "name"),
        offered_keys=("emails", "phones"),
        created=events.CLIENT_CREATED, changed=events.CLIENT_CHANGED, removed="clients.client.removed",
        watched="ROW(t.revision, t.name, t.owner_id, t.search_text)",
        derived=(("name_key", "text"), ("match_key", "text")),
    )  # fmt: skip
    key_sql = {
        "external_key": "SELECT external_key, id FROM clients_client WHERE external_key = ANY(%(keys)s::text[])",
        "inn": "SELECT inn, id FROM clients_client WHERE inn <> '' AND inn = ANY(%(keys)s::text[])",
        "name": "SELECT name_key, id FROM clients_client WHERE name_key = ANY(%(keys)s::text[])",
        "emails": "SELECT h.value, p.client_id FROM clients_channel h JOIN clients_contact p ON p.id = h.contact_id "
        "WHERE h.kind = 'email' AND h.value = ANY(%(keys)s::text[])",
        "phones": "SELECT h.value, p.client_id FROM clients_channel h JOIN clients_contact p ON p.id = h.contact_id "
        "WHERE h.kind = 'phone' AND h.value = ANY(%(keys)s::text[])",
    }
    parts = {
        "clients_channel": "contact_id IN (SELECT id FROM clients_contact WHERE client_id = ANY(%(ids)s::bigint[]))",
        "clients_contact": "client_id = ANY(%(ids)s::bigint[])",
        "clients_ownership": "client_id = ANY(%(ids)s::bigint[])",
    }

    def complete(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            values = draft.values
            name = values.get("name", "")
            values |= {"name_key": fold(name)[:300], "match_key": match_key(name)[:300]}
            if values.get("contact_name"):
                values["contact_key"] = fold(values["contact_name"])[:300]
            if values.get("parent"):
                values["parent_key"] = fold(values["parent"])
            draft.marks = [f"inn:{values['inn']}"] if values.get("inn") else []
            draft.marks += [f"phone:{phone}" for phone in values.get("phones", ())]
            draft.marks += [f"email:{email}" for email in values.get("emails", ())]
            if values["match_key"]:
                draft.marks.append(f"name:{values['match_key']}")

    def key_of(self, field: str, draft: Draft) -> str:
        return str(draft.values["name_key"]) if field == "name" else super().key_of(field, draft)

    def compare(self, draft: Draft, field: str, before: object, after: object) -> bool:
        if field == "parent":
            return fold(str(before or "")) == fold(str(after))
        return before == after

    def decide_new(self, drafts: Sequence[Draft]) -> None:
        if self.run.options.duplicates == "create" or not drafts:
            return
        found = self._look_alike(mark for draft in drafts for mark in draft.marks)
        for draft in drafts:
            alike = next((found[mark] for mark in draft.marks if mark in found), None)
            if alike is None:
                continue
            name, owner = alike
            whose = _t("owner: %(owner)s") % {"owner": owner} if owner else _t("no owner")
            text = _t("looks like the client “%(name)s” (%(whose)s)") % {"name": name, "whose": whose}
            draft.refuse("skip" if self.run.options.duplicates == "skip" else "conflict", "duplicate", text)

    def _look_alike(self, marks: Iterable[str]) -> dict[str, tuple[str, str]]:
        wanted: dict[str, list[str]] = {"inn": [], "phone": [], "email": [], "name": []}
        for mark in marks:
            kind, _colon, value = mark.partition(":")
            wanted[kind].append(value)
        return {mark: (name, owner) for mark, _id, name, owner in self.run.fetch(_LOOK_ALIKE, wanted)}

    def end(self) -> None:
        """A parent is a client that Kniga has or this file brings."""
        text = _t("there is no client of this name, neither here nor in the file")
        self.run.execute(
            """
UPDATE imports_importrow r SET action = 'error',
    reasons = r.reasons || jsonb_build_array(jsonb_build_object('code', 'parent', 'text', %(text)s::text,
        'say', %(say)s::text, 'column', %(column)s::text))
WHERE r.job_id = %(job)s AND r.values ? 'parent_key' AND r.action IN ('create', 'update')
  AND NOT EXISTS (SELECT FROM clients_client c WHERE c.name_key = r.values ->> 'parent_key'
                  AND (%(owners)s::bigint[] IS NULL OR c.owner_id = ANY(%(owners)s::bigint[])))
  AND NOT EXISTS (SELECT FROM imports_importrow o WHERE o.job_id = r.job_id AND o.action = 'create'
                  AND o.values ->> 'name_key' = r.values ->> 'parent_key')
""",
            {"text": text, "say": text.source, "column": self._column_of("parent"), **self._owners()},
        )
        refuse_loops(self.run, self._column_of("parent"))

    def _owners(self) -> dict[str, list[int] | None]:
        owners = self.run.sight.owners
        return {"owners": None if owners is None else list(owners)}

    def _column_of(self, field: str) -> str:
        return next((column for column, key in self.run.options.mapping.items() if key == field), "")

    def write(self) -> None:
        run = self.run
        kind = "coalesce(r.values ->> 'kind', 'company')"
        further = {"kind": kind, "search_text": _SEARCH_TEXT, "revision": "1"}
        further |= {"created_at": "%(now)s", "updated_at": "%(now)s"}
        run.execute(sets.insert(self.spec, further))
        run.execute(_OWNERSHIPS)
        run.execute(_CONTACTS)
        run.execute(sets.tell(events.CLIENT_CREATED, action="create", client="r.target_id", payload=_CREATED))
        self.update_present()
        run.execute(_NEW_CHANNELS)
        run.execute(_PARENTS, self._owners())
        refresh_search_text([row[0] for row in run.fetch(_CHANGED)])

    def told(self) -> dict[str, str]:
        return {"payload": f"jsonb_build_object('changes', {sets.CHANGES})", "client": "r.target_id"}

    def after_restore(self, ids: Collection[int]) -> None:
        self.run.execute(_OLD_PARENTS, {"ids": list(ids)})
        self.run.execute(_TAKE_CHANNELS_BACK, {"ids": list(ids)})
        refresh_search_text(list(ids))

    def before_remove(self, ids: Collection[int]) -> None:
        self.run.execute(
            "UPDATE clients_client SET parent_id = NULL WHERE parent_id = ANY(%(ids)s::bigint[])", {"ids": list(ids)}
        )


_CREATED = """jsonb_build_object('name', r.values ->> 'name', 'owner', (r.values ->> 'owner_id')::bigint, 'contacts',
    CASE WHEN r.values ?| array['contact_name', 'phones', 'emails'] THEN 1 ELSE 0 END)"""
_CHANGED = "SELECT target_id FROM imports_importrow WHERE job_id = %(job)s AND action = 'update'"
# What `refresh_search_text` would write, known before the contact is there: one write less for every client.
_SEARCH_TEXT = """
concat_ws(E'\\n', r.values ->> 'name_key', nullif(r.values ->> 'inn', ''),
    CASE WHEN r.values ?| array['contact_name', 'phones', 'emails']
         THEN coalesce(r.values ->> 'contact_key', r.values ->> 'name_key') END,
    (SELECT string_agg(regexp_replace(p.value, '\\D', '', 'g'), E'\\n' ORDER BY p.position)
     FROM jsonb_array_elements_text(r.values -> 'phones') WITH ORDINALITY AS p (value, position)),
    (SELECT string_agg(e.value, E'\\n' ORDER BY e.position)
     FROM jsonb_array_elements_text(r.values -> 'emails') WITH ORDINALITY AS e (value, position)))
"""
_OWNERSHIPS = """
INSERT INTO clients_ownership (client_id, owner_id, started_at)
SELECT r.target_id, (r.values ->> 'owner_id')::bigint, %(now)s FROM imports_importrow r
WHERE r.job_id = %(job)s AND r.action = 'create' AND r.values ->> 'owner_id' IS NOT NULL
"""
_CONTACTS = """
WITH made AS (
    INSERT INTO clients_contact (client_id, name, name_key, position, role, is_primary, note)
    SELECT r.target_id, coalesce(r.values ->> 'contact_name', r.values ->> 'name'),
           coalesce(r.values ->> 'contact_key', r.values ->> 'name_key'),
           coalesce(r.values ->> 'contact_position', ''), '', true, ''
    FROM imports_importrow r
    WHERE r.job_id = %(job)s AND r.action = 'create' AND r.values ?| array['contact_name', 'phones', 'emails']
    RETURNING id, client_id
)
INSERT INTO clients_channel (contact_id, kind, value, is_primary)
SELECT made.id, v.kind, v.value, v.position = 1
FROM made JOIN imports_importrow r ON r.job_id = %(job)s AND r.target_id = made.client_id
CROSS JOIN LATERAL (
    SELECT 'phone' AS kind, value, position FROM jsonb_array_elements_text(r.values -> 'phones') WITH
        ORDINALITY AS p (value, position)
    UNION ALL
    SELECT 'email', value, position FROM jsonb_array_elements_text(r.values -> 'emails') WITH ORDINALITY AS e
        (value, position)
) v
ORDER BY made.id, v.kind DESC, v.position
"""
# A present client's new phones and addresses go to its first contact, which is made if there is none.
_NEW_CHANNELS = """
WITH wanted AS (
    SELECT r.target_id AS client_id, k.kind, v.value, r.values
    FROM imports_importrow r
    CROSS JOIN (VALUES ('phone', 'phones'), ('email', 'emails')) AS k (kind, field)
    CROSS JOIN LATERAL jsonb_array_elements_text(r.changes -> k.field -> 1) AS v (value)
    WHERE r.job_id = %(job)s AND r.action = 'update' AND r.changes ? k.field
      AND NOT (r.changes -> k.field -> 0) ? v.value
), made AS (
    INSERT INTO clients_contact (client_id, name, name_key, position, role, is_primary, note)
    SELECT DISTINCT ON (client_id) client_id, coalesce(values ->> 'contact_name', values ->> 'name'),
           coalesce(values ->> 'contact_key', values ->> 'name_key'), '', '', true, ''
    FROM wanted WHERE NOT EXISTS (SELECT FROM clients_contact c WHERE c.client_id = wanted.client_id)
    RETURNING id, client_id
)
INSERT INTO clients_channel (contact_id, kind, value, is_primary)
SELECT coalesce(made.id, (SELECT c.id FROM clients_contact c WHERE c.client_id = wanted.client_id
                          ORDER BY c.is_primary DESC, c.id LIMIT 1)), kind, value, false
FROM wanted LEFT JOIN made USING (client_id)
ON CONFLICT DO NOTHING
"""
_TAKE_CHANNELS_BACK = """
DELETE FROM clients_channel h USING clients_contact p, imports_importrow r
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.target_id = ANY(%(ids)s::bigint[]) AND p.client_id = r.target_id
  AND h.contact_id = p.id AND r.changes ? (h.kind || 's')
  AND (r.changes -> (h.kind || 's') -> 1) ? h.value AND NOT (r.changes -> (h.kind || 's') -> 0) ? h.value
"""
_PARENTS = """
UPDATE clients_client c SET parent_id = (
    SELECT p.id FROM clients_client p WHERE p.name_key = r.values ->> 'parent_key' AND p.id <> c.id
      AND (%(owners)s::bigint[] IS NULL OR p.owner_id = ANY(%(owners)s::bigint[])) ORDER BY p.id LIMIT 1)
FROM imports_importrow r
WHERE r.job_id = %(job)s AND r.target_id = c.id AND r.values ? 'parent_key'
  AND (r.action = 'create' OR (r.action = 'update' AND r.changes ? 'parent'))
"""
_OLD_PARENTS = """
UPDATE clients_client c SET parent_id = (
    SELECT p.id FROM clients_client p WHERE p.name = r.changes -> 'parent' ->> 0 AND p.id <> c.id ORDER BY p.id LIMIT 1)
FROM imports_importrow r
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.target_id = c.id AND r.changes ? 'parent'
  AND c.id = ANY(%(ids)s::bigint[])
"""
