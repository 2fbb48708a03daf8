"""Our compiler of templates gives what Jinja's own gives, escaped as it escapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from markupsafe import Markup

from kniga.web import speaking
from kniga.web.compiler import DirectCodeGenerator

TEMPLATES = {
    "frame": "<t>{% block title %}T{% endblock %}</t>{% include 'part' %}"
    "{% block main %}[{% block rows %}-{% endblock %}]{% endblock %}",
    "part": "{{ value }}{% for one in rows %}{{ loop.index }}{{ one }}{% endfor %}",
    "page": "{% extends 'frame' %}{% from 'macros' import cell, box %}"
    "{% block title %}{{ super() }}{{ value }}{% endblock %}"
    "{% block rows %}{% for one in rows %}{{ cell(one, url(one)) }}{% include 'part' %}{% endfor %}"
    "{% call box(value) %}<i>{{ value }}</i>{% endcall %}{% set kept %}<b>{{ value }}</b>{% endset %}{{ kept }}"
    "{{ _('Hello %(name)s', name=value) }}{{ _('Plain') }}{{ value ~ '<' }}{{ url(value)|upper }}{% endblock %}",
    "macros": "{% macro cell(text, url) %}<td title=\"{{ url }}\">{{ text }}</td>{% endmacro %}"
    "{% macro box(head) %}<div>{{ head }}{{ caller() }}</div>{% endmacro %}",
    "shadow": "{% set url = 'x<' %}{{ url }}{% for url in rows %}{{ url }}{% endfor %}",
}  # fmt: skip


class Ours(Environment):
    code_generator_class = DirectCodeGenerator


def made(kind: type[Environment]) -> Environment:
    env = kind(loader=DictLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    env.globals.update(_=speaking.gettext, url=lambda text: f"/?q={text}&x")
    return env


OURS, JINJAS = made(Ours), made(Environment)
VALUES: list[Any] = [
    "<script>alert('x')</script>", "a & b", '"', "", Markup("<b>safe</b>"), mark_safe("<i>django's</i>"), 17, None, 1.5,
    gettext_lazy("Kniga & Co <x>"), ["<"], True,
]  # fmt: skip


@pytest.mark.parametrize("template", ["page", "frame", "part", "shadow"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_page_is_what_jinja_makes_of_it(template: str, value: Any) -> None:
    given_values = {"value": value, "rows": [value, "<tr>", 3]}
    assert OURS.get_template(template).render(given_values) == JINJAS.get_template(template).render(given_values)


@given(st.text(), st.lists(st.text(), max_size=3))
def test_no_text_is_left_unescaped(value: str, rows: list[str]) -> None:
    ours = OURS.get_template("page").render(value=value, rows=rows)
    assert ours == JINJAS.get_template("page").render(value=value, rows=rows)


@pytest.mark.parametrize("source", ["{{ gone }}", "{{ url(gone) }}", "{{ _('x %(y)s', y=gone) }}", "{{ icon('a') }}"])
def test_what_is_not_there_is_an_error(source: str) -> None:
    with pytest.raises(UndefinedError):
        OURS.from_string(source).render()


def test_words_are_said_in_the_language_of_the_moment() -> None:
    said: Callable[[], str] = lambda: str(speaking.gettext("Deals"))  # noqa: E731 (asked three times)
    with override("en"):
        assert said() == "Deals"
        with override("ru"), speaking.writing():
            assert said() == "Сделки"
        assert said() == "Deals"


def test_a_translated_text_is_a_format_and_its_values_are_escaped() -> None:
    with override("en"):
        assert speaking.gettext("%(a)s is 100%%", a="<b>") == "&lt;b&gt; is 100%"
        assert speaking.gettext("100%%") == "100%"
        assert speaking.ngettext("%(num)s row of %(a)s", "%(num)s rows of %(a)s", 2, a="<") == "2 rows of &lt;"
