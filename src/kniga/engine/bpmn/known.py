"""What conditions may look at: the given fields, every answer of the process, and the outcome."""

from collections.abc import Iterable, Mapping

from kniga.engine.bpmn.draft import Draft, Node, local, parts
from kniga.engine.bpmn.loops import loop_node, outcome_keys
from kniga.engine.bpmn.points import score_of
from kniga.engine.bpmn.questions import read_process_fields
from kniga.engine.bpmn.tasks import Asked
from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.model import RESULTS, Choice
from kniga.engine.dmn.reading import decisions_of
from kniga.rules import FieldChoice, FieldSpec, FieldType


class Answers:
    """The answers of the process while they are gathered: type and label by the first who speaks of one."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.types: dict[str, FieldType] = {}
        self._owner: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._choices: dict[str, dict[str, FieldChoice]] = {}

    def add(self, node: Node, key: str, type: FieldType, label: str, choices: Iterable[Choice] = ()) -> None:
        """An answer; another type than the first one's is a problem at the node."""
        first = self.types.setdefault(key, type)
        owner = self._owner.setdefault(key, node.get("id", ""))
        if first != type:
            clash = {"key": key, "type": type, "other": first, "element": owner}
            self.draft.problems.add("question_conflict", node, **clash)
            return
        self._labels.setdefault(key, label)
        known = self._choices.setdefault(key, {})
        for choice in choices:
            known.setdefault(choice.key, FieldChoice(choice.key, choice.label, choice.label))
        name, labels = f"answer.{key}", self._labels[key]
        self.draft.fields[name] = FieldSpec(name, type, labels, labels, tuple(known.values()))


def gather(draft: Draft, asked: Mapping[str, Asked]) -> dict[str, FieldType]:
    """Bring all answers and the outcome into the draft's fields; the types of the answers."""
    answers = Answers(draft)
    outcomes: dict[str, FieldChoice] = {}
    for id, task in asked.items():
        for question in task.questions:
            answers.add(draft.nodes[id], question.key, question.type, question.label, question.choices)
        for outcome in task.outcomes:
            outcomes.setdefault(outcome.key, FieldChoice(outcome.key, outcome.label, outcome.label))
    for found in read_process_fields(draft):
        answers.add(draft.process, found.key, found.type, found.label, found.choices)
    for id, node in draft.nodes.items():
        if local(node) == "callActivity":
            for result in RESULTS:
                outcomes.setdefault(result, FieldChoice(result, result, result))
        if loop_node(node) is not None:
            own = tuple(outcome.key for outcome in asked[id].outcomes) if id in asked else ()
            for key in outcome_keys(node, own):
                answers.add(node, f"{id}.{key}", "number", f"{node.get('name') or id}: {key}")
        if (score := score_of(node)) is not None:
            answers.add(node, score, "number", node.get("name") or score)
    _decisions(draft, answers)
    draft.fields["outcome"] = FieldSpec("outcome", "choice", "Outcome", "Итог", tuple(outcomes.values()))
    return answers.types


def _decisions(draft: Draft, answers: Answers) -> None:
    """Tables given and tables inside the file, in the order of the file: a later one may ask what an earlier says."""
    for table in draft.decisions.values():
        _outputs(draft.process, table, answers)
    for holder in (draft.process, *draft.nodes.values()):
        for part in parts(holder, "dmn"):
            roots = list(part)
            if len(roots) != 1:
                draft.problems.add("missing_part", part, part="one definitions element of DMN")
                continue
            for id, table in decisions_of(roots[0], draft.fields, draft.problems).items():
                if id in draft.decisions:
                    draft.problems.add("duplicate_key", part, what="decision", key=id)
                    continue
                draft.decisions[id] = table
                _outputs(holder, table, answers)


def _outputs(node: Node, table: DecisionTable, answers: Answers) -> None:
    for output in table.outputs:
        choices = [Choice(str(value), str(value)) for value in output.priorities] if output.type == "choice" else []
        answers.add(node, output.key, output.type, output.label, choices)
