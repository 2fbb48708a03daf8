/* The book as a list: what stands under which stage, and which lines need no telling. */
import { flowsIn, flowsOut, isStep } from "../meaning";
import { isA } from "../moddle";
import type { BookModel, Drawn, Stage } from "../model";
import { isTold } from "../outline";

export interface Part {
  stage: Stage | null;
  entries: Drawn[];
}

export interface Book {
  parts: Part[];
  ends: Drawn[];
}

/** The lines of the book by stage, in the order of the funnel; what belongs to no stage comes last. */
export function bookOf(model: BookModel): Book {
  const stages = model.stages();
  const parts = new Map<string, Part>(stages.map((stage) => [stage.key, { stage, entries: [] }]));
  const rest: Part = { stage: null, entries: [] };
  const ends: Drawn[] = [];
  let current = "";
  for (const element of model.elements()) {
    if (isA(element, "bpmn:EndEvent")) ends.push(element);
    else if (isLine(element)) {
      current = model.stageOf(element) || (isStep(element) ? "" : current);
      (parts.get(current) ?? rest).entries.push(element);
    }
  }
  const filled = [...parts.values()];
  return { parts: rest.entries.length || !filled.length ? [...filled, rest] : filled, ends };
}

/* The plain beginning and the branch right behind a step say nothing that its outcomes do not say. */
function isLine(element: Drawn): boolean {
  if (!isTold(element) || isA(element, "bpmn:ParallelGateway", "bpmn:EventBasedGateway")) return isA(element, "bpmn:EventBasedGateway");
  if (isA(element, "bpmn:StartEvent")) return element.businessObject.get("eventDefinitions") instanceof Array && (element.businessObject.get("eventDefinitions") as unknown[]).length > 0;
  const before = flowsIn(element);
  const isBranchOfStep = isA(element, "bpmn:ExclusiveGateway") && before.length === 1 && isStep(before[0]!.source!) && flowsOut(before[0]!.source!).length === 1;
  return !isBranchOfStep;
}
