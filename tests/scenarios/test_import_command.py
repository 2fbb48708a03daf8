"""`kniga import` from outside: what it prints, its exit codes, and that a refusal leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.processes import environment, kniga, open_home

DEALS = (
    "Номер;Товар;Стадия;Создана;Закрыта;Сумма\n"
    "1;СтеллажПро;Выиграна;01.12.2025;13.01.2026;1 500,50\n"
    "2;Стеллаж Про;Разговор;02.02.2026;;\n"
)


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return environment(open_home(tmp_path_factory.mktemp("import")))


def test_a_file_is_refused_explained_imported_repeated_and_taken_back(env: dict[str, str], tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, Any]:
        done = kniga("import", *words, "--json", env=env)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    products, deals = tmp_path / "products.csv", tmp_path / "deals.csv"
    products.write_text("Название;Цена\nСтеллаж Про;700\n", encoding="cp1251")
    deals.write_text(DEALS, encoding="utf-16")
    assert kniga("process", "install", "--lang", "ru", env=env).returncode == 0
    code, done = run("products", str(products))
    assert (code, done["status"], done["found"]["encoding"]) == (0, "applied", "cp1251")

    code, stopped = run("deals", str(deals), "--process", "b2b_sale")
    assert (code, stopped["status"], stopped["job"]) == (1, "stopped", None)
    asked = {(one["reference"], one["text"], one["suggestion"]) for one in stopped["unknown"]}
    assert ("product", "СтеллажПро", "Стеллаж Про") in asked and ("stage", "Разговор") in {one[:2] for one in asked}

    told = ("--process", "b2b_sale", "--stage", "Разговор=cold_call", "--confirm", "product:СтеллажПро=Стеллаж Про")
    code, dry = run("deals", str(deals), *told, "--dry-run")
    assert (code, dry["status"], dry["counts"]["create"]) == (0, "dry_run", 2)
    assert len(run("list")[1]) == 1
    code, done = run("deals", str(deals), *told)
    assert (code, done["counts"]["create"]) == (0, 2)
    assert run("deals", str(deals), *told)[1]["counts"]["same"] == 2

    code, undone = run("undo", str(done["job"]))
    assert (code, undone["removed"], undone["kept_count"]) == (0, 2, 0)
    assert kniga("import", "undo", str(done["job"]), env=env).returncode == 1
    assert kniga("import", "undo", "999", env=env).returncode == 1


def test_what_cannot_be_read_ends_with_code_2_and_names_the_cure(env: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "clients.csv"
    program.write_bytes(b"MZ\x90\x00" + bytes(500))
    refused = kniga("import", "clients", str(program), env=env)
    assert refused.returncode == 2
    assert "it is a program" in refused.stderr and "Choose a table" in refused.stderr
    assert kniga("import", "clients", str(tmp_path / "absent.csv"), env=env).returncode == 2
    assert kniga("import", "clients", str(program), "--confirm", "nonsense", env=env).returncode == 2
