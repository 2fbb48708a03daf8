"""What every kind of import does in its own way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from kniga.imports import sets
from kniga.imports.cells import Draft
from kniga.imports.fields import KindSpec
from kniga.imports.run import Run


class Importer:
    """One kind within one run. The defaults suit a plain table; kinds override what differs."""

    spec: ClassVar[KindSpec]
    key_sql: ClassVar[dict[str, str]]
    """For each key field a statement that takes texts (`%(keys)s`) and gives (text, object id)."""
    parts: ClassVar[dict[str, str]] = {}
    """Tables of the parts that go with an object, leaves first: {table: SQL condition on `ids`}."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def begin(self) -> None:
        """Before the first row: read what all rows need. May raise Refused."""

    def complete(self, drafts: Sequence[Draft]) -> None:
        """After references are resolved, before matching: compute values from values."""

    def key_of(self, field: str, draft: Draft) -> str:
        """The text by which `draft` is looked up, or '' if it has none."""
        value = draft.values.get(field)
        text = value[0] if isinstance(value, list) and value else value
        return str(text or "")

    def compare(self, draft: Draft, field: str, before: object, after: object) -> bool:
        """Whether a present value equals the file's."""
        return before == after

    def decide_new(self, drafts: Sequence[Draft]) -> None:
        """Look at rows that match nothing: duplicates, values only new objects get."""

    def decide_present(self, draft: Draft) -> None:
        """Look at a row that matches an object, after comparing."""

    def end(self) -> None:
        """After the last row, when all rows are in the table: what needs to see them together."""

    def write(self) -> None:
        """Create and update, set-based; ids of new objects are in `target_id`."""
        raise AttributeError(f"{type(self).__name__} writes nothing")

    def after_restore(self, ids: Collection[int]) -> None:
        """After updated objects got their values back."""

    def before_remove(self, ids: Collection[int]) -> None:
        """Before created objects go: loosen what must not hold them."""

    def after_remove(self) -> None:
        """After created objects went."""

    def update_present(self) -> None:
        """Write the changes of matched objects and tell them."""
        run = self.run
        changed = run.execute(sets.update(self.spec))
        if changed:
            run.execute(sets.tell(self.spec.changed, action="update", **self.told()))

    def told(self) -> dict[str, str]:
        """The SQL of a change's event: payload, client, deal."""
        return {"payload": f"jsonb_build_object('changes', {sets.CHANGES})"}
