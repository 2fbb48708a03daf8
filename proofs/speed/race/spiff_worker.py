"""SpiffWorkflow with its state as JSON in PostgreSQL: lock the row, load, complete, advance, save, commit.

The state is what its own serializer writes, as its documentation recommends. The specification is kept in memory
and left out of the state (the serializer would write and read it every time), which is to its advantage.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import psycopg
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

    def __init__(self, address: str) -> None:
        logging.disable(logging.CRITICAL)
        self.connection = psycopg.connect(address)
        parser = BpmnParser()
        parser.add_bpmn_xml(_element(spiff_sale()))
        self.spec = parser.get_spec(KEY)
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(self._configuration()))

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
            row = self.connection.execute("SELECT state FROM spiff.instance WHERE id = %s FOR UPDATE", [handle])
            found = row.fetchone()
            assert found is not None
            workflow = self.serializer.deserialize_json(found[0])
            task = next(one for one in workflow.get_tasks(state=TaskState.READY) if one.task_spec.manual)
            task.data["outcome"] = "ok"
            task.run()
            workflow.do_engine_steps()
            state = self.serializer.serialize_json(workflow)
            self.connection.execute("UPDATE spiff.instance SET state = %s WHERE id = %s", [state, handle])
        return handle

    def backend(self) -> int:
        return self.connection.info.backend_pid

    def _configuration(self) -> dict[Any, Any]:
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


def _element(content: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(content)


def prepare(address: str) -> None:
    """Make the table its states are kept in."""
    with psycopg.connect(address) as connection:
        connection.execute(TABLE)


def size_of_state(address: str) -> int:
    """Bytes of JSON in the middle of a sale, for those who read the figures."""
    engine = Spiff(address)
    (handle,) = engine.start(1)
    for _step in range(3):
        engine.complete(handle)
    row = engine.connection.execute("SELECT state FROM spiff.instance WHERE id = %s", [handle]).fetchone()
    assert row is not None
    return len(json.dumps(json.loads(row[0])))


if __name__ == "__main__":
    serve(Spiff(os.environ["DATABASE_URL"]))
