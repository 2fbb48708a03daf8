"""Text stands out from its ground: WCAG 2.2 AA (4.5 : 1), in the light and in the dark theme."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).resolve().parents[2] / "frontend" / "src" / "css" / "tokens.css").read_text(encoding="utf-8")
PAIRS = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIRS}
READ_ON = {
    "ink": ("paper", "surface", "raised", "sunken", "accent-soft"),
    "ink-soft": ("paper", "surface", "raised", "sunken"),
    "bar-ink": ("bar",),
    "link": ("paper", "surface", "raised", "sunken"),
    "accent": ("surface",),
    "accent-strong": ("accent-soft",),
    "on-accent": ("accent", "accent-strong"),
    "info": ("surface", "info-soft"),
    "good": ("surface", "good-soft"),
    "warn": ("surface", "warn-soft"),
    "bad": ("surface", "bad-soft"),
}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), [(text, ground) for text in READ_ON for ground in READ_ON[text]])
def test_text_is_readable_on_its_ground(text: str, ground: str, theme: str) -> None:
    shades = sorted((luminance(COLOURS[text][theme]), luminance(COLOURS[ground][theme])), reverse=True)
    assert (shades[0] + 0.05) / (shades[1] + 0.05) >= 4.5
