"""Files that break the standard are refused, files that keep it are read: the confusion table, each miss explained.

`python -m proofs.truth.bpmn_validity`, with KNIGA_SHARED_DATA naming the folder that holds
`bpmn_validity_bpmnspector`: 331 files, of 247 of which its authors say whether they break a rule (EXT.nnn). A rule
*matters* here if a file that breaks it could be read in two ways or could not be executed as drawn; the others speak
of what Kniga reads as drawing only, or not at all, and a seller's file is not turned away for them.

Verdicts: *compiles*; *refused by name* (valid, but with something Kniga does not execute); *invalid* (the rule that
is broken is named); *unreadable*.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kniga.engine import BpmnRefused, compile_bpmn
from kniga.engine.bpmn.reading import read_xml
from kniga.engine.bpmn.validity import violations
from kniga.engine.definition.standard_rules import STANDARD_RULES
from proofs.harness import ROOT, Report, run

SET = "bpmn_validity_bpmnspector"

IMPORTS = "other files are never read: whatever refers into one is refused where it stands"
INFORMAL = "an expression is read by its language: ISO 8601 for time, Kniga's rules for conditions; all else is refused"
DATA = "data, its sets and its mappings are read as drawing only: steps hand on answers"
SERVICES = "operations of web services are not called: a service task does a registered action"
DRAWN = "message flows, participants and choreographies are read as drawing only"
REFUSED = "the element is refused by its name, valid or not"

DO_NOT_MATTER: Mapping[str, str] = {
    "EXT.001": IMPORTS, "EXT.002": IMPORTS, "EXT.012": INFORMAL, "EXT.027": DRAWN, "EXT.029": DRAWN,
    "EXT.031": DRAWN, "EXT.032": DRAWN, "EXT.033": DRAWN, "EXT.042": SERVICES, "EXT.043": SERVICES,
    "EXT.044": SERVICES, "EXT.045": SERVICES, "EXT.046": SERVICES, "EXT.047": SERVICES, "EXT.048": SERVICES,
    "EXT.051": SERVICES, "EXT.052": SERVICES, "EXT.063": DATA, "EXT.064": DATA, "EXT.069": DATA, "EXT.079": DATA,
    "EXT.086": DATA, "EXT.087": DATA, "EXT.089": DATA, "EXT.092": DATA, "EXT.093": DATA, "EXT.102": DRAWN,
    "EXT.108": DRAWN, "EXT.109": DRAWN, "EXT.119": DRAWN, "EXT.128": SERVICES,
}  # fmt: skip
"""Rules that do not matter to reading or executing, with the reason; every other rule matters."""
EXPLAINED: Mapping[str, str] = {
    "013/EXT013_failure_correlation.bpmn": "the expressions without a body belong to correlation keys of messages "
    "between participants, which are drawing only: Kniga correlates by kniga:correlation",
    "013/EXT013_failure_transformation.bpmn": "the expression without a body belongs to a data association: " + DATA,
    "038/EXT038_failure.bpmn": "refused for the quantity itself: any but 1 is refused, negative ones among them",
    "099/fail_call_ref_process.bpmn": "the called process stands in another file: " + IMPORTS,
    "135/fail.bpmn": "a gateway with one flow in and one out is legal in most tools and can only be passed",
}
"""Files that break a rule that matters, in a part of it that does not."""

READS = frozenset({"compiles", "refused by name"})
STRUCTURE = frozenset({"duplicate_id", "dangling_flow", "flow_into_boundary", "bad_quantity"})
"""The compiler's own codes for what breaks the standard itself."""


def verdict_of(data: bytes) -> tuple[str, tuple[str, ...]]:
    """What becomes of a file, and the codes of what was found."""
    try:
        root = read_xml(data)
    except BpmnRefused as refused:
        return "unreadable", tuple(problem.code for problem in refused.problems)
    broken = violations(root)
    if broken:
        return "invalid", tuple(sorted({problem.code for problem in broken}))
    try:
        compile_bpmn(data)
    except BpmnRefused as refused:
        codes = tuple(sorted({problem.code for problem in refused.problems}))
        return ("invalid" if set(codes) & (STRUCTURE | set(STANDARD_RULES)) else "refused by name"), codes
    return "compiles", ()


def main(report: Report) -> None:
    folder = Path(os.environ.get("KNIGA_SHARED_DATA") or ROOT.parent / "shared" / "data") / SET
    expected: dict[str, dict[str, Any]] = json.loads(
        (folder / "GROUND_TRUTH_expected_validity.json").read_text(encoding="utf-8")
    )["expected"]
    verdicts = {name: verdict_of((folder / name).read_bytes()) for name in expected}
    tell(report, expected, verdicts)
    others = [path for path in sorted(folder.rglob("*.bpmn")) if str(path.relative_to(folder)) not in expected]
    counted = Counter(verdict_of(path.read_bytes())[0] for path in others)
    report.line("files of which the authors say nothing", dict(counted), "files", goal="none crashes")


def tell(
    report: Report, expected: Mapping[str, Mapping[str, Any]], verdicts: Mapping[str, tuple[str, tuple[str, ...]]]
) -> None:
    """One line per claim, one per miss."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    unexplained, misses, wrong, at_all = [], [], [], 0
    for name, said in expected.items():
        verdict, codes = verdicts[name]
        matters = said["rule"] not in DO_NOT_MATTER
        row = "valid" if said["valid"] else "invalid, matters" if matters else "invalid, does not matter"
        table[row][verdict] += 1
        if said["valid"] and verdict not in READS:
            wrong.append({"file": name, "rule": said["rule"], "codes": codes})
        elif not said["valid"] and matters and verdict in READS:
            why = EXPLAINED.get(name)
            if verdict == "refused by name":
                why, at_all = why or REFUSED, at_all + 1
            misses.append({"file": name, "rule": said["rule"], "verdict": verdict, "codes": codes, "why": why})
            if why is None:
                unexplained.append(name)
    matter = table["invalid, matters"]
    report.line("confusion table", {row: dict(cells) for row, cells in sorted(table.items())}, "files")
    refused = sum(matter.values()) - matter["compiles"]
    report.line(
        "files that break a rule that matters, refused", refused, "files", ratio=refused / sum(matter.values()),
        against=f"{sum(matter.values())} such files", goal="all but the explained ones", holds=not unexplained,
    )  # fmt: skip
    named = matter["invalid"] + matter["unreadable"]
    report.line("of these, by the rule that is broken", named, "files", ratio=named / max(refused, 1))
    for miss in misses:
        report.line(f"miss: {miss['file']}", miss, "file", goal="explained", holds=miss["why"] is not None)
    read = table["valid"]["compiles"] + table["valid"]["refused by name"]
    report.line(
        "valid files read", read, "files", ratio=read / sum(table["valid"].values()),
        against=f"{sum(table['valid'].values())} valid files", goal="all", holds=not wrong,
    )  # fmt: skip
    for one in wrong:
        report.line(f"wrongly called invalid: {one['file']}", one, "file", goal="none", holds=False)
    light = table["invalid, does not matter"]
    report.line(
        "files that break a rule that does not matter, read", light["compiles"] + light["refused by name"], "files",
        against=f"{sum(light.values())} such files",
    )  # fmt: skip
    reasons: dict[str, list[str]] = defaultdict(list)
    for rule in sorted({said["rule"] for said in expected.values()} & set(DO_NOT_MATTER)):
        reasons[DO_NOT_MATTER[rule]].append(rule)
    report.line("rules that do not matter, by reason", dict(reasons), "rules")


if __name__ == "__main__":
    sys.exit(run(main))
