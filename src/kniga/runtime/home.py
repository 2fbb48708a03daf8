"""The home of one Kniga: the folder that holds its data, its secret and its logs."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Home:
    """Where everything of one Kniga lives. Nothing is created before `prepare`."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The data folder asked for; as root the cluster may really live elsewhere (see `Placement`)."""
        return self.root / "postgres"

    @property
    def placement_file(self) -> Path:
        """Where the decision about the cluster's user and folder is recorded."""
        return self.root / "postgres.json"

    @property
    def logs(self) -> Path:
        """Logs of the processes that `kniga run` starts."""
        return self.root / "logs"

    @property
    def media(self) -> Path:
        """Uploaded files."""
        return self.root / "media"

    @property
    def backups(self) -> Path:
        """Where `kniga backup` writes when no file is named."""
        return self.root / "backups"

    @property
    def secret_key_file(self) -> Path:
        """The key that signs sessions; readable by its owner only."""
        return self.root / "secret_key"

    @property
    def furnishing_file(self) -> Path:
        """There while an empty database is being furnished; names the database."""
        return self.root / "furnishing"

    def prepare(self) -> Home:
        """Create the folders that are missing and return the home itself."""
        for folder in (self.root, self.logs, self.media, self.backups):
            folder.mkdir(parents=True, exist_ok=True)
        return self

    def secret_key(self) -> str:
        """The signing key, made on first use; two processes starting at once get the same one."""
        self.root.mkdir(parents=True, exist_ok=True)
        draft = self.secret_key_file.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
        if not self.secret_key_file.exists():
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_urlsafe(48))
            try:
                # A hard link fails if the file is there already, so the first writer wins.
                os.link(draft, self.secret_key_file)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return self.secret_key_file.read_text().strip()


def current_home() -> Home:
    """The home named by `KNIGA_HOME`, or the folder `var` of this checkout."""
    named = os.environ.get("KNIGA_HOME")
    return Home(Path(named).expanduser().resolve() if named else CHECKOUT / "var")
