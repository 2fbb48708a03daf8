"""Compile every template, so that a broken one fails here and not on somebody's page."""

from __future__ import annotations

import sys

import django
from django.template import engines
from jinja2 import TemplateSyntaxError

django.setup()


def main() -> int:
    environment = engines["jinja2"].env
    failures = 0
    names = environment.list_templates()
    for name in names:
        try:
            environment.get_template(name)
        except (TemplateSyntaxError, UnicodeDecodeError) as error:
            failures += 1
            place = f"{name}:{getattr(error, 'lineno', '?')}"
            print(f"{place}: {error}", file=sys.stderr)
    print(f"{len(names)} templates compiled")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
