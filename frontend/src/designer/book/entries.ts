/* The book as a list: what stands under which stage, and which lines need no telling. */
import { isStep } from "../meaning";
import { isA, list } from "../moddle";
import type { BookModel, Drawn, Stage } from "../model";
import { isOutcomeBranch, isTold } from "../outline";

export interface Part {
  stage: Stage | null;
  entries: Drawn[];
}

export interface Book {
  parts: Part[];
  ends: Drawn[];
}

/** The lines of the book by stage, in the order of the funnel; what belongs to no stage comes last. What is open stays
    a line of its own while it is edited. */
export function bookOf(model: BookModel, openId: string): Book {
  const stages = model.stages();
  const parts = new Map<string, Part>(stages.map((stage) => [stage.key, { stage, entries: [] }]));
  const rest: Part = { stage: null, entries: [] };
  const ends: Drawn[] = [];
  let current = "";
  for (const element of model.elements()) {
    if (isA(element, "bpmn:EndEvent")) ends.push(element);
    else if (isLine(element) || element.id === openId) {
      current = model.stageOf(element) || (isStep(element) ? "" : current);
      (parts.get(current) ?? rest).entries.push(element);
    }
  }
  const filled = [...parts.values()];
  return { parts: rest.entries.length || !filled.length ? [...filled, rest] : filled, ends };
}

/* The plain beginning and the branch right behind a step say nothing that its outcomes do not say. */
function isLine(element: Drawn): boolean {
  if (isA(element, "bpmn:StartEvent")) return list(element.businessObject, "eventDefinitions").length > 0;
  return isTold(element) && !isA(element, "bpmn:ParallelGateway") && !isOutcomeBranch(element);
}
