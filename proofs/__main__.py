"""Run proofs: `python -m proofs [truth|speed|faults|NAME]...`; without a name all of them.

Each proof is a module with `main(report)` under proofs/truth, proofs/speed or proofs/faults and can be run alone:
`python -m proofs.faults.kill9`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
KINDS = ("truth", "faults", "speed")


def proofs() -> dict[str, list[str]]:
    """Names of the programs by kind: modules that run when called."""
    return {
        kind: sorted(path.stem for path in (FOLDER / kind).glob("*.py") if '__name__ == "__main__"' in path.read_text())
        for kind in KINDS
    }


def main(wanted: list[str]) -> int:
    known = proofs()
    chosen = [
        (kind, name)
        for kind, names in known.items()
        for name in names
        if not wanted or kind in wanted or name in wanted
    ]
    unknown = set(wanted) - set(KINDS) - {name for names in known.values() for name in names}
    if unknown:
        print(f"no such proof: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    failed = []
    for kind, name in chosen:
        print(f"proof: {kind}/{name}", file=sys.stderr, flush=True)
        if subprocess.run([sys.executable, "-m", f"proofs.{kind}.{name}"], cwd=FOLDER.parent).returncode != 0:
            failed.append(f"{kind}/{name}")
    print(f"proof: {len(chosen) - len(failed)} of {len(chosen)} hold" + "".join(f"; not {name}" for name in failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
