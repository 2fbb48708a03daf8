"""SpiffWorkflow with its state as JSON in PostgreSQL: lock the row, load, complete, advance, save, commit.

    python -m proofs.speed.race.spiff_worker [lean]

The state is what its serializer writes by default (`serialize_json`), the specification with it. `lean` is what a team
could make of it by a converter of its own: the specification is kept in memory and never read or written.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import psycopg
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer.config import DEFAULT_CONFIG
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from proofs.speed.race.sale import KEY, spiff_sale
from proofs.speed.race.worker import Engine, serve

TABLE = """
CREATE SCHEMA IF NOT EXISTS spiff;
CREATE TABLE IF NOT EXISTS spiff.instance (id bigserial PRIMARY KEY, state text NOT NULL);
"""


class Spiff(Engine[int]):
    """Handles are the ids of instances."""

    def __init__(self, address: str, *, lean: bool) -> None:
        logging.disable(logging.CRITICAL)
        self.connection = psycopg.connect(address)
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(spiff_sale()))
        self.spec = parser.get_spec(KEY)
        configuration = self._without_specification() if lean else DEFAULT_CONFIG
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(configuration))

    def start(self, count: int) -> list[int]:
        workflow = BpmnWorkflow(self.spec)
        workflow.do_engine_steps()
        state = self.serializer.serialize_json(workflow)
        with self.connection.transaction():
            rows = self.connection.execute(
                "INSERT INTO spiff.instance (state) SELECT %s FROM generate_series(1, %s) RETURNING id", [state, count]
            )
            return [row[0] for row in rows]

    def complete(self, handle: int) -> int:
        with self.connection.transaction():
            found = self.connection.execute("SELECT state FROM spiff.instance WHERE id = %s FOR UPDATE", [handle])
            row = found.fetchone()
            assert row is not None
            workflow = self.serializer.deserialize_json(row[0])
            task = next(one for one in workflow.get_tasks(state=TaskState.READY) if one.task_spec.manual)
            task.data["outcome"] = "ok"
            task.run()
            workflow.do_engine_steps()
            state = self.serializer.serialize_json(workflow)
            self.connection.execute("UPDATE spiff.instance SET state = %s WHERE id = %s", [state, handle])
        return handle

    def backend(self) -> int:
        return self.connection.info.backend_pid

    def _without_specification(self) -> dict[Any, Any]:
        spec = self.spec

        class WithoutSpecification(BpmnWorkflowConverter):  # type: ignore[misc]
            def to_dict(self, workflow: Any) -> dict[str, Any]:
                kept, workflow.spec = workflow.spec, None
                try:
                    written: dict[str, Any] = super().to_dict(workflow)
                finally:
                    workflow.spec = kept
                return written

            def from_dict(self, dct: dict[str, Any]) -> Any:
                dct["spec"] = spec
                return super().from_dict(dct)

        return {**DEFAULT_CONFIG, BpmnWorkflow: WithoutSpecification}


def prepare(address: str) -> None:
    """Make the table its states are kept in."""
    with psycopg.connect(address) as connection:
        connection.execute(TABLE)


if __name__ == "__main__":
    serve(Spiff(os.environ["DATABASE_URL"], lean=sys.argv[1:] == ["lean"]))
