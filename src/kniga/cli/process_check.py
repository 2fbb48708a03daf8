"""`kniga process check`: what the compiler and the proof say of BPMN files; needs neither database nor Django.

One line of JSON per file: `{"file", "verdict", "problems": [{"code", "severity", "element", "place", "message",
"path"}], "seconds"}`. The verdict is sound, unsound, not_proved, refused (BPMN that Kniga does not take) or unreadable
(no BPMN at all, or no file).
"""

from __future__ import annotations

import json
import stat
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kniga.engine import Problem, Verdict

ALL_SOUND, SOME_PROBLEM, SOME_UNREADABLE = 0, 1, 2
LARGEST: Final = 6 * 1024 * 1024
"""More than the compiler takes; what lies beyond is not even read."""
NOT_BPMN: Final = frozenset({"empty_file", "bad_encoding", "unknown_encoding", "not_xml", "not_bpmn"})
_WORDS: Final = {
    "sound": "sound",
    "unsound": "not sound",
    "not_proved": "not proved sound",
    "refused": "refused",
    "unreadable": "cannot be read",
}


def check_files(paths: Sequence[Path], *, as_json: bool) -> int:
    """Check the files one after the other and print what was found; returns the exit code: 0 all are sound, 1 some
    have problems, 2 some cannot be read."""
    code = ALL_SOUND
    for path in paths:
        result = checked(path)
        if as_json:
            # ASCII, so that names of files in any encoding come through any terminal.
            print(json.dumps(_exact(result)), flush=True)
        else:
            _print(result)
        code = max(code, _code(str(result["verdict"])))
    return code


def checked(path: Path) -> dict[str, Any]:
    """What is to be said of one file; no file, however strange, raises anything."""
    from kniga.engine import compile_bpmn, prove  # loaded before the clock starts
    from kniga.processes.actions.names import KNOWN_ACTIONS

    def verdict_on(xml: bytes) -> Verdict:
        return prove(compile_bpmn(xml, actions=KNOWN_ACTIONS))

    began = time.perf_counter()
    verdict, problems = _verdict(path, verdict_on)
    seconds = round(time.perf_counter() - began, 4)
    return {"file": str(path), "verdict": verdict, "problems": problems, "seconds": seconds}


def _verdict(path: Path, verdict_on: Callable[[bytes], Verdict]) -> tuple[str, list[dict[str, Any]]]:
    try:
        xml = _read(path)
    except (OSError, ValueError) as error:
        return "unreadable", [_told("no_file", getattr(error, "strerror", None) or str(error))]
    from kniga.engine import BpmnRefused

    try:
        verdict = verdict_on(xml)
    except BpmnRefused as refused:
        codes = {problem.code for problem in refused.problems}
        return "unreadable" if codes & NOT_BPMN else "refused", problems_of(refused.problems)
    except Exception as error:  # a defect of ours must not cost the other files their check
        return "refused", [_told("internal_error", f"{type(error).__name__}: {error}")]
    return verdict.kind, problems_of(verdict.problems)


def _read(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "Not a regular file")
    with path.open("rb") as file:
        return file.read(LARGEST)


def problems_of(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as they are printed: message with its cure, and a path of element ids that shows it."""
    return [
        {
            "code": problem.code, "element": problem.element, "place": problem.place,
            "message": f"{problem.message} {problem.cure}", "path": list(problem.path),
            "severity": problem.severity,
        }
        for problem in problems
    ]  # fmt: skip


def _told(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "element": None, "place": "", "message": message, "path": [], "severity": "error"}


def _code(verdict: str) -> int:
    return {"sound": ALL_SOUND, "unreadable": SOME_UNREADABLE}.get(verdict, SOME_PROBLEM)


def _exact(result: dict[str, Any]) -> dict[str, Any]:
    keys = ("code", "severity", "element", "place", "message", "path")
    return {**result, "problems": [{key: problem[key] for key in keys} for problem in result["problems"]]}


def _print(result: dict[str, Any]) -> None:
    unreadable = result["verdict"] == "unreadable"
    out = sys.stderr if unreadable else sys.stdout
    print(f"{_shown(result['file'])}: {_WORDS[result['verdict']]} ({result['seconds']:.2f} s)", file=out)
    for problem in result["problems"]:
        place = f"{problem['place']}: " if problem["place"] else ""
        print(f"  {problem['severity']}: {_shown(place + problem['message'])}", file=out)
        if problem["path"]:
            print(f"    shown by: {_shown(' -> '.join(problem['path']))}", file=out)


def _shown(text: str) -> str:
    """The text without what the terminal cannot print."""
    return text.encode(sys.stdout.encoding or "utf-8", "backslashreplace").decode(sys.stdout.encoding or "utf-8")
