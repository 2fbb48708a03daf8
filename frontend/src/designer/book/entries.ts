/* The book as a list: what stands under which stage, and which lines need no telling. */
import { flowsIn } from "../meaning";
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

/** The lines of the book by stage, in the order of the funnel. What names no stage stands where the deal then is; what
    comes before any stage comes last. What is open stays a line of its own while it is edited. */
export function bookOf(model: BookModel, openId: string): Book {
  const stages = model.stages();
  const parts = new Map<string, Part>(stages.map((stage) => [stage.key, { stage, entries: [] }]));
  const rest: Part = { stage: null, entries: [] };
  const ends: Drawn[] = [];
  const where = new Map<Drawn, string>();
  for (const element of model.elements()) {
    const before = element.host ? [element.host] : flowsIn(element).map((flow) => flow.source!);
    const stage = model.stageOf(element) || (before.map((one) => where.get(one)).find(Boolean) ?? "");
    where.set(element, stage);
    if (isA(element, "bpmn:EndEvent")) ends.push(element);
    else if (isLine(element) || element.id === openId) (parts.get(stage) ?? rest).entries.push(element);
  }
  const filled = [...parts.values()];
  return { parts: rest.entries.length || !filled.length ? [...filled, rest] : filled, ends };
}

/* The plain beginning and the branch right behind a step say nothing that its outcomes do not say. */
function isLine(element: Drawn): boolean {
  if (isA(element, "bpmn:StartEvent")) return list(element.businessObject, "eventDefinitions").length > 0;
  return isTold(element) && !isA(element, "bpmn:ParallelGateway") && !isOutcomeBranch(element);
}
