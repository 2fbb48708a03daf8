/* What the machine answers by itself: sums of points, and the outputs of decision tables. */
import { readAction, type Action, type KnownField } from "./meaning";
import { extensions, isA, list, text, type Drawn, type Moddle } from "./moddle";

export const RESCORE = "rescore";
const TYPES: Record<string, string> = { string: "text", number: "number", boolean: "boolean", date: "date", dateTime: "datetime" };

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

function outputsOf(task: Drawn): KnownField[] {
  const roots = extensions(task.businessObject, "kniga:Dmn").flatMap((one) => list(one, "content"));
  return roots.flatMap((root) => inside(root, "output")).flatMap((output) => {
    const key = text(output, "name");
    const type = TYPES[text(output, "typeRef")] ?? "text";
    return key ? [{ name: `answer.${key}`, label: text(output, "label") || key, type }] : [];
  });
}

/* All elements of this name at any depth. */
function inside(node: Moddle, name: string): Moddle[] {
  return list(node, "$children").flatMap((child) => [...(child.$type.split(":").at(-1) === name ? [child] : []), ...inside(child, name)]);
}
