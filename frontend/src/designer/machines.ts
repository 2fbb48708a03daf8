/* What the machine answers by itself: sums of points, and the outputs of decision tables. */
import { readAction, type Action, type KnownField } from "./meaning";
import { isA, text, type Drawn } from "./moddle";
import { readTables } from "./tables";

export const RESCORE = "rescore";

/** The answers that tasks of the machine give: with the names of those tasks, or of the columns of their tables. */
export function machineAnswers(elements: Drawn[]): KnownField[] {
  return elements.flatMap((element) => (isA(element, "bpmn:ServiceTask") ? sumOf(element) : isA(element, "bpmn:BusinessRuleTask") ? outputsOf(element) : []));
}

/** Where an action keeps its sum of points; "" for one that adds none up. */
export function answerOf(action: Action | null): string {
  return action?.name === RESCORE ? (action.params.find((param) => param.name === "answer")?.value ?? "") : "";
}

function sumOf(task: Drawn): KnownField[] {
  const key = answerOf(readAction(task.businessObject));
  return key ? [{ name: `answer.${key}`, label: text(task.businessObject, "name") || key, type: "number" }] : [];
}

/* What a table collects is a list of what its rows say, what it counts a number. */
function outputsOf(task: Drawn): KnownField[] {
  return readTables(task).flatMap(({ policy, outputs }) => outputs.filter(({ key }) => key).map(({ key, label, type, values }) => {
    const kept = policy === "COLLECT" ? "multi_choice" : policy === "COUNT" ? "number" : type;
    const choices = policy === "COUNT" ? [] : (values ?? []).map((one) => ({ key: one, label: one }));
    return { name: `answer.${key}`, label, type: kept, ...(choices.length ? { choices } : {}) };
  }));
}
