"""Models that nobody here drew: each compiles or is refused by name, none crashes the compiler."""

from pathlib import Path

import pytest

from kniga.engine import BpmnRefused, check, compile_bpmn

SETS = ("bpmn_miwg", "bpmn_sales_processes", "bpmn_validity_bpmnspector", "spiffworkflow_bpmn", "bpmn_js_fixtures")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.shared_data(name)) for name in SETS])
def test_foreign_models_compile_or_are_refused_with_a_cure(name: str, shared_data: Path) -> None:
    files = sorted((shared_data / name).rglob("*.bpmn"))
    assert files
    for path in files:
        try:
            found = check(compile_bpmn(path.read_bytes()))
        except BpmnRefused as refused:
            found = refused.problems
            assert found
        assert all(problem.message and problem.cure for problem in found), path.name
