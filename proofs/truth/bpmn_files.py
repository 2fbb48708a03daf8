"""Models nobody here drew: each parses; it compiles or is refused by name; broken ones never crash, hang or swell.

`python -m proofs.truth.bpmn_files [MUTANTS]`, with KNIGA_SHARED_DATA naming the folder that holds `bpmn_miwg` (the
reference models of the standard's own interchange group and exports of eight tools), `bpmn_sales_processes`,
`camunda_bpmn_for_research`, `spiffworkflow_bpmn` and `bpmn_moddle_fixtures`. 10,000 mutants are made of them with a
fixed seed, in two processes that are watched from outside.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kniga.engine import STANDARD_FIELDS, BpmnRefused, check, compile_bpmn
from kniga.engine.bpmn.difference import differences
from kniga.engine.bpmn.editing import EditRefused, SetAttribute, edit, set_name
from kniga.engine.bpmn.names import MODEL
from kniga.engine.bpmn.reading import read_xml
from kniga.engine.bpmn.validity import violations
from kniga.engine.dmn.check import check_decision
from kniga.engine.dmn.reading import read_decisions
from kniga.engine.dmn.writing import write_decisions
from proofs.foreign.xml_mutants import mutant
from proofs.harness import ROOT, Report, note, run

SETS = ("bpmn_miwg", "bpmn_sales_processes", "camunda_bpmn_for_research", "spiffworkflow_bpmn", "bpmn_moddle_fixtures")
REFERENCE = "bpmn_miwg/Reference"
BOOKS = sorted((ROOT / "src/kniga/processes/books").glob("*.bpmn")) * 25
MUTANTS = 10_000
EDITS = 5
NEW_NAME = 'Проверка <"имени"> & ещё'
WORKERS = 2
SEED = "kniga-mutants-1"
MAX_SECONDS = 1.0
MAX_MEGABYTES = 200
PATIENCE = 30.0


def data_folder() -> Path:
    """Where the shared data sets are."""
    return Path(os.environ.get("KNIGA_SHARED_DATA") or ROOT.parent / "shared" / "data")


def files_of(name: str) -> list[Path]:
    """The BPMN files of a set."""
    found = (data_folder() / name).rglob("*")
    return sorted(path for path in found if path.name.endswith((".bpmn", ".bpmn20.xml")))


@dataclass
class Verdicts:
    """What became of the files of a set."""

    counts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    nameless: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)


def judge(paths: list[Path]) -> Verdicts:
    """Compile every file; a refusal must say where it is and what to do."""
    verdicts = Verdicts()
    for path in paths:
        data = path.read_bytes()
        try:
            root = read_xml(data)
        except BpmnRefused as refused:
            verdicts.counts["unreadable"] += 1
            verdicts.refusals.update({problem.code for problem in refused.problems})
            continue
        try:
            check(compile_bpmn(data))
            verdicts.counts["compiles"] += 1
        except BpmnRefused as refused:
            verdicts.counts["breaks the standard" if violations(root) else "refused by name"] += 1
            for problem in refused.problems:
                if not problem.message or not problem.cure or not (problem.element or problem.line):
                    verdicts.nameless.append(f"{path.name}: {problem.code}")
            verdicts.refusals.update(
                {f"{problem.code} {problem.params.get('tag', '')}".strip() for problem in refused.problems}
            )
        except Exception as error:
            verdicts.crashed.append(f"{path.name}: {error!r}"[:200])
    return verdicts


def tell_files(report: Report) -> None:
    """What becomes of the real files."""
    total = Verdicts()
    for name in (REFERENCE, *SETS):
        paths = files_of(name)
        verdicts = judge(paths)
        report.line(
            f"{name}: what becomes of the files", dict(verdicts.counts), "files", against=f"{len(paths)} files",
            goal="none crashes, each refusal names its place and cure",
            holds=bool(paths) and not verdicts.crashed and not verdicts.nameless,
        )  # fmt: skip
        for line in verdicts.crashed + verdicts.nameless:
            report.line(f"{name}: crash or nameless refusal", line, "file", goal="none", holds=False)
        if name != REFERENCE:
            total.refusals.update(verdicts.refusals)
    report.line("files refused, by reason and element", dict(total.refusals.most_common()), "files")


# Files that are changed.


def tell_exports(report: Report) -> None:
    """A file given back says what it said; a change leaves every other byte."""
    files, edits, silent, beyond, undone = 0, 0, 0, [], 0
    for path in (path for name in SETS for path in files_of(name)):
        data = path.read_bytes()
        try:
            ids = [str(node.get("id")) for node in read_xml(data).iter(f"{{{MODEL}}}*") if node.get("id")]
        except BpmnRefused:
            continue
        files += 1
        silent += edit(data, ()) == data
        chance = random.Random(f"{SEED}:{path.name}")
        single = sorted(id for id, times in Counter(ids).items() if times == 1)
        for id in chance.sample(single, min(EDITS, len(single))):
            edits += 1
            wrong = _wrong_change(data, id)
            undone += wrong is None
            if wrong is not None:
                beyond.append(f"{path.name} {id}: {wrong}")
    report.line(
        "files given back byte for byte when nothing is changed", silent, "files", against=f"{files} files read",
        goal="all", holds=silent == files,
    )  # fmt: skip
    report.line(
        "changes of one element that leave every other byte, and can be undone", undone, "changes",
        against=f"{edits} changes", goal="all", holds=undone == edits,
    )  # fmt: skip
    for line in beyond[:20]:
        report.line("a change that did more", line, "change", goal="none", holds=False)


def _wrong_change(data: bytes, id: str) -> str | None:
    """Rename one element; what is wrong with the result, None if nothing is."""
    try:
        renamed = edit(data, [set_name(id, NEW_NAME)])
    except EditRefused as refused:
        return f"refused: {refused}"
    found = differences(data, renamed)
    if len(found) != 1 or found[0].what != "attribute name" or found[0].after != NEW_NAME:
        return f"{len(found)} differences: {'; '.join(map(str, found[:3]))}"
    start = next((at for at, (one, other) in enumerate(zip(data, renamed, strict=False)) if one != other), len(data))
    tail = 0
    while tail < len(data) - start and data[-1 - tail] == renamed[-1 - tail]:
        tail += 1
    changed = data[start : len(data) - tail]
    if b"<" in changed or b">" in changed:
        return f"more than one tag was written anew: {changed[:80]!r}"
    undone = edit(renamed, [SetAttribute(id, "name", found[0].before)])
    return None if undone == data or differences(data, undone) == () else "it cannot be undone"


# The mutants.


def originals() -> list[Path]:
    """What mutants are made of: the real files, decision tables among them, and the shipped books, whose mutants come
    furthest."""
    tables = sorted((data_folder() / "spiffworkflow_bpmn").rglob("*.dmn"))
    return [*(path for name in SETS for path in files_of(name)), *tables * 5, *BOOKS]


def make(number: int, paths: list[Path]) -> bytes:
    """The mutant of this number, always the same."""
    chance = random.Random(f"{SEED}:{number}")
    return mutant(chance, chance.choice(paths).read_bytes())


def digest(data: bytes) -> str:
    """Put a file through everything that reads files; what became of it, never an exception of the parser's."""
    try:
        check(compile_bpmn(data))
    except BpmnRefused as refused:
        assert refused.problems and all(problem.message and problem.cure for problem in refused.problems)
        code = refused.problems[0].code
        return code if code != "not_bpmn" else digest_decisions(data)
    return "compiles"


def digest_decisions(data: bytes) -> str:
    """Read a file that is no BPMN as decision tables; one that is read must be written and read back equal."""
    try:
        tables = read_decisions(data, STANDARD_FIELDS)
    except BpmnRefused as refused:
        assert refused.problems and all(problem.message and problem.cure for problem in refused.problems)
        return refused.problems[0].code
    assert read_decisions(write_decisions(tables.values()), STANDARD_FIELDS) == tables
    for table in tables.values():
        check_decision(table, STANDARD_FIELDS)
    return "decision tables"


def work(first: int, step: int, count: int) -> None:
    """A worker: a JSON line when a mutant is begun and when it is done."""
    paths = originals()
    for number in range(first, count, step):
        data = make(number, paths)
        print(json.dumps({"begun": number}), flush=True)
        began = time.process_time()
        try:
            verdict = digest(data)
        except Exception as error:
            verdict = f"crash: {error!r}"[:300]
        seconds = time.process_time() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"done": number, "verdict": verdict, "seconds": seconds, "megabytes": memory}), flush=True)


@dataclass
class Watch:
    """What the workers said; ``begun`` is what one is at and since when."""

    verdicts: Counter[str] = field(default_factory=Counter)
    crashed: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    slowest: float = 0.0
    megabytes: float = 0.0
    begun: dict[int, tuple[int, float]] = field(default_factory=dict)


def fuzz(report: Report, count: int) -> None:
    """Feed the mutants to two workers and watch them."""
    watch = Watch()
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(_worker(first, count)) for first in range(WORKERS)]
        readers = [
            threading.Thread(target=_read, args=(worker, at, watch), daemon=True) for at, worker in enumerate(workers)
        ]
        for reader in readers:
            reader.start()
        while any(reader.is_alive() for reader in readers):
            time.sleep(0.2)
            for at, (number, since) in list(watch.begun.items()):
                if time.monotonic() - since > PATIENCE and workers[at].poll() is None:
                    watch.slow.append(f"mutant {number} took more than {PATIENCE} s")
                    workers[at].kill()
        for at, worker in enumerate(workers):
            if worker.wait() != 0:
                watch.crashed.append(f"worker {at} ended with {worker.returncode} at mutant {watch.begun.get(at)}")
    _tell(report, watch, count)


@contextlib.contextmanager
def _worker(first: int, count: int) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-m", "proofs.truth.bpmn_files", "--worker", str(first), str(count)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _read(worker: subprocess.Popen[str], at: int, watch: Watch) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        said = json.loads(line)
        if "begun" in said:
            watch.begun[at] = (said["begun"], time.monotonic())
            continue
        watch.begun.pop(at, None)
        watch.verdicts[said["verdict"].split(":")[0]] += 1
        watch.slowest = max(watch.slowest, said["seconds"])
        watch.megabytes = max(watch.megabytes, said["megabytes"])
        if said["verdict"].startswith("crash"):
            watch.crashed.append(f"mutant {said['done']}: {said['verdict']}")
        if said["seconds"] > MAX_SECONDS:
            watch.slow.append(f"mutant {said['done']} took {said['seconds']:.2f} s")
        done = sum(watch.verdicts.values())
        if done % 1000 == 0:
            note(f"{done} mutants")


def _tell(report: Report, watch: Watch, count: int) -> None:
    done = sum(watch.verdicts.values())
    report.line("mutants read to the end", done, "mutants", goal=str(count), holds=done == count)
    report.line("what became of them", dict(watch.verdicts.most_common()), "mutants")
    report.line("mutants that crash", len(watch.crashed), "mutants", goal="0", holds=not watch.crashed)
    report.line(
        "slowest mutant, CPU time", watch.slowest, "s", goal=f"<= {MAX_SECONDS:g}", holds=not watch.slow
    )  # fmt: skip
    report.line(
        "memory of a worker at its highest, the interpreter and all", watch.megabytes, "MB",
        goal=f"<= {MAX_MEGABYTES}", holds=watch.megabytes <= MAX_MEGABYTES,
    )  # fmt: skip
    for line in (watch.crashed + watch.slow)[:20]:
        report.line("crash or hang", line, "mutant", goal="none", holds=False)


def main(report: Report) -> None:
    tell_files(report)
    tell_exports(report)
    fuzz(report, int(sys.argv[1]) if len(sys.argv) > 1 else MUTANTS)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(int(sys.argv[2]), WORKERS, int(sys.argv[3]))
        sys.exit(0)
    sys.exit(run(main))
