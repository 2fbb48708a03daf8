"""Write docs/reference/operations.md: every operation of the REST API, read from its OpenAPI document.

python tools/api_reference.py          writes the page
python tools/api_reference.py --check  exits 1 when the page is not what the document says
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "operations.md"
HEAD = """# Operations of the REST API

Made from the OpenAPI document by `tools/api_reference.py`; [REST API](api.md) says what holds for all of them.
Paths stand below `/api/v1`. A `*` marks what must be sent.
"""


def page(document: dict[str, Any]) -> str:
    """The whole page as Markdown."""
    by_tag: dict[str, list[str]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            tag = (described.get("tags") or ["other"])[0]
            by_tag[tag].append(_operation(document, path.removeprefix("/api/v1"), method, described))
    parts = [HEAD]
    for tag, operations in by_tag.items():
        parts.append(f"## {tag.capitalize()}\n")
        parts += operations
    parts.append("## Shapes\n")
    parts += [_shape(document, name, shape) for name, shape in sorted(document["components"]["schemas"].items())]
    return "\n".join(parts).rstrip() + "\n"


def _shape(document: dict[str, Any], name: str, shape: dict[str, Any]) -> str:
    fields = shape.get("properties", {}).items()
    told = "; ".join(f"`{key}` {_type(document, field)}" for key, field in fields)
    return f"- `{name}`: {told or _type(document, shape)}"


def _operation(document: dict[str, Any], path: str, method: str, described: dict[str, Any]) -> str:
    scopes = [scope for one in described.get("security", ()) for scope in one.get("Bearer", ())]
    told = " ".join(described.get("description", "").split())
    lines = [f"### `{method.upper()} {path}`", "", f"{described['summary']}. {told}".strip()]
    lines += ["", f"Scope: {', '.join(f'`{scope}`' for scope in scopes) or 'none, any key'}. {_answers(described)}", ""]
    rows = [
        (_marked(one["name"], one["required"]), one["in"], _type(document, one["schema"]), _said(one))
        for one in described.get("parameters", ())
    ]
    rows += _body(document, described)
    if rows:
        lines += ["| name | in | type | |", "|---|---|---|---|"]
        lines += [f"| {name} | {place} | {kind} | {told} |" for name, place, kind, told in rows]
        lines.append("")
    return "\n".join(lines)


def _answers(described: dict[str, Any]) -> str:
    found = []
    for status, answer in described["responses"].items():
        schema = next(iter(answer.get("content", {}).values()), {}).get("schema", {})
        if status != "default":
            name = schema.get("$ref", "").rsplit("/", 1)[-1] or schema.get("title", "")
            found.append(f"{status}" + (f" `{name}`" if name else ""))
    return f"Answers {', '.join(found)}."


def _body(document: dict[str, Any], described: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    rows = []
    for media, content in described.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(document, content["schema"])
        needed = schema.get("required", ())
        place = "form" if "form" in media else "body"
        for name, field in schema.get("properties", {}).items():
            rows.append((_marked(name, name in needed), place, _type(document, field), _said(field)))
    return rows


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        kinds = [_type(document, one) for one in schema["anyOf"]]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in schema:
        return f"`{schema['$ref'].rsplit('/', 1)[-1]}`"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{one}`" for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(document, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def _said(field: dict[str, Any]) -> str:
    schema = field.get("schema", field)
    told = " ".join(str(field.get("description") or schema.get("description") or "").split())
    standard = schema.get("default")
    return f"{told} Default: {standard}.".strip() if standard not in (None, "", [], {}) else told


def _marked(name: str, is_required: bool) -> str:
    return f"`{name}`{' *' if is_required else ''}"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kniga.config.settings")
    import django

    django.setup()
    from kniga.api.urls import api

    text = page(json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str)))
    if "--check" in sys.argv:
        return 0 if PAGE.read_text() == text else 1
    PAGE.write_text(text)
    print(f"{PAGE.name}: {len(text.splitlines())} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
