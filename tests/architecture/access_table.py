"""Who is let in where: one line per page and per operation of the API.

A new address without a line here fails `test_every_url_and_role`. People are named by what they are to the
objects: `rep` owns them, `other_…` are of another team or branch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

REP, OTHER_REP, LEAD, OTHER_LEAD = "rep", "other_rep", "lead", "other_lead"
HEAD, OTHER_HEAD, OWNER, ADMINISTRATOR = "head", "other_head", "owner", "administrator"
DELIVERY, SUPPORT = "delivery", "support"

EVERYBODY = frozenset({REP, OTHER_REP, LEAD, OTHER_LEAD, HEAD, OTHER_HEAD, OWNER, ADMINISTRATOR, DELIVERY, SUPPORT})
WORKERS = EVERYBODY - {DELIVERY, SUPPORT}
MANAGERS = WORKERS - {REP, OTHER_REP}
HEADS = frozenset({HEAD, OTHER_HEAD, OWNER, ADMINISTRATOR})
SEE_DEAL = frozenset({REP, LEAD, HEAD, OWNER, ADMINISTRATOR, DELIVERY})
SEE_CLIENT = SEE_DEAL | {SUPPORT}
SEE_BRANCH = frozenset({HEAD, OWNER, ADMINISTRATOR})
SEE_ALL = frozenset({OWNER, ADMINISTRATOR})


@dataclass(frozen=True)
class Line:
    """`sees`: before whose eyes the object is at all (others get 404); `may`: whose role may do this (others get
    403, or 404; `told`: other answers that refuse by a message on the page). `body` is sent by the changing
    methods, `query` goes behind the address; "{client}" and "{user}" stand for ids."""

    methods: str
    sees: frozenset[str] = EVERYBODY
    may: frozenset[str] = EVERYBODY
    body: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    query: str = ""
    told: frozenset[int] = frozenset()


PAGES: dict[str, Line] = {
    "desk:home": Line("GET"),
    "desk:people": Line("GET"),
    "desk:task": Line("GET", SEE_DEAL),
    "desk:complete": Line("POST", SEE_DEAL, WORKERS, told=frozenset({422})),
    "desk:deadline": Line("POST", SEE_DEAL, MANAGERS, {"to": "2199-01-01T10:00", "reason": "x"}),
    "desk:make_document": Line("POST", SEE_DEAL, WORKERS, told=frozenset({302, 403})),
    "desk:letter": Line(
        "GET POST", SEE_DEAL, WORKERS, {"to": "a@example.com", "subject": "S", "body": "B"}, told=frozenset({422})
    ),
    "desk:undo": Line("POST", SEE_DEAL, WORKERS, told=frozenset({302})),
    "deals:list": Line("GET"),
    "deals:totals": Line("GET"),
    "deals:create": Line("GET POST", may=WORKERS),
    "deals:choose_client": Line("GET", may=WORKERS),
    "deals:choose_product": Line("GET", may=WORKERS),
    "deals:blank_line": Line("GET", may=WORKERS),
    "deals:card": Line("GET", SEE_DEAL),
    "deals:edit": Line("GET POST", SEE_DEAL, WORKERS),
    "deals:start": Line("POST", SEE_DEAL, WORKERS),
    "deals:lines": Line("GET POST", SEE_DEAL, WORKERS),
    "deals:timeline": Line("GET", SEE_DEAL),
    "deals:path": Line("GET", SEE_DEAL),
    "deals:processes": Line("GET", SEE_DEAL),
    "deals:note": Line("POST", SEE_DEAL, WORKERS, {"name": "asked", "channel": "call"}),
    "deals:steer": Line("POST", SEE_DEAL, MANAGERS, {"act": "pause", "reason": "x"}),
    "deals:assign": Line("GET POST", SEE_DEAL, MANAGERS, {"owner": "{user}"}),
    "documents:document": Line("GET", SEE_DEAL),
    "documents:markdown": Line("GET", SEE_DEAL),
    "documents:html": Line("GET", SEE_DEAL),
    "documents:pdf": Line("GET", SEE_DEAL),
    "documents:docx": Line("GET", SEE_DEAL),
    "documents:letter": Line("GET", SEE_DEAL),
    "documents:templates": Line("GET", may=HEADS),
    "documents:create_template": Line("GET POST", may=HEADS),
    "documents:template": Line("GET POST", may=HEADS),
    "board:home": Line("GET"),
    "board:column": Line("GET"),
    "board:move": Line("GET", SEE_DEAL),
    "board:complete": Line("POST", SEE_DEAL, WORKERS, told=frozenset({422})),
    "clients:list": Line("GET"),
    "clients:total": Line("GET"),
    "clients:create": Line("GET POST", may=WORKERS),
    "clients:duplicates": Line("GET", may=WORKERS),
    "clients:card": Line("GET", SEE_CLIENT),
    "clients:edit": Line("GET POST", SEE_CLIENT, WORKERS),
    "clients:timeline": Line("GET", SEE_CLIENT),
    "clients:assign": Line("GET POST", SEE_CLIENT, MANAGERS, {"owner": "{user}"}),
    "clients:add_contact": Line("GET POST", SEE_CLIENT, WORKERS),
    "clients:edit_contact": Line("GET POST", SEE_CLIENT, WORKERS),
    "clients:remove_contact": Line("POST", SEE_CLIENT, WORKERS),
    "catalog:list": Line("GET"),
    "catalog:create": Line("GET POST", may=HEADS),
    "catalog:product": Line("GET POST", may=HEADS),
    "funnel:report": Line("GET", may=WORKERS),
    "funnel:deals": Line("GET", may=WORKERS, query="?measure=deals"),
    "deviations:list": Line("GET", may=MANAGERS),
    "deviations:counts": Line("GET", may=MANAGERS),
    "deviations:take_many": Line("POST", may=MANAGERS, body={"chosen": "1"}),
    "deviations:undo_taking": Line("POST", may=MANAGERS),
    "deviations:of_deal": Line("GET", SEE_DEAL),
    "deviations:row": Line("GET", SEE_DEAL, MANAGERS),
    "deviations:act": Line("POST", SEE_DEAL, MANAGERS, {"act": "take"}),
    "notices:list": Line("GET"),
    "notices:attention": Line("GET"),
    "notices:bell": Line("GET"),
    "notices:read_all": Line("POST"),
    "notices:open": Line("POST", frozenset({HEAD})),
    "notices:choose": Line("POST", body={"kind": "word"}),
    "imports:list": Line("GET", may=HEADS),
    "imports:bring": Line("POST", may=HEADS),
    "imports:job": Line("GET", SEE_BRANCH, HEADS),
    "imports:setup": Line("POST", SEE_BRANCH, HEADS),
    "imports:explain": Line("POST", SEE_BRANCH, HEADS),
    "imports:rows": Line("GET", SEE_BRANCH, HEADS),
    "imports:failed": Line("GET", SEE_BRANCH, HEADS),
    "imports:apply": Line("POST", SEE_BRANCH, HEADS),
    "imports:progress": Line("GET", SEE_BRANCH, HEADS),
    "imports:undo": Line("POST", SEE_BRANCH, HEADS),
    "imports:discard": Line("POST", SEE_BRANCH, HEADS),
    "processes:list": Line("GET"),
    "processes:upload": Line("GET POST", may=HEADS),
    "processes:new": Line("GET POST", may=HEADS, body={"origin": "empty"}),
    "processes:template": Line("GET", may=HEADS),
    "processes:edit": Line("POST", may=HEADS),
    "processes:draft": Line("GET", may=HEADS),
    "processes:draft_state": Line("GET", may=HEADS),
    "processes:check_draft": Line("POST", may=HEADS),
    "processes:draft_here": Line("POST", may=HEADS),
    "processes:preview_draft": Line("POST", may=HEADS),
    "processes:draft_catalog": Line("GET", may=HEADS),
    "processes:draft_clients": Line("GET", may=HEADS),
    "processes:publish_draft": Line("POST", may=HEADS),
    "processes:discard_draft": Line("POST", may=HEADS),
    "processes:draft_states": Line("GET", may=HEADS),
    "processes:draft_at": Line("GET POST", may=HEADS),
    "processes:draft_start_from": Line("POST", may=HEADS, body={"number": "1"}),
    "processes:draft_changes": Line("GET", may=HEADS),
    "processes:bring_back_draft": Line("POST", may=HEADS),
    "processes:versions": Line("GET"),
    "processes:book": Line("GET"),
    "processes:file": Line("GET"),
    "processes:publish": Line("POST", may=HEADS),
    "processes:call_off": Line("POST", may=HEADS),
    "processes:check": Line("POST", may=HEADS),
    "processes:retire": Line("POST", may=HEADS),
    "processes:running": Line("GET"),
    "processes:plan_act": Line("POST", may=MANAGERS, body={"kind": "suspend", "reason": "x"}),
    "salesbook:book": Line("GET"),
    "salesbook:edition": Line("GET"),
    "salesbook:pdf": Line("GET"),
    "salesbook:confirm": Line("POST"),
    "salesbook:map": Line("GET"),
    "salesbook:map_file": Line("GET"),
    "salesbook:readers": Line("GET", may=MANAGERS),
    "salesbook:remind": Line("POST", may=MANAGERS),
    "processes:compare": Line("GET"),
    "processes:move": Line("GET POST", may=HEADS),
    "processes:act": Line("GET", SEE_ALL | {LEAD}, MANAGERS),
    "processes:settle_act": Line("POST", SEE_ALL | {LEAD}, MANAGERS, {"act": "drop"}),
    "processes:incidents": Line("GET", may=MANAGERS),
    "processes:settle": Line("POST", SEE_DEAL, MANAGERS, {"act": "skip", "reason": "x"}),
    "processes:messages": Line("GET", may=MANAGERS),
    "mailboxes:list": Line("GET", may=SEE_ALL),
    "mailboxes:create": Line("GET POST", may=SEE_ALL),
    "mailboxes:mailbox": Line("GET POST", may=SEE_ALL),
    "mailboxes:read": Line("POST", may=SEE_ALL),
    "mailboxes:letter": Line("GET", SEE_CLIENT),
    "mailboxes:attach": Line("POST", SEE_CLIENT, WORKERS, {"number": "0"}, told=frozenset({422})),
    "mailboxes:begin": Line("POST", SEE_CLIENT, WORKERS, told=frozenset({422})),
    "mailboxes:aside": Line("POST", SEE_CLIENT, WORKERS, told=frozenset({422})),
    "forms:list": Line("GET", may=HEADS),
    "forms:create": Line("GET POST", may=HEADS),
    "forms:form": Line("GET POST", may=HEADS),
    "people:list": Line("GET", may=HEADS),
    "people:create": Line("GET POST", may=HEADS),
    "people:profile": Line("GET POST"),
    "people:access": Line("GET POST", may=frozenset({OWNER, ADMINISTRATOR})),
    "people:organisation": Line("GET POST", may=frozenset({OWNER, ADMINISTRATOR})),
    "people:set_day": Line("POST", may=frozenset({OWNER, ADMINISTRATOR}), body={"date": "2026-12-31"}),
    "people:remove_day": Line("POST", may=frozenset({OWNER, ADMINISTRATOR}), body={"date": "2026-12-31"}),
    "people:days_off": Line("GET"),
    "people:teams": Line("GET", may=HEADS),
    "people:create_team": Line("GET POST", may=HEADS),
    "people:team": Line("GET POST", SEE_BRANCH, HEADS),
    "people:create_branch": Line("GET POST", may=frozenset({OWNER, ADMINISTRATOR})),
    "people:person": Line("GET POST", SEE_BRANCH, HEADS),
    "people:close": Line("POST", SEE_BRANCH, HEADS),
    "people:reopen": Line("POST", SEE_BRANCH, HEADS),
    "search:find": Line("GET"),
}
OPEN_PAGES = frozenset({"home", "preferences:language", "preferences:theme", "ui:catalogue", "forms:take"})
"""Open to anybody on purpose: they show nothing that is anybody's, or lead to the desk."""

OPERATIONS: dict[str, Line] = {
    "GET /clients": Line("GET"),
    "POST /clients": Line("POST", may=WORKERS, body={"name": "New"}),
    "GET /clients/{client_id}": Line("GET", SEE_CLIENT),
    "PATCH /clients/{client_id}": Line("PATCH", SEE_CLIENT, WORKERS, {"note": "New"}),
    "PUT /clients/{client_id}/owner": Line("PUT", SEE_CLIENT, MANAGERS, {"owner_id": "{user}"}),
    "GET /clients/{client_id}/contacts": Line("GET", SEE_CLIENT),
    "POST /clients/{client_id}/contacts": Line("POST", SEE_CLIENT, WORKERS, {"name": "New"}),
    "GET /contacts/{contact_id}": Line("GET", SEE_CLIENT),
    "PUT /contacts/{contact_id}": Line("PUT", SEE_CLIENT, WORKERS, {"name": "New"}),
    "DELETE /contacts/{contact_id}": Line("DELETE", SEE_CLIENT, WORKERS),
    "GET /products": Line("GET"),
    "POST /products": Line("POST", may=HEADS, body={"name": "New"}),
    "GET /products/{product_id}": Line("GET"),
    "PATCH /products/{product_id}": Line("PATCH", may=HEADS, body={"note": "New"}),
    "GET /deals": Line("GET"),
    "POST /deals": Line("POST", SEE_CLIENT, WORKERS, {"process": "small_sale", "client_id": "{client}"}),
    "GET /deals/{deal_id}": Line("GET", SEE_DEAL),
    "PATCH /deals/{deal_id}": Line("PATCH", SEE_DEAL, WORKERS, {"note": "New"}),
    "PUT /deals/{deal_id}/owner": Line("PUT", SEE_DEAL, MANAGERS, {"owner_id": "{user}"}),
    "PUT /deals/{deal_id}/lines": Line("PUT", SEE_DEAL, WORKERS, {"lines": []}),
    "GET /tasks": Line("GET"),
    "GET /tasks/{task_id}": Line("GET", SEE_DEAL),
    "POST /tasks/{task_id}/complete": Line("POST", SEE_DEAL, WORKERS, {"outcome": "later"}),
    "POST /tasks/{task_id}/deadline": Line("POST", SEE_DEAL, MANAGERS, {"to": "2027-01-01T10:00:00Z", "reason": "x"}),
    "POST /tasks/{task_id}/undo": Line("POST", SEE_DEAL),
    "GET /processes": Line("GET"),
    "POST /processes": Line("POST", may=HEADS, file="file"),
    "GET /processes/{key}": Line("GET"),
    "GET /processes/{key}/versions/{number}": Line("GET"),
    "GET /processes/{key}/versions/{number}/bpmn": Line("GET"),
    "POST /processes/{key}/versions/{number}/publish": Line("POST", may=HEADS),
    "POST /messages": Line("POST", may=WORKERS, body={"name": "asked", "key": "A-1"}),
    "POST /signals": Line("POST", may=MANAGERS, body={"name": "fair"}),
    "GET /messages": Line("GET", may=MANAGERS),
    "GET /incidents": Line("GET"),
    "POST /incidents/{work_id}/retry": Line("POST", SEE_DEAL, MANAGERS, {"reason": "x"}, told=frozenset({422})),
    "POST /incidents/{work_id}/skip": Line("POST", SEE_DEAL, MANAGERS, {"reason": "x"}, told=frozenset({422})),
    "GET /deals/{deal_id}/processes": Line("GET", SEE_DEAL),
    "POST /instances/{instance_id}/steer": Line(
        "POST", SEE_DEAL, MANAGERS, {"act": "pause", "reason": "x"}, told=frozenset({422})
    ),
    "POST /calls": Line(
        "POST", may=WORKERS, body={"from_number": "+79123456789", "to_number": "1", "at": "2026-03-02T10:00:00Z"}
    ),
    "GET /acts": Line("GET", may=MANAGERS, query="?process=small_sale"),
    "POST /acts": Line("POST", may=MANAGERS, body={"kind": "suspend", "process": "small_sale", "reason": "x"}),
    "GET /acts/{act_id}": Line("GET", SEE_ALL | {LEAD}, MANAGERS),
    "GET /acts/{act_id}/rows": Line("GET", SEE_ALL | {LEAD}, MANAGERS),
    "PUT /acts/{act_id}/mapping": Line("PUT", SEE_ALL | {LEAD}, MANAGERS, {}),
    "POST /acts/{act_id}/carry-out": Line("POST", SEE_ALL | {LEAD}, MANAGERS),
    "POST /acts/{act_id}/undo": Line("POST", SEE_ALL | {LEAD}, MANAGERS, {"reason": "x"}),
    "DELETE /acts/{act_id}": Line("DELETE", SEE_ALL | {LEAD}, MANAGERS),
    "GET /deviations": Line("GET"),
    "POST /deviations/acknowledge": Line("POST", may=MANAGERS, body={"ids": [1], "word": "x"}),
    "POST /deviations/{deviation_id}/acknowledge": Line("POST", SEE_DEAL, MANAGERS, {"word": "x"}),
    "POST /deviations/{deviation_id}/close": Line("POST", SEE_DEAL, MANAGERS, {"word": "x"}),
    "GET /funnel": Line("GET", may=WORKERS),
    "GET /imports": Line("GET"),
    "POST /imports": Line("POST", may=HEADS, body={"kind": "clients"}, file="file"),
    "GET /imports/{job_id}": Line("GET", SEE_BRANCH, HEADS),
    "GET /imports/{job_id}/rows": Line("GET", SEE_BRANCH, HEADS),
    "PUT /imports/{job_id}/options": Line("PUT", SEE_BRANCH, HEADS),
    "POST /imports/{job_id}/check": Line("POST", SEE_BRANCH, HEADS),
    "POST /imports/{job_id}/apply": Line("POST", SEE_BRANCH, HEADS),
    "POST /imports/{job_id}/undo": Line("POST", SEE_BRANCH, HEADS),
    "GET /lists": Line("GET"),
    "GET /users": Line("GET"),
    "GET /users/{user_id}": Line("GET", SEE_BRANCH | {REP}),
    "GET /token": Line("GET"),
    "DELETE /token": Line("DELETE"),
}
