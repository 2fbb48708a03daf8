"""Deals: open ones enter a process at a step, closed ones become history with their dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from kniga.deals import events
from kniga.imports import sets
from kniga.imports.cells import Draft
from kniga.imports.fields import Field, KindSpec, Type
from kniga.imports.kinds import deals_sql
from kniga.imports.kinds.importer import Importer
from kniga.imports.references import Unknown
from kniga.imports.stages import OPEN, StageMap, Target
from kniga.platform import ledger
from kniga.platform.errors import Refused
from kniga.platform.models import Organisation
from kniga.platform.said import said as _t
from kniga.platform.textkeys import fold
from kniga.processes.running.bulk import published_version_id, start_many
from kniga.processes.versions.branches import branch_of
from kniga.processes.versions.definitions import runnable_version

FIELDS = (
    Field("external_key", _("Your own key"), Type.TEXT, ("id", "key", "opportunityid", "dealid", "externalid", "код",
          "идентификатор", "номер", "номерсделки"), column="external_key", nullable=True, longest=200),
    Field("name", _("Deal name"), Type.NAME, ("name", "deal", "dealname", "opportunity", "title", "название", "сделка",
          "тема"),
          column="name"),
    Field("client", _("Client"), Type.REFERENCE, ("client", "account", "customer", "company", "клиент", "компания",
          "контрагент", "заказчик"), column="client_id", cast="bigint", reference="client", is_fixed=True),
    Field("owner", _("Responsible"), Type.REFERENCE, ("owner", "salesagent", "agent", "rep", "salesrep", "responsible",
          "assignedto", "ответственный", "менеджер", "сотрудник"), column="owner_id", cast="bigint", reference="user",
          is_fixed=True),
    Field("product", _("Product"), Type.REFERENCE, ("product", "item", "productname", "товар", "продукт",
          "номенклатура"),
          column="product_id", cast="bigint", reference="product", is_fixed=True),
    Field("stage", _("Stage"), Type.NAME, ("stage", "dealstage", "status", "этап", "стадия", "статус", "воронка"),
          required=True, is_fixed=True, select="CASE WHEN t.status = 'open' THEN "
          "(SELECT s.key FROM deals_stage s WHERE s.id = t.stage_id) ELSE t.status END"),
    Field("amount", _("Amount"), Type.MONEY, ("amount", "closevalue", "value", "sum", "total", "price", "revenue",
          "сумма",
          "бюджет", "стоимость"), column="amount", cast="numeric"),
    Field("opened", _("Opened"), Type.DATE, ("opened", "openedat", "engagedate", "createdate", "createddate", "created",
          "startdate", "date", "дата", "датасоздания", "открыта", "создана"), is_fixed=True,
          select="(t.opened_at AT TIME ZONE %(tz)s::text)::date"),
    Field("closed", _("Closed"), Type.DATE, ("closed", "closedat", "closedate", "датазакрытия", "закрыта"),
          is_fixed=True,
          select="(t.closed_at AT TIME ZONE %(tz)s::text)::date"),
    Field("expected_date", _("Expected on"), Type.DATE, ("expecteddate", "expectedclosedate", "ожидаемаядата",
          "плановаядата"), column="expected_date", cast="date"),
    Field("loss_reason", _("Loss reason"), Type.REFERENCE, ("lossreason", "reason", "причина", "причинаотказа",
          "причинапроигрыша"), column="loss_reason_id", cast="bigint", reference="loss_reason"),
    Field("source", _("Source"), Type.REFERENCE, ("source", "leadsource", "источник"), column="source_id",
          cast="bigint",
          reference="source", longest=200),
    Field("region", _("Region"), Type.REFERENCE, ("region", "регион", "город"), column="region_id", cast="bigint",
          reference="region", longest=200),
    Field("note", _("Note"), Type.TEXT, ("note", "comment", "description", "примечание", "комментарий", "описание"),
          column="note", longest=30_000),
)  # fmt: skip


class DealsImporter(Importer):
    spec = KindSpec(
        key="deals", table="deals_deal", fields=FIELDS, keys=("external_key",),
        created=events.DEAL_CREATED, changed=events.DEAL_CHANGED, removed="deals.deal.removed",
        watched=deals_sql.WATCHED, derived=(("name_key", "text"),),
    )  # fmt: skip
    key_sql = {"external_key": "SELECT external_key, id FROM deals_deal WHERE external_key = ANY(%(keys)s::text[])"}
    parts = deals_sql.PARTS

    def begin(self) -> None:
        organisation = Organisation.objects.first()
        self.zone = ZoneInfo(organisation.time_zone if organisation else "Europe/Moscow")
        self.currency = organisation.currency if organisation else "RUB"
        self.today = self.run.now.astimezone(self.zone).date().isoformat()
        if not self.run.options.process:
            known = ", ".join(f"{name} ({key})" for name, key in self.run.fetch(deals_sql.PROCESSES))
            raise Refused(
                "no_process", _t("Say which process open deals enter: %(known)s") % {"known": known}, field="process"
            )
        self.version_id = published_version_id(self.run.options.process)
        self.branch = branch_of(version_id=self.version_id)
        self.stages = StageMap(runnable_version(self.version_id), self.run.options)
        self.closes_from = self.stages.furthest()
        self.prices = {row[0]: row[1] for row in self.run.fetch("SELECT id, price::text FROM catalog_product")}
        self.targets: dict[str, Target | Unknown] = {}
        self.without_client = 0

    def complete(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            values = draft.values
            self.without_client += "client" not in values
            if "name" in values:
                values["name_key"] = fold(values["name"])[:300]
            target = self._target(values.get("stage", ""))
            if isinstance(target, Target):
                self._place(draft, target)
            elif "stage" in values:
                self.run.references.unknown[target] += 1
                text = _t("nobody has said what the stage “%(stage)s” means here") % {"stage": values["stage"]}
                draft.refuse("error", "unknown_stage", text, self._column_of("stage"))

    def _target(self, text: str) -> Target | Unknown:
        if text not in self.targets:
            self.targets[text] = self.stages.target(text)
        return self.targets[text]

    def _place(self, draft: Draft, target: Target) -> None:
        values = draft.values
        values["status"] = target.status
        values["element"] = target.element
        stage = target.stage if target.status == OPEN else self.closes_from
        values["stage_key"] = stage
        values["stage_id"] = self.stages.version.stage_ids[stage]
        values["position"] = self.stages.version.positions[stage]
        if target.status == OPEN and "closed" in values:
            values.setdefault("expected_date", values.pop("closed"))
        if target.status != OPEN and "closed" not in values and not draft.reasons:
            draft.refuse(
                "error", "no_close_date", _t("a closed deal needs the date of its closing"), self._column_of("closed")
            )
        self._time(draft)

    def _time(self, draft: Draft) -> None:
        values = draft.values
        opened, closed = values.get("opened"), values.get("closed")
        if opened and closed and opened > closed:
            draft.refuse("error", "dates", _t("the deal was closed before it was opened"), self._column_of("closed"))
        for field in ("opened", "closed"):
            if values.get(field, "") > self.today:
                draft.refuse("error", "future", _t("this day has not come yet"), self._column_of(field))
        # Noon keeps the day the same in every time zone the company may work in.
        if closed:
            values["closed_at"] = self._noon(closed)
        values["is_dated"] = bool(opened)
        if opened or closed:
            values["opened_at"] = self._noon(opened or closed or "")
        elif "opened_at" not in values:
            values["opened_at"] = self.run.now.isoformat()

    def _noon(self, day: str) -> str:
        return datetime.combine(date.fromisoformat(day), time(12), self.zone).isoformat()

    def compare(self, draft: Draft, field: str, before: object, after: object) -> bool:
        if field == "stage":
            wanted = draft.values.get("status")
            return before == (draft.values.get("stage_key") if wanted == OPEN else wanted)
        return before == after

    def decide_new(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            values = draft.values
            if "name" not in values:
                parts = [values.get("product", ""), values.get("client") or values.get("external_key", "")]
                values["name"] = " — ".join(part for part in parts if part)[:300] or _t("Deal of row %(n)d") % {
                    "n": draft.number
                }
                values["name_key"] = fold(values["name"])[:300]
            values.setdefault("amount", self.prices.get(values.get("product_id"), "0.00"))
        self._refuse_of_other_branches(drafts)

    def _refuse_of_other_branches(self, drafts: Sequence[Draft]) -> None:
        """An open deal enters a branch's process only with an owner of that branch; whoever gives no owner gets it."""
        running = [draft for draft in drafts if draft.values.get("status") == OPEN]
        if self.branch is None or not running:
            return
        sight = self.run.sight
        given = None if sight.owners is None else sight.actor_id
        owners = [draft.values.get("owner_id") or given for draft in running]
        found = {"ids": [owner for owner in owners if owner], "branch": self.branch.pk}
        inside = {row[0] for row in self.run.fetch(deals_sql.OF_BRANCH, found)}
        text = _t("the process belongs to the branch “%(branch)s”: only deals of its people enter it")
        told, column = text % {"branch": self.branch.name}, self._column_of("owner")
        for draft, owner in zip(running, owners, strict=True):
            if owner not in inside:
                draft.refuse("error", "process_of_branch", told, column)

    def end(self) -> None:
        text = _t("the amount is the sum of the deal's lines: change them there")
        given = {"text": text, "say": text.source, "column": self._column_of("amount")}
        self.run.execute(deals_sql.SUMS_OF_LINES, given)
        self.run.notes["without_client"] = self.without_client
        self.run.notes["process"] = self.run.options.process
        told = {text: target for text, target in self.targets.items() if isinstance(target, Target)}
        self.run.notes["stages"] = {text: target.element or target.status for text, target in told.items()}
        self.run.notes["statuses"] = dict(self.run.fetch(deals_sql.STATUSES))

    def _column_of(self, field: str) -> str:
        return next((column for column, key in self.run.options.mapping.items() if key == field), "")

    def write(self) -> None:
        run = self.run
        self._make_partitions()
        run.execute(sets.insert(self.spec, deals_sql.FURTHER), self._constants())
        run.execute(deals_sql.LINES)
        run.execute(deals_sql.OWNERSHIPS)
        run.execute(deals_sql.INFERRED, self._constants())
        run.execute(deals_sql.VISITS)
        created = {"client": deals_sql.CLIENT, "deal": "r.target_id", "action": "create"}
        run.execute(
            sets.tell(events.DEAL_CREATED, at=deals_sql.OPENED, payload=deals_sql.CREATED, **created), self._constants()
        )
        run.execute(deals_sql.CLOSED_EVENTS)
        run.progress("start", 0, 0)
        start_many(version_id=self.version_id, entries=self._entries(), actor_id=run.actor_id, now=run.now)
        self.update_present()
        run.execute(deals_sql.ONE_LINE)

    def _constants(self) -> dict[str, Any]:
        pipeline = self.run.fetch(deals_sql.PIPELINE, {"version": self.version_id})[0][0]
        return {"pipeline": pipeline, "currency": self.currency, "process": self.run.options.process}

    def _make_partitions(self) -> None:
        ledger.ensure_months([row[0] for row in self.run.fetch(deals_sql.MONTHS)])

    def _entries(self) -> list[tuple[int, str | None]]:
        return [(row[0], row[1]) for row in self.run.fetch(deals_sql.OPEN_ONES)]

    def told(self) -> dict[str, str]:
        return {
            "payload": f"jsonb_build_object('changes', {sets.CHANGES})",
            "client": deals_sql.CLIENT,
            "deal": "r.target_id",
        }

    def after_restore(self, ids: object) -> None:
        self.run.execute(deals_sql.ONE_LINE)
