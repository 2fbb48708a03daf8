"""Going on under another version of the process."""

from kniga.engine.runtime.commands import Migrate
from kniga.engine.runtime.events import InstanceMigrated
from kniga.engine.runtime.run import Run


def migrate(run: Run, command: Migrate) -> None:
    run.events.append(InstanceMigrated(command.mapping))
