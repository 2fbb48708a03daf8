"""Users with their branches and teams; whoever is named as manager becomes the lead of a team."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from kniga.imports import sets
from kniga.imports.cells import Draft
from kniga.imports.fields import Field, KindSpec, Type
from kniga.imports.kinds.importer import Importer
from kniga.people import events
from kniga.platform.said import said as _t
from kniga.platform.textkeys import fold

FIELDS = (
    Field("external_key", _("Your own key"), Type.TEXT, ("id", "key", "userid", "employeeid", "табельныйномер", "код"),
          column="external_key", nullable=True, longest=200),
    Field("name", _("Full name"), Type.NAME, ("name", "fullname", "salesagent", "agent", "salesrep", "rep", "user",
          "employee",
          "фио", "имя", "сотрудник", "менеджер", "пользователь"), column="name", required=True, longest=200),
    Field("email", _("E-mail"), Type.EMAIL, ("email", "mail", "login", "emailaddress", "почта", "электроннаяпочта",
          "логин"),
          column="email"),
    Field("role", _("Role"), Type.CHOICE, ("role", "роль", "должность", "position"), column="role",
          choices=(("rep", ("salesrep", "agent", "salesagent", "менеджер", "менеджерпопродажам",
          "торговыйпредставитель")),
                   ("lead", ("teamlead", "manager", "руководительгруппы", "тимлид")),
                   ("head", ("headofsales", "роп", "руководительотделапродаж")), ("owner", ("собственник", "владелец")),
                   ("delivery", ("deliverylead", "производство")), ("support", ("поддержка",)),
                   ("administrator", ("admin", "администратор")))),
    Field("branch", _("Branch"), Type.REFERENCE, ("branch", "office", "regionaloffice", "region", "department",
          "филиал",
          "офис", "регион", "подразделение"), column="branch_id", cast="bigint", reference="branch", longest=200),
    Field("team", _("Team"), Type.NAME, ("team", "group", "команда", "группа", "отдел"), longest=200,
          select="(SELECT m.name FROM people_team m WHERE m.id = t.team_id)"),
    Field("manager", _("Manager"), Type.NAME, ("manager", "lead", "teamlead", "boss", "supervisor", "руководитель",
          "начальник", "тимлид"), longest=200,
          select="(SELECT l.name FROM people_team m JOIN people_user l ON l.id = m.lead_id WHERE m.id = t.team_id)"),
    Field("phone", _("Phone"), Type.PHONE, ("phone", "tel", "mobile", "телефон", "мобильный"), column="phone",
          longest=20),
)  # fmt: skip
_LATIN: Final = dict(zip("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", (
    "a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh",
    "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"), strict=True))  # fmt: skip


class UsersImporter(Importer):
    spec = KindSpec(
        key="users", table="people_user", fields=FIELDS, keys=("external_key", "email", "name"),
        created=events.USER_CREATED, changed=events.USER_CHANGED, removed="people.user.removed",
        watched="ROW(t.name, t.email, t.role, t.branch_id, t.team_id, t.phone, t.is_active, t.password, t.last_login)",
        derived=(("name_key", "text"),), has_revision=False,
    )  # fmt: skip
    key_sql = {
        "external_key": "SELECT external_key, id FROM people_user WHERE external_key = ANY(%(keys)s::text[])",
        "email": "SELECT email, id FROM people_user WHERE email = ANY(%(keys)s::text[])",
        "name": "SELECT name_key, id FROM people_user WHERE name_key = ANY(%(keys)s::text[])",
    }

    def begin(self) -> None:
        self.taken = {row[0] for row in self.run.fetch("SELECT email FROM people_user")}
        self.known = {row[0] for row in self.run.fetch(_KNOWN, {"branch": self.run.sight.branch})}
        self.addresses: list[list[str]] = []
        self.managers: dict[str, tuple[str, str]] = {}

    def complete(self, drafts: Sequence[Draft]) -> None:
        self.run.sight.place_people(drafts)
        for draft in drafts:
            values = draft.values
            values["name_key"] = fold(values.get("name", ""))[:200]
            if values.get("manager"):
                values.setdefault("team", values["manager"])
                values["manager_key"] = fold(values["manager"])
                if not values.get("branch") and not draft.reasons:
                    draft.refuse("error", "no_branch", _t("a team needs a branch: map the column that names it"))
                self.managers.setdefault(fold(values["manager"]), (values["manager"], values.get("branch", "")))

    def key_of(self, field: str, draft: Draft) -> str:
        return str(draft.values["name_key"]) if field == "name" else super().key_of(field, draft)

    def compare(self, draft: Draft, field: str, before: object, after: object) -> bool:
        if field in {"team", "manager"}:
            return fold(str(before or "")) == fold(str(after))
        return before == after

    def decide_new(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            self.known.add(draft.values["name_key"])
            self._refuse_taken(draft, draft.values.get("email"))
            if not draft.values.get("email") and draft.action == "create":
                draft.values["email"] = self._address(draft.values["name"])

    def decide_present(self, draft: Draft) -> None:
        self._refuse_taken(draft, draft.changes.get("email", [None, None])[1])
        if "manager" in draft.changes and "team" not in draft.changes:
            # The lead belongs to the team, not to its member.
            draft.changes.pop("manager")
            draft.refuse("conflict", "lead", _t("the team has another lead: change it on the page of teams"))

    def _refuse_taken(self, draft: Draft, email: str | None) -> None:
        """Two accounts cannot share an address; rows matched by it cannot come into this."""
        if draft.key.startswith("email:"):
            return
        if email in self.taken:
            draft.refuse("conflict", "email_taken", _t("somebody else signs in with this address already"))
        elif email:
            self.taken.add(email)

    def _address(self, name: str) -> str:
        address = self._free_address(name)
        self.taken.add(address)
        self.addresses.append([name, address])
        return address

    def _free_address(self, name: str) -> str:
        words = [
            re.sub(r"[^a-z0-9]+", "-", "".join(_LATIN.get(c, c) for c in word)).strip("-")
            for word in fold(name).split()
        ]
        local = ".".join(word for word in words if word)[:60] or "user"
        domain, number = self.run.options.mail_domain, 1
        while (address := f"{local}{number if number > 1 else ''}@{domain}") in self.taken:
            number += 1
        return address

    def end(self) -> None:
        leads = [name for key, (name, _branch) in self.managers.items() if key not in self.known]
        made = [[name, self._address(name)] for name in leads]
        self.run.notes["addresses"] = self.addresses
        self.run.notes["new_leads"] = [name for name, _address in made]
        self.leads = dict(made)

    def write(self) -> None:
        run = self.run
        password = make_password(None)
        run.execute(_ROLE)
        further = {
            "password": "%(password)s::text",
            "language": "''",
            "theme": "''",
            "is_active": "true",
            "created_at": "%(now)s",
        }
        run.execute(sets.insert(self.spec, further), {"password": password})
        self._make_leads(password)
        self._make_teams()
        run.execute(_JOIN)
        run.execute(sets.tell(events.USER_CREATED, action="create", payload=_CREATED))
        self.update_present()

    def told(self) -> dict[str, str]:
        named = "'user', r.target_id, 'name', r.values ->> 'name'"
        return {"payload": f"jsonb_build_object({named}, 'changes', {sets.CHANGES})"}

    def update_present(self) -> None:
        super().update_present()
        self.run.execute(_SIGN_INS, {"ids": None})

    def _make_leads(self, password: str) -> None:
        for name, address in self.leads.items():
            branch = self.managers[fold(name)][1]
            values = {"name": name, "key": fold(name), "email": address, "password": password, "branch": branch}
            made = self.run.fetch(_LEAD, values)
            self.run.references.made.setdefault("people_user", []).append(made[0][0])

    def _make_teams(self) -> None:
        made = self.run.fetch(_TEAMS, {"only": self.run.sight.branch})
        self.run.references.made["people_team"] = [row[0] for row in made]
        self.run.execute(_LEADS_JOIN, {"teams": [row[0] for row in made]})

    def after_restore(self, ids: Collection[int]) -> None:
        self.run.execute(
            """
UPDATE people_user t SET team_id = (
    SELECT m.id FROM people_team m WHERE m.name = r.changes -> 'team' ->> 0 ORDER BY (m.branch_id =
        t.branch_id) DESC LIMIT 1)
FROM imports_importrow r
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.target_id = t.id AND r.changes ? 'team' AND t.id =
    ANY(%(ids)s::bigint[])
""",
            {"ids": list(ids)},
        )
        self.run.execute(_SIGN_INS, {"ids": list(ids)})

    def before_remove(self, ids: Collection[int]) -> None:
        self.run.execute(
            "UPDATE people_team SET lead_id = NULL WHERE lead_id = ANY(%(ids)s::bigint[])", {"ids": list(ids)}
        )


# The sign-in keeps addresses of its own; the old one must not open the account any more, and the new one must.
_SIGN_INS = """
DELETE FROM account_emailaddress e USING imports_importrow r
WHERE r.job_id = %(job)s AND r.action = 'update' AND r.changes ? 'email' AND e.user_id = r.target_id
  AND (%(ids)s::bigint[] IS NULL OR e.user_id = ANY(%(ids)s::bigint[]))
"""
_KNOWN = "SELECT name_key FROM people_user WHERE %(branch)s::bigint IS NULL OR branch_id = %(branch)s::bigint"
_CREATED = """jsonb_build_object('user', r.target_id, 'name', r.values ->> 'name', 'role', r.values ->> 'role',
    'branch', (r.values ->> 'branch_id')::bigint)"""
_ROLE = """
UPDATE imports_importrow r SET values = r.values || jsonb_build_object('role', 'rep')
WHERE r.job_id = %(job)s AND r.action = 'create' AND NOT r.values ? 'role'
"""
_LEAD = """
WITH made AS (
    INSERT INTO people_user (name, name_key, email, password, role, branch_id, phone, language, theme,
        is_active, created_at)
    VALUES (%(name)s, %(key)s, %(email)s, %(password)s, 'lead', (SELECT id FROM people_branch WHERE name = %(branch)s),
            '', '', '', true, %(now)s)
    RETURNING id, name, branch_id
), told AS (
    INSERT INTO platform_event (at, kind, actor_id, payload)
    SELECT %(now)s, 'people.user.created', %(actor)s::bigint, jsonb_build_object(
        'user', id, 'name', name, 'role', 'lead', 'branch', branch_id, 'import', %(job)s::bigint)
    FROM made
)
SELECT id FROM made
"""
# A team is known by its name within its branch; a new one is led by the manager its members name.
_TEAMS = """
WITH wanted AS (
    SELECT DISTINCT ON (lower(r.values ->> 'team'), r.values ->> 'branch') r.values ->> 'team' AS name, b.id AS
        branch_id,
           (SELECT u.id FROM people_user u WHERE u.name_key = r.values ->> 'manager_key'
              AND (%(only)s::bigint IS NULL OR u.branch_id = %(only)s::bigint)
            ORDER BY (u.branch_id = b.id) DESC NULLS LAST, u.id LIMIT 1) AS lead_id
    FROM imports_importrow r JOIN people_branch b ON b.name = r.values ->> 'branch'
    WHERE r.job_id = %(job)s AND r.action IN ('create', 'update') AND r.values ? 'team'
    ORDER BY lower(r.values ->> 'team'), r.values ->> 'branch', r.number
), made AS (
    INSERT INTO people_team (name, branch_id, lead_id, is_active)
    SELECT name, branch_id, lead_id, true FROM wanted
    WHERE NOT EXISTS (SELECT FROM people_team t WHERE t.branch_id = wanted.branch_id AND lower(t.name) =
        lower(wanted.name))
    RETURNING id, name, branch_id, lead_id
), told AS (
    INSERT INTO platform_event (at, kind, actor_id, payload)
    SELECT %(now)s, 'people.team.created', %(actor)s::bigint, jsonb_build_object(
        'team', id, 'name', name, 'branch', branch_id, 'lead', lead_id, 'import', %(job)s::bigint)
    FROM made
)
SELECT id FROM made
"""
_LEADS_JOIN = """
UPDATE people_user u SET team_id = t.id FROM people_team t
WHERE t.id = ANY(%(teams)s::bigint[]) AND u.id = t.lead_id AND u.team_id IS NULL AND u.branch_id = t.branch_id
"""
_JOIN = """
UPDATE people_user u SET team_id = t.id FROM imports_importrow r
JOIN people_branch b ON b.name = r.values ->> 'branch'
JOIN people_team t ON t.branch_id = b.id AND lower(t.name) = lower(r.values ->> 'team')
WHERE r.job_id = %(job)s AND r.target_id = u.id AND r.values ? 'team'
  AND (r.action = 'create' OR (r.action = 'update' AND r.changes ? 'team'))
"""
