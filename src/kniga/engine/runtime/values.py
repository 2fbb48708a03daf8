"""What conditions, parameters and decision tables look at, and what of it was looked at."""

from collections.abc import Iterator, Mapping

from kniga.rules import Value

_NOTHING: Mapping[str, Value] = {}


class Values(Mapping[str, Value]):
    """One view of everything a condition may name: ``answer.*``, ``outcome``, ``loop.*`` and the fields of the
    deal and the client. What is not known is None. ``looked_at`` collects the fields that were asked for and known:
    with them alone the step can be taken again."""

    __slots__ = ("changed", "data", "fields", "looked_at", "loop", "outcome")

    def __init__(self, fields: Mapping[str, Value], data: Mapping[str, Value]) -> None:
        self.fields = fields
        self.data = data
        self.outcome: str | None = None
        self.loop = _NOTHING
        self.changed = _NOTHING
        self.looked_at = _NOTHING

    def __getitem__(self, key: str) -> Value:
        if key.startswith("answer."):
            return self.data.get(key[7:])
        if key in self.changed:  # given by this very step: nothing from outside
            return self.changed[key]
        if key == "outcome":
            return self.outcome
        if key in self.loop:
            return self.loop[key]
        value = self.fields.get(key)
        if value is not None and key not in self.looked_at:
            self.look_at(key, value)
        return value

    def look_at(self, key: str, value: Value) -> None:
        """Note something from outside that decides what this step does."""
        self.looked_at = {**self.looked_at, key: value}

    def change(self, key: str, value: Value) -> None:
        """From now on a field has this value, for the rest of the step."""
        self.changed = {**self.changed, key: value}

    def __iter__(self) -> Iterator[str]:
        yield from (f"answer.{key}" for key in self.data)
        yield from self.fields
        yield "outcome"

    def __len__(self) -> int:
        return len(self.data) + len(self.fields) + 1
