"""The one place that knows htmx: whole pages, fragments, toasts, refusals, redirects.

A fragment is a block of the page's own template, so that page and fragment cannot drift apart:

    return render_page(request, "deals/list.html", context, fragments={"deal-rows": "rows"})

answers a plain request with the page, and a request whose HX-Target is `deal-rows` with the block `rows`.
The block `main` (everything right of the menu) is always available to the target `main`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.backends.jinja2 import Template as BackendTemplate
from django.template.loader import get_template
from django.utils.cache import patch_vary_headers
from jinja2 import Template
from jinja2.runtime import Context

from kniga.platform.errors import Refused
from kniga.web.speaking import writing

UNDO_SECONDS = 10
_LEVELS = {
    "success": messages.SUCCESS,
    "info": messages.INFO,
    "warning": messages.WARNING,
    "error": messages.ERROR,
}


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page (restoring history wants the whole page)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    fragments: Mapping[str, str] | None = None,
    block: str | None = None,
) -> HttpResponse:
    """Render the page, or for htmx only the block that `fragments` names for the HX-Target.

    `block` names the block for every htmx request, whatever its target. A form that is refused is rendered
    with `status=422`: htmx swaps it in as it does a success.
    """
    wanted = _block_for(request, fragments or {}, block)
    page = cast(BackendTemplate, get_template(template))
    with writing():
        if wanted is None:
            html = page.render(dict(context or {}), request)
        else:
            html = _render_block(page, wanted, dict(context or {}), request)
    response = HttpResponse(html, status=status)
    if wanted is not None:
        send_toasts(request, response)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def refuse(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    fragments: Mapping[str, str] | None = None,
    block: str | None = None,
) -> HttpResponse:
    """Show a form again with its errors (422)."""
    return render_page(request, template, context, status=422, fragments=fragments, block=block)


def go_to(request: HttpRequest, url: str, *, whole: bool = False) -> HttpResponse:
    """Send the browser to another page after a success.

    For htmx only the block `main` is fetched and swapped; `whole` reloads the window instead (after a change
    of language, sign-out and the like).
    """
    if not is_htmx(request):
        return redirect(url)
    response = HttpResponse(status=204)
    if whole:
        response["HX-Redirect"] = url
    else:
        response["HX-Location"] = json.dumps({"path": url, "target": "#main", "swap": "innerHTML"})
    return response


def done(request: HttpRequest, url: str, *events: str) -> HttpResponse:
    """An act without a page of its own: 204 with toasts and events for htmx, else a redirect to `url`.

    `events` are names that lists on the page listen to, e.g. `hx-trigger="deals-changed from:body"`.
    """
    if not is_htmx(request):
        return redirect(url)
    response = HttpResponse(status=204)
    for event in events:
        trigger(response, event)
    send_toasts(request, response)
    return response


def show_in_main(response: HttpResponse, url: str) -> HttpResponse:
    """Let htmx put a rendered block `main` in place of the page, whatever the request aimed at, under `url`."""
    response["HX-Retarget"] = "#main"
    response["HX-Reswap"] = "innerHTML"
    response["HX-Push-Url"] = url
    return response


def toast(request: HttpRequest, text: str, *, kind: str = "success", undo_url: str = "") -> None:
    """Tell the person something: shown by the next page or fragment this session receives.

    `kind` is success, info, warning or error. With `undo_url` the toast has an Undo button that posts there
    and a countdown of ten seconds.
    """
    messages.add_message(request, _LEVELS[kind], text, extra_tags=f"undo:{undo_url}" if undo_url else "")


def field_errors(refusal: Refused) -> dict[str, list[str]]:
    """The errors of a form by field name, as the macros `field` and `error_summary` take them ("" is the form)."""
    found: dict[str, list[str]] = {}
    for one in (refusal, *refusal.also):
        found.setdefault(one.field or "", []).append(one.message)
    return found


def trigger(response: HttpResponse, event: str, detail: object = None) -> None:
    """Add an event to HX-Trigger, keeping those already there."""
    events = json.loads(response.get("HX-Trigger", "{}"))
    events[event] = detail
    response["HX-Trigger"] = json.dumps(events)


def send_toasts(request: HttpRequest, response: HttpResponse) -> None:
    """Move waiting toasts into the response's HX-Trigger header."""
    waiting = toasts_of(request)
    if waiting:
        trigger(response, "kniga:toasts", {"toasts": waiting})


def toasts_of(request: HttpRequest) -> list[dict[str, Any]]:
    """Waiting toasts as plain dictionaries: text, kind, undo_url, seconds. Taking them empties the queue."""
    taken = []
    for message in messages.get_messages(request):
        undo_url = ""
        for tag in message.extra_tags.split() if message.extra_tags else []:
            if tag.startswith("undo:"):
                undo_url = tag.removeprefix("undo:")
        kind = message.level_tag or "info"
        seconds = UNDO_SECONDS if undo_url else 5
        taken.append({"text": str(message.message), "kind": kind, "undo_url": undo_url, "seconds": seconds})
    return taken


def _block_for(request: HttpRequest, fragments: Mapping[str, str], block: str | None) -> str | None:
    if not is_htmx(request):
        return None
    target = request.headers.get("HX-Target", "")
    if target in fragments:
        return fragments[target]
    return "main" if target == "main" else block


def _render_block(page: BackendTemplate, name: str, context: dict[str, Any], request: HttpRequest) -> str:
    template = cast(Template, page.template)
    context["request"] = request
    for processor in page.backend.template_context_processors:
        context.update({key: value for key, value in processor(request).items() if key not in context})
    state: Context = template.new_context(context)
    # The root function's first step runs the page's imports and joins its blocks with those of its parents;
    # a block rendered without it would not know them.
    root = template.root_render_func(state)
    next(root)
    html = "".join(state.blocks[name][0](state))
    root.close()  # type: ignore[attr-defined]
    if name == "main" and "title" in state.blocks:
        return f"<title>{''.join(state.blocks['title'][0](state))} · Kniga</title>{html}"
    return html
