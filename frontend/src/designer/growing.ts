/* Changes of the drawing that the book view makes: a step more, another way on, another order. Each runs inside
   one command of the model, so one undo takes it back. */
import { flowsIn, flowsOut, isStep, readFlow, RULES } from "./meaning";
import { text, type Drawn, type Services } from "./moddle";
import { isOutcomeBranch, outcomesNamed, outcomesOf, ownWay, PLAIN_OUTCOME, throughJoins, waysOf } from "./outline";
import { centre } from "./room/geometry";
import type { Placing } from "./room/placing";
import { scopeOf } from "./room/scene";
import { stepProperties } from "./writing";

/** What an outcome can lead to that is not there yet. */
export type NewTarget = "step" | "won" | "lost" | "other";

export class Growing {
  /** What the plain outcome is called in the page's language; without, steps are made without one. */
  plainLabel = "";

  constructor(
    private readonly services: Services,
    private readonly placing: Placing,
  ) {}

  /** A step behind this one, in the middle of the way of this outcome; without outcome, of the only way. */
  addStep(source: Drawn, name: string, stage: string, outcome?: string): Drawn {
    const way = waysOf(source, "").find((found) => found.outcome.key === outcome) ?? waysOf(source, "")[0];
    const old = way?.target ?? null;
    const [behind, onWay] = this.spot(source, outcome);
    const step = this.putStep(behind, onWay, name, stage);
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
    const gateway = this.put(...this.spot(source, outcome), "bpmn:ExclusiveGateway", { name: names.branch });
    if (outcome === undefined || !isStep(source)) this.insert(source, gateway);
    else {
      this.lead(source, outcome, gateway);
      if (way?.target) this.services.modeling.connect(gateway, way.target);
    }
    const usual = flowsOut(gateway)[0];
    const step = this.putStep(gateway, undefined, names.step, stage, usual?.target);
    this.services.modeling.connect(gateway, step);
    if (usual) {
      this.services.modeling.updateProperties(gateway, { default: usual.businessObject });
      this.services.modeling.connect(step, usual.target!);
    }
    return gateway;
  }

  /** Let an outcome of a step lead to an element; a branch is drawn if there is none. */
  lead(step: Drawn, outcome: string, target: Drawn): void {
    const others = outcomesOf(step.businessObject, "").filter((found) => found.key !== outcome);
    const flow = flowsOut(step)[0];
    if (!flow) this.begin(step, outcome, target, others.length > 0);
    else if (!others.length) this.bend(flow, target);
    else {
      const gateway = this.ownBranch(step, flow);
      const own = ownWay(step, gateway, outcome);
      if (own) this.bend(own, target);
      else {
        this.takeOut(gateway, outcome);
        this.join(step, gateway, outcome, target);
      }
    }
  }

  /** Let an outcome lead to what is there or is made for it; a new step stands before what the outcome led to. */
  leadTo(step: Drawn, outcome: string, target: Drawn | NewTarget, name: string, stage: string): Drawn {
    const old = waysOf(step, "").find((way) => way.outcome.key === outcome)?.target;
    const found = typeof target === "string" ? this.make(...this.spot(step, outcome), target, name, stage, old) : target;
    this.lead(step, outcome, found);
    if (target === "step" && old) this.services.modeling.connect(found, old);
    return found;
  }

  /** Let a way, or without one a new way, lead from an element that has no outcomes to another. */
  leadOn(source: Drawn, flow: Drawn | undefined, target: Drawn | NewTarget, name: string, stage: string): Drawn {
    const found = typeof target === "string" ? this.make(source, flow, target, name, stage) : target;
    const old = flow?.target;
    if (flow) this.bend(flow, found);
    else this.services.modeling.connect(source, found);
    if (target === "step" && old) this.services.modeling.connect(found, old);
    return found;
  }

  /** A step on the way that leads on so far, an end beside it. */
  private make(source: Drawn, way: Drawn | undefined, kind: NewTarget, name: string, stage: string, next?: Drawn | null): Drawn {
    if (kind === "step") return this.putStep(source, way, name, stage, next);
    return this.put(source, undefined, "bpmn:EndEvent", { name, "kniga:result": kind });
  }

  /** From where an outcome goes, and the way that only it takes. A branch is drawn where it has to part from others:
      then there is no such way yet. */
  private spot(source: Drawn, outcome?: string): [Drawn, Drawn | undefined] {
    const flow = flowsOut(source)[0];
    if (!flow || outcome === undefined || !isStep(source)) return [source, flow];
    if (!outcomesOf(source.businessObject, "").some((found) => found.key !== outcome)) return [source, flow];
    const gateway = this.ownBranch(source, flow);
    return [gateway, ownWay(source, gateway, outcome)];
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
    const gateway = this.put(step, undefined, "bpmn:ExclusiveGateway", {});
    this.services.modeling.connect(step, gateway);
    this.way(step, gateway, target, outcome);
  }

  /** A way of its own for an outcome, called as the outcome is. */
  private way(step: Drawn, gateway: Drawn, target: Drawn, outcome: string): void {
    const { modeling } = this.services;
    const flow = modeling.connect(gateway, target);
    this.condition(flow, [outcome]);
    const label = outcomesOf(step.businessObject, "").find((found) => found.key === outcome)?.label;
    if (label) modeling.updateProperties(flow, { name: label });
  }

  /** The branch right behind a step that no other step shares; made when there is none. */
  private ownBranch(step: Drawn, flow: Drawn): Drawn {
    const next = flow.target!;
    if (isOutcomeBranch(next)) return next;
    const gateway = this.put(step, flow, "bpmn:ExclusiveGateway", {});
    this.bend(flow, gateway);
    const rest = this.services.modeling.connect(gateway, next);
    this.services.modeling.updateProperties(gateway, { default: rest.businessObject });
    return gateway;
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
    const { modeling } = this.services;
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

  /** A step with the plain outcome, as the palette makes it. */
  private putStep(source: Drawn, way: Drawn | undefined, name: string, stage: string, next?: Drawn | null): Drawn {
    const { bpmnFactory, modeling } = this.services;
    const step = this.put(source, way, "bpmn:UserTask", { name, "kniga:stage": stage || undefined }, next);
    const outcomes = [{ key: PLAIN_OUTCOME, label: this.plainLabel, tone: "primary" }];
    if (this.plainLabel) modeling.updateProperties(step, stepProperties(step.businessObject, { outcomes }, (type, given) => bpmnFactory.create(type, given)));
    return step;
  }

  /** Something new: on a way, else behind an element that leads nowhere yet, else in a row of its own beside it. */
  private put(source: Drawn, way: Drawn | undefined, type: string, attributes: Record<string, unknown>, next?: Drawn | null): Drawn {
    const { elementFactory, modeling } = this.services;
    const shape = elementFactory.createShape({ type });
    const at = way ? this.placing.on(way, shape) : flowsOut(source).length ? this.placing.beside(source, shape, next) : this.placing.behind(source, shape);
    const made = modeling.createShape(shape, at, scopeOf(source));
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

/** Whether the ways of the outcomes can be changed one by one: not where a step has several plain ways on. */
export function canLead(step: Drawn): boolean {
  return flowsOut(step).length < 2;
}
