/* Changes of the drawing that the book view makes: a step more, another way on, another order. Each runs inside
   one command of the model, so one undo takes it back. */
import { flowsIn, flowsOut, isStep, readFlow, RULES } from "./meaning";
import { isA, text, type Drawn, type Services } from "./moddle";
import { isOutcomeBranch, outcomesNamed, outcomesOf, throughJoins, waysOf } from "./outline";

/** What an outcome can lead to that is not there yet. */
export type NewTarget = "step" | "won" | "lost" | "other";

const ROW = 110;
const BELOW = 48;
/* A branch with a pad before it and a name behind it. */
const ROOM = 220;

export class Growing {
  constructor(private readonly services: Services) {}

  /** A step behind this one, in the middle of the way of this outcome; without outcome, of the only way. */
  addStep(source: Drawn, name: string, stage: string, outcome?: string): Drawn {
    const way = waysOf(source, "").find((found) => found.outcome.key === outcome) ?? waysOf(source, "")[0];
    const old = way?.target ?? null;
    const step = this.placed(source, "bpmn:UserTask", { name });
    if (stage) this.services.modeling.updateProperties(step, { "kniga:stage": stage });
    if (outcome === undefined || !isStep(source)) this.insert(source, step);
    else {
      this.lead(source, outcome, step);
      if (old && old !== step) this.services.modeling.connect(step, old);
    }
    return step;
  }

  /** A choice on the way of an outcome: the old way stays the usual one, a new step stands on the other. */
  addBranch(source: Drawn, names: { branch: string; step: string }, stage: string, outcome?: string): Drawn {
    const way = waysOf(source, "").find((found) => found.outcome.key === outcome) ?? waysOf(source, "")[0];
    const gateway = this.placed(source, "bpmn:ExclusiveGateway", { name: names.branch });
    if (outcome === undefined || !isStep(source)) this.insert(source, gateway);
    else {
      this.lead(source, outcome, gateway);
      if (way?.target) this.services.modeling.connect(gateway, way.target);
    }
    const usual = flowsOut(gateway)[0];
    const step = this.placed(gateway, "bpmn:UserTask", { name: names.step, "kniga:stage": stage || undefined });
    this.services.modeling.connect(gateway, step);
    if (usual) {
      this.services.modeling.updateProperties(gateway, { default: usual.businessObject });
      this.services.modeling.connect(step, usual.target!);
    }
    return gateway;
  }

  /** An end of this kind for an outcome, or a new step: made near the step. */
  make(source: Drawn, kind: NewTarget, name: string): Drawn {
    if (kind === "step") return this.placed(source, "bpmn:UserTask", { name });
    return this.placed(source, "bpmn:EndEvent", { name, "kniga:result": kind });
  }

  /** Let an outcome of a step lead to an element; a branch is drawn if there is none. */
  lead(step: Drawn, outcome: string, target: Drawn): void {
    const others = outcomesOf(step.businessObject, "").filter((found) => found.key !== outcome);
    const flow = flowsOut(step)[0];
    if (!flow) this.begin(step, outcome, target, others.length > 0);
    else if (!others.length) this.bend(flow, target);
    else {
      const gateway = this.ownBranch(step, flow);
      const own = flowsOut(gateway).map(readFlow).find((way) => !way.isDefault && outcomesNamed(way.condition)?.join() === outcome);
      if (own) this.bend(own.flow, target);
      else {
        this.takeOut(gateway, outcome);
        this.join(step, gateway, outcome, target);
      }
    }
  }

  /** Let an outcome lead to what is there or is made for it; a new step stands before what the outcome led to. */
  leadTo(step: Drawn, outcome: string, target: Drawn | NewTarget, name: string, stage: string): Drawn {
    const found = this.foundOrMade(step, target, name, stage);
    const old = waysOf(step, "").find((way) => way.outcome.key === outcome)?.target;
    this.lead(step, outcome, found);
    if (target === "step" && old) this.services.modeling.connect(found, old);
    return found;
  }

  /** Let a way, or without one a new way, lead from an element that has no outcomes to another. */
  leadOn(source: Drawn, flow: Drawn | undefined, target: Drawn | NewTarget, name: string, stage: string): Drawn {
    const found = this.foundOrMade(source, target, name, stage);
    const old = flow?.target;
    if (flow) this.bend(flow, found);
    else this.services.modeling.connect(source, found);
    if (target === "step" && old) this.services.modeling.connect(found, old);
    return found;
  }

  private foundOrMade(source: Drawn, target: Drawn | NewTarget, name: string, stage: string): Drawn {
    const found = typeof target === "string" ? this.make(source, target, name) : target;
    if (target === "step" && stage) this.services.modeling.updateProperties(found, { "kniga:stage": stage });
    return found;
  }

  /** An outcome is no more: the way that only it took goes, others no longer name it. */
  forget(step: Drawn, outcome: string): void {
    const gateway = flowsOut(step)[0]?.target;
    if (!gateway || !isOutcomeBranch(gateway)) return;
    for (const way of flowsOut(gateway).map(readFlow)) {
      if (!way.isDefault && outcomesNamed(way.condition)?.join() === outcome) this.services.modeling.removeElements([way.flow]);
    }
    this.takeOut(gateway, outcome);
  }

  private begin(step: Drawn, outcome: string, target: Drawn, isBranched: boolean): void {
    if (!isBranched) {
      this.services.modeling.connect(step, target);
      return;
    }
    const gateway = this.placed(step, "bpmn:ExclusiveGateway", {});
    this.services.modeling.connect(step, gateway);
    this.way(step, gateway, target, outcome);
  }

  /** A way of its own for an outcome, called as the outcome is; a way back runs below what it passes by. */
  private way(step: Drawn, gateway: Drawn, target: Drawn, outcome: string): void {
    const { modeling } = this.services;
    const flow = modeling.connect(gateway, target);
    this.condition(flow, [outcome]);
    const label = outcomesOf(step.businessObject, "").find((found) => found.key === outcome)?.label;
    if (label) modeling.updateProperties(flow, { name: label });
    if (centre(target).x < centre(gateway).x) modeling.updateWaypoints(flow, this.wayBack(gateway, target));
  }

  private wayBack(from: Drawn, to: Drawn): { x: number; y: number }[] {
    const [start, end] = [centre(from), centre(to)];
    const passed = this.services.elementRegistry.filter(
      (one) => one.parent === from.parent && isA(one, "bpmn:FlowNode") && one.x < start.x && one.x + one.width > end.x,
    );
    const y = Math.max(from.y + from.height, ...passed.map((one) => one.y + one.height)) + BELOW;
    return [{ x: start.x, y: from.y + from.height }, { x: start.x, y }, { x: end.x, y }, { x: end.x, y: to.y + to.height }];
  }

  /** The branch right behind a step that no other step shares; made when there is none. */
  private ownBranch(step: Drawn, flow: Drawn): Drawn {
    const next = flow.target!;
    if (isOutcomeBranch(next)) return next;
    this.makeRoom(step, next);
    const gateway = this.placed(step, "bpmn:ExclusiveGateway", {});
    this.bend(flow, gateway);
    const rest = this.services.modeling.connect(gateway, next);
    this.services.modeling.updateProperties(gateway, { default: rest.businessObject });
    return gateway;
  }

  /** Room for a branch between a step and what stands on its right: that is pushed aside with all behind it. */
  private makeRoom(step: Drawn, next: Drawn): void {
    const right = step.x + step.width;
    const lack = right + ROOM - next.x;
    if (next.x < right || lack <= 0) return;
    const behind = this.services.elementRegistry.filter(
      (one) => one.parent === step.parent && one.width > 0 && one.x >= next.x && !one.labelTarget && !one.host,
    );
    this.services.modeling.moveElements(behind, { x: lack, y: 0 });
  }

  /** An outcome is called otherwise: so is the way that was called as it was. */
  relabel(step: Drawn, outcome: { key: string; label: string }, label: string): void {
    const gateway = flowsOut(step)[0]?.target;
    if (!gateway || !isOutcomeBranch(gateway)) return;
    for (const { flow, condition } of flowsOut(gateway).map(readFlow)) {
      const isOwn = outcomesNamed(condition)?.join() === outcome.key && text(flow.businessObject, "name") === outcome.label;
      if (isOwn) this.services.modeling.updateProperties(flow, { name: label });
    }
  }

  private takeOut(gateway: Drawn, outcome: string): void {
    for (const way of flowsOut(gateway).map(readFlow)) {
      const named = way.isDefault ? null : outcomesNamed(way.condition);
      if (!named?.includes(outcome)) continue;
      const rest = named.filter((key) => key !== outcome);
      this.condition(way.flow, rest);
    }
  }

  private join(step: Drawn, gateway: Drawn, outcome: string, target: Drawn): void {
    const ways = flowsOut(gateway).map(readFlow);
    const same = ways.find((way) => way.target === target && !way.isDefault && outcomesNamed(way.condition));
    if (same) this.condition(same.flow, [...(outcomesNamed(same.condition) ?? []), outcome]);
    else this.way(step, gateway, target, outcome);
  }

  /** Put a new step into the one way that leaves an element. */
  insert(source: Drawn, step: Drawn): void {
    const flow = flowsOut(source)[0];
    if (!flow) {
      this.services.modeling.connect(source, step);
      return;
    }
    const next = flow.target!;
    this.bend(flow, step);
    this.services.modeling.connect(step, next);
  }

  /** Take a step out; what led to it leads to where its first way led. */
  remove(step: Drawn): void {
    const next = waysOf(step, "").find((way) => way.target && way.target !== step)?.target ?? null;
    const branch = flowsOut(step)[0]?.target;
    const gone = branch && isOutcomeBranch(branch) ? [branch] : [];
    for (const flow of flowsIn(step)) {
      const own = flow.source === step || gone.includes(flow.source!);
      if (next && !own) this.bend(flow, next);
    }
    const flows = [...flowsOut(step), ...gone.flatMap(flowsOut), ...flowsIn(step)];
    this.services.modeling.removeElements([...new Set(flows)]);
    this.services.modeling.removeElements([...gone, step]);
  }

  /** The step that stands next in the line, if the two can change places. */
  nextInLine(step: Drawn): Drawn | null {
    const next = mainWay(step)?.target ?? null;
    return next && isStep(next) && next !== step && mainWay(next)?.target !== step ? next : null;
  }

  /** Let a step and the one after it change places; the ways that branch off go along with their steps. */
  swap(first: Drawn): void {
    const second = this.nextInLine(first);
    const onward = second && mainWay(second);
    if (!second || !onward) return;
    const between = mainFlows(first, second);
    const before = flowsIn(first).filter((flow) => !behind(second).includes(flow.source!));
    const after = mainFlows(second, onward.target);
    for (const flow of before) this.bend(flow, second);
    for (const flow of after) this.bend(flow, first);
    for (const flow of between) this.bend(flow, onward.target);
    this.exchangePlaces(first, second);
  }

  private exchangePlaces(first: Drawn, second: Drawn): void {
    const { modeling } = this.services as Services & {
      modeling: { moveShape(shape: Drawn, delta: { x: number; y: number }): void };
    };
    const delta = { x: centre(second).x - centre(first).x, y: centre(second).y - centre(first).y };
    modeling.moveShape(first, delta);
    modeling.moveShape(second, { x: -delta.x, y: -delta.y });
  }

  bend(flow: Drawn, target: Drawn): void {
    if (flow.target !== target) this.services.modeling.reconnectEnd(flow, target, centre(target));
  }

  /** Let a flow be taken for these outcomes. */
  condition(flow: Drawn, outcomes: string[]): void {
    const rule =
      outcomes.length === 1
        ? { field: "outcome", op: "eq", value: outcomes[0] }
        : { field: "outcome", op: "in", value: outcomes };
    this.setCondition(flow, JSON.stringify(rule));
  }

  setCondition(flow: Drawn, condition: string): void {
    const { bpmnFactory, modeling } = this.services;
    const expression = condition
      ? bpmnFactory.create("bpmn:FormalExpression", { language: RULES, body: condition })
      : undefined;
    if (expression) expression.$parent = flow.businessObject;
    modeling.updateProperties(flow, { conditionExpression: expression });
  }

  private placed(source: Drawn, type: string, attributes: Record<string, unknown>): Drawn {
    const { elementFactory, modeling, elementRegistry } = this.services;
    const shape = elementFactory.createShape({ type });
    const at = { x: source.x + source.width + 90 + shape.width / 2, y: centre(source).y };
    const others = elementRegistry.filter(
      (element) => element.width > 0 && element.parent === source.parent && isA(element, "bpmn:FlowNode") && !element.labelTarget,
    );
    while (others.some((other) => overlaps(other, at, shape))) at.y += ROW;
    const made = modeling.createShape(shape, at, source.parent!);
    modeling.updateProperties(made, attributes);
    return made;
  }
}

function mainWay(step: Drawn): { target: Drawn } | null {
  const way = waysOf(step, "").find((found) => found.target);
  return way?.target ? { target: way.target } : null;
}

function behind(step: Drawn): Drawn[] {
  const branch = flowsOut(step)[0]?.target;
  return branch && isOutcomeBranch(branch) ? [step, branch] : [step];
}

function mainFlows(step: Drawn, target: Drawn): Drawn[] {
  return behind(step)
    .flatMap(flowsOut)
    .filter((flow) => throughJoins(flow.target!) === target);
}

function centre(element: Drawn): { x: number; y: number } {
  return { x: element.x + element.width / 2, y: element.y + element.height / 2 };
}

function overlaps(other: Drawn, at: { x: number; y: number }, shape: Drawn): boolean {
  const gap = 20;
  return (
    Math.abs(centre(other).x - at.x) < (other.width + shape.width) / 2 + gap &&
    Math.abs(centre(other).y - at.y) < (other.height + shape.height) / 2 + gap
  );
}

/** Whether the ways of the outcomes can be changed one by one: not where a step has several plain ways on. */
export function canLead(step: Drawn): boolean {
  return flowsOut(step).length < 2;
}
