"""The classes of the style sheet that pages write by hand, for the catalogue page."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CLASSES: tuple[tuple[str, str | Promise], ...] = (
    ("k-stack, k-row, k-grid", _("One below the other; in a line that wraps; in columns as wide as fits")),
    ("k-panel, k-panel__head, k-panel__body", _("A framed part of a page; h2 or h3 as its first child is its head")),
    ("k-split, k-split--3", _("Main part and side part; three parts for the task page; one column on a phone")),
    ("k-table-wrap, k-table, k-table--stack", _("A dense table; with --stack its rows become entries on a phone")),
    ("k-table__main, k-num, k-check", _("Cells: the row's name, a figure, a check box")),
    ("k-list", _("A list whose entries are lines of a panel")),
    (
        "k-board, k-column, k-column__head, k-column__cards, k-meter",
        _("A board with its columns, sums and bar of deadlines"),
    ),
    (
        "k-card, k-card__title, k-card__text, k-card--overdue",
        _("A card on a board; its footer holds amount, deadline, owner"),
    ),
    ("k-next", _("The next step with the ribbon: stands on top of a card")),
    ("k-facts", _("Names and values: dl with a div for each pair")),
    ("k-stats, k-stat", _("Figures in a row")),
    ("k-timeline", _("A history: ol with the macro entry")),
    ("k-filters, k-chips, k-tabs", _("Filters of a list, filters in force, views of a list")),
    ("k-form, k-form--narrow, k-actions", _("Fields below each other; the buttons of a form or a page")),
    ("k-prose", _("Text written by people in Markdown")),
    ("k-muted, k-truncate, k-spoken", _("Pale text; one line with an ellipsis; only for screen readers")),
    ("data-row, data-href", _("A row or card that takes part in j, k and Enter")),
    (
        "data-edit, data-primary, data-guard",
        _("What e opens; the form Ctrl-Enter sends; a form that warns before it is left"),
    ),
)
