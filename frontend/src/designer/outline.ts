/* The order in which a person reads a book, its stages, and where each outcome of a step leads. */
import { flowsIn, flowsOut, isStep, readFlow, readStep, type FlowMeaning, type Outcome } from "./meaning";
import { extensions, isA, list, part, text, type Drawn, type Moddle } from "./moddle";

export interface Stage {
  key: string;
  name: string;
}

/** Where an outcome leads: the flow that decides and the next element that means something; null without a way on. */
export interface Way {
  outcome: Outcome;
  flow: Drawn | null;
  target: Drawn | null;
}

export const PLAIN_OUTCOME = "done";

/** Elements in the order in which they are reached from the beginnings, the first way of each first, loops apart. */
export function readingOrder(elements: Drawn[]): Drawn[] {
  const done = new Set<Drawn>();
  const order: Drawn[] = [];
  const visit = (element: Drawn): void => {
    const pending: { at: Drawn; next: Drawn[] }[] = [{ at: element, next: following(element) }];
    done.add(element);
    while (pending.length) {
      const last = pending[pending.length - 1]!;
      const next = last.next.pop();
      if (next === undefined) order.push(pending.pop()!.at);
      else if (!done.has(next)) {
        done.add(next);
        pending.push({ at: next, next: following(next) });
      }
    }
  };
  const beginnings = elements.filter((element) => isA(element, "bpmn:FlowNode") && !flowsIn(element).length && !element.host);
  const starts = beginnings.filter((element) => isA(element, "bpmn:StartEvent") && !isInside(element));
  for (const element of [...elements.filter((one) => isA(one, "bpmn:FlowNode")), ...beginnings, ...starts].reverse()) {
    if (!done.has(element)) visit(element);
  }
  return order.reverse();
}

/* Taken from the end, so the first way is visited last and stands first in the reversed order. */
function following(element: Drawn): Drawn[] {
  const inner = (element.children ?? []).filter((child) => isA(child, "bpmn:StartEvent"));
  const asides = (element.attachers ?? []).filter((one) => isA(one, "bpmn:BoundaryEvent"));
  return [...asides, ...flowsOut(element).map((flow) => flow.target!).reverse(), ...inner];
}

function isInside(element: Drawn): boolean {
  return !!element.parent && isA(element.parent, "bpmn:SubProcess");
}

/** The stages in the funnel's order: those the process lists, else its lanes, else those the steps name. */
export function stagesOf(process: Moddle, steps: Drawn[]): Stage[] {
  const listed = extensions(process, "kniga:Stages").flatMap((holder) => list(holder, "items"));
  const stages = listed.map((found) => ({ key: text(found, "key"), name: text(found, "name") || text(found, "key") }));
  if (!listed.length) {
    for (const lane of lanesOf(process)) {
      const key = text(lane, "kniga:stage") || (lane.id ?? "");
      stages.push({ key, name: text(lane, "name") || key });
    }
  }
  for (const step of steps) {
    const key = stageOf(step, process);
    if (key && !stages.some((stage) => stage.key === key)) stages.push({ key, name: key });
  }
  return stages;
}

export function lanesOf(process: Moddle): Moddle[] {
  const found: Moddle[] = [];
  const pending = list(process, "laneSets").flatMap((holder) => list(holder, "lanes"));
  while (pending.length) {
    const lane = pending.shift()!;
    found.push(lane);
    pending.push(...list(part(lane, "childLaneSet"), "lanes"));
  }
  return found;
}

/** The stage a step stands in: its own, that of its lane, or that of the sub-process around it. */
export function stageOf(element: Drawn, process: Moddle): string {
  const own = text(element.businessObject, "kniga:stage");
  if (own) return own;
  const isListed = extensions(process, "kniga:Stages").length > 0;
  const lane = lanesOf(process).filter((one) => list(one, "flowNodeRef").includes(element.businessObject)).pop();
  const ofLane = lane ? text(lane, "kniga:stage") || (isListed ? "" : (lane.id ?? "")) : "";
  if (ofLane) return ofLane;
  return element.parent && isInside(element) ? stageOf(element.parent, process) : "";
}

/** The outcomes of a step as the engine sees them: a step that names none has the plain one. */
export function outcomesOf(object: Moddle, plainLabel: string): Outcome[] {
  const { outcomes } = readStep(object);
  return outcomes.length ? outcomes : [{ key: PLAIN_OUTCOME, label: plainLabel, tone: "primary" }];
}

/** Where each outcome leads, as far as the conditions behind the step say it in plain outcomes. */
export function waysOf(step: Drawn, plainLabel: string): Way[] {
  const outcomes = outcomesOf(step.businessObject, plainLabel);
  const flows = flowsOut(step);
  if (flows.length !== 1) {
    const target = flows[0]?.target ?? null;
    return outcomes.map((outcome) => ({ outcome, flow: flows[0] ?? null, target }));
  }
  const gateway = flows[0]!.target!;
  if (!isA(gateway, "bpmn:ExclusiveGateway") || flowsOut(gateway).length < 2) {
    const target = throughJoins(gateway);
    return outcomes.map((outcome) => ({ outcome, flow: flows[0]!, target }));
  }
  const ways = flowsOut(gateway).map(readFlow);
  if (!isOutcomeBranch(gateway)) return outcomes.map((outcome) => ({ outcome, flow: flows[0]!, target: gateway }));
  return outcomes.map((outcome) => {
    const flow = wayFor(ways, outcome.key);
    return { outcome, flow: flow?.flow ?? null, target: flow ? throughJoins(flow.target) : null };
  });
}

/** Whether a branch asks for nothing but the outcome of the step right before it, the only one that leads there. */
export function isOutcomeBranch(element: Drawn): boolean {
  const before = flowsIn(element);
  if (!isA(element, "bpmn:ExclusiveGateway") || before.length !== 1 || !isStep(before[0]!.source!)) return false;
  const ways = flowsOut(element).map(readFlow);
  return flowsOut(before[0]!.source!).length === 1 && ways.every((way) => way.isDefault || outcomesNamed(way.condition) !== null);
}

/** The first flow whose condition names the outcome; else the default one. */
export function wayFor(ways: FlowMeaning[], outcome: string): FlowMeaning | null {
  const named = ways.find((way) => !way.isDefault && (outcomesNamed(way.condition) ?? []).includes(outcome));
  return named ?? ways.find((way) => way.isDefault) ?? null;
}

/** The way out of a branch that this outcome alone takes: one that names it, or the default one when it is left for no other. */
export function ownWay(step: Drawn, branch: Drawn, outcome: string): Drawn | undefined {
  const ways = flowsOut(branch).map(readFlow);
  const taken = wayFor(ways, outcome);
  if (!taken) return undefined;
  if (!taken.isDefault) return outcomesNamed(taken.condition)?.join() === outcome ? taken.flow : undefined;
  const isShared = outcomesOf(step.businessObject, "").some((found) => found.key !== outcome && wayFor(ways, found.key) === taken);
  return isShared ? undefined : taken.flow;
}

/** The outcomes a condition names if it says nothing else; null otherwise. */
export function outcomesNamed(condition: string): string[] | null {
  try {
    const rule = JSON.parse(condition) as Record<string, unknown>;
    if (rule.field !== "outcome") return null;
    if (rule.op === "eq" && typeof rule.value === "string") return [rule.value];
    return rule.op === "in" && Array.isArray(rule.value) ? rule.value.map(String) : null;
  } catch {
    return null;
  }
}

/** Joins and gateways with one way on mean nothing to a reader. */
export function throughJoins(element: Drawn): Drawn {
  const seen = new Set<Drawn>();
  let at = element;
  while (isA(at, "bpmn:ExclusiveGateway", "bpmn:InclusiveGateway") && flowsOut(at).length === 1 && !seen.has(at)) {
    seen.add(at);
    at = flowsOut(at)[0]!.target!;
  }
  return at;
}

/** What can be read as a line of its own in the book: everything but joins. */
export function isTold(element: Drawn): boolean {
  if (!isA(element, "bpmn:FlowNode")) return false;
  return isStep(element) || throughJoins(element) === element;
}

/** A condition with an outcome called otherwise; the same text where it does not name it. */
export function renamedIn(condition: string, from: string, to: string): string {
  const walk = (rule: unknown): unknown => {
    if (Array.isArray(rule)) return rule.map(walk);
    if (!rule || typeof rule !== "object") return rule;
    const found = rule as Record<string, unknown>;
    if (found.field === "outcome") {
      const value = Array.isArray(found.value) ? found.value.map((one) => (one === from ? to : one)) : found.value;
      return { ...found, value: value === from ? to : value };
    }
    return Object.fromEntries(Object.entries(found).map(([name, inner]) => [name, walk(inner)]));
  };
  try {
    const before = JSON.parse(condition) as unknown;
    const after = JSON.stringify(walk(before));
    return after === JSON.stringify(before) ? condition : after;
  } catch {
    return condition;
  }
}
