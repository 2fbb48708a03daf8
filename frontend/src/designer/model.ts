/* The sales book in the page: one model over the modeler that the panel, the book view and the canvas share.
   Reading never changes anything; every write is one command, so undo and redo work wherever it came from. */
import { canLead, Growing, type NewTarget } from "./growing";
import { keyFor } from "./keys";
import * as meaning from "./meaning";
import type { Control, FlowMeaning, KnownField, Letter, Action, Param, StepMeaning, Choice } from "./meaning";
import { extensions, isA, list, part, text, type Drawn, type Moddle, type Modeler, type Services } from "./moddle";
import { machineAnswers } from "./machines";
import { keepOrder } from "./order";
import { Placing } from "./room/placing";
import { keepDrawn } from "./room/keeping";
import { Settling } from "./room/settling";
import * as outline from "./outline";
import type { Stage, Way } from "./outline";
import { shedOnReplace } from "./replacing";
import * as writing from "./writing";

export type { Drawn, Moddle, Modeler } from "./moddle";
export type { Action, Choice, Control, Deadline, FlowMeaning, KnownField, Letter, Material, Outcome, Param, PointLine, Question, Rung, StepMeaning } from "./meaning";
export type { Stage, Way } from "./outline";

/** A typed answer that nobody is asked for: messages, decisions and machines give it. */
export interface ProcessField {
  key: string;
  type: string;
  label: string;
  choices: Choice[];
}

export interface ProcessMeaning {
  id: string;
  name: string;
  kind: string;
  about: string;
  stages: Stage[];
  fields: ProcessField[];
}

/** When a timer rings: one of `duration`, `date`, `cycle` in ISO 8601; or a basis (`deadline`) or a field, both with an
    optional duration after it. */
export interface TimerMeaning {
  kind: "duration" | "date" | "cycle" | "deadline" | "field";
  value: string;
  field: string;
  calendar: string;
}

const COMMAND = "kniga.change";
/** "Tidy up": see canvas/tidy.ts. */
const TIDY = "kniga.tidy";

/* Commands executed while the outer one prepares itself become part of it. */
class ChangeHandler {
  preExecute(context: { run: () => void }): void {
    context.run();
  }
}

export class BookModel {
  readonly services: Services;
  readonly growing: Growing;
  readonly placing: Placing;
  private depth = 0;

  constructor(readonly modeler: Modeler) {
    const found = {} as Record<string, unknown>;
    const names = ["modeling", "commandStack", "eventBus", "elementRegistry", "elementFactory", "bpmnFactory", "canvas", "selection", "spaceTool"];
    for (const name of names) found[name] = modeler.get(name as keyof Services);
    this.services = found as unknown as Services;
    this.placing = new Placing(this.services);
    this.growing = new Growing(this.services, this.placing);
    new Settling(this.services, COMMAND, TIDY);
    this.services.commandStack.registerHandler(COMMAND, ChangeHandler);
    keepOrder(this.services);
    shedOnReplace(this.services, this.make);
    keepDrawn(this.services);
  }

  /** Tell `listener` after every change, undo and import; returns how to stop. */
  onChange(listener: () => void): () => void {
    const events = ["commandStack.changed", "import.done"];
    this.services.eventBus.on(events, listener);
    return () => this.services.eventBus.off(events, listener);
  }

  /** Tell `listener` what is selected, null when nothing or much is; returns how to stop. */
  onSelection(listener: (element: Drawn | null) => void): () => void {
    const tell = (): void => listener(this.selected());
    this.services.eventBus.on("selection.changed", tell);
    return () => this.services.eventBus.off("selection.changed", tell);
  }

  selected(): Drawn | null {
    const found = this.services.selection.get();
    const one = found.length === 1 ? found[0]! : null;
    return one?.labelTarget ?? one;
  }

  select(element: Drawn | null): void {
    this.services.selection.select(element);
  }

  element(id: string): Drawn | undefined {
    return this.services.elementRegistry.get(id);
  }

  /** Run changes as one command of the undo history. */
  change(run: () => void): void {
    if (this.depth > 0) {
      run();
      return;
    }
    this.depth += 1;
    try {
      this.services.commandStack.execute(COMMAND, { run });
    } finally {
      this.depth -= 1;
    }
  }

  /** All that stands on the canvas, labels apart, in the order in which it is read. */
  elements(): Drawn[] {
    const all = this.services.elementRegistry.filter((element) => !element.labelTarget && isA(element, "bpmn:FlowNode"));
    return outline.readingOrder(all);
  }

  /** The steps people do, in the order in which they are read. */
  steps(): Drawn[] {
    return this.elements().filter(meaning.isStep);
  }

  stages(): Stage[] {
    const process = this.processObject();
    return process ? outline.stagesOf(process, this.steps()) : [];
  }

  stageOf(element: Drawn): string {
    const process = this.processObject();
    return process ? outline.stageOf(element, process) : "";
  }

  ways(step: Drawn, plainLabel = ""): Way[] {
    return outline.waysOf(step, plainLabel);
  }

  canLead(step: Drawn): boolean {
    return canLead(step);
  }

  read(element: Drawn): StepMeaning {
    return meaning.readStep(element.businessObject);
  }

  /** Change what a step means; what the patch does not name stays. An outcome that goes is demanded by no question
      any more. */
  write(element: Drawn, patch: Partial<StepMeaning>): void {
    let whole = patch;
    if (patch.outcomes) {
      const keys = new Set(patch.outcomes.map((outcome) => outcome.key));
      const questions = patch.questions ?? this.read(element).questions;
      if (questions.some((question) => question.requiredFor.some((key) => !keys.has(key)))) {
        whole = {
          ...patch,
          questions: questions.map((one) => ({ ...one, requiredFor: one.requiredFor.filter((key) => keys.has(key)) })),
        };
      }
    }
    const properties = writing.stepProperties(element.businessObject, whole, this.make);
    if (Object.keys(properties).length) this.change(() => this.services.modeling.updateProperties(element, properties));
  }

  /** Take an outcome away, with the way that only it took. */
  removeOutcome(step: Drawn, key: string): void {
    this.change(() => {
      this.growing.forget(step, key);
      this.write(step, { outcomes: this.read(step).outcomes.filter((outcome) => outcome.key !== key) });
    });
  }

  /** Give an outcome another key; the questions and the conditions right behind the step follow. */
  renameOutcome(step: Drawn, from: string, to: string): void {
    const { outcomes, questions } = this.read(step);
    const key = (old: string): string => (old === from ? to : old);
    this.change(() => {
      this.write(step, {
        outcomes: outcomes.map((outcome) => ({ ...outcome, key: key(outcome.key) })),
        questions: questions.map((question) => ({ ...question, requiredFor: question.requiredFor.map(key) })),
      });
      for (const flow of meaning.flowsOut(step).flatMap((out) => meaning.flowsOut(out.target!))) {
        const { condition } = meaning.readFlow(flow);
        const renamed = outline.renamedIn(condition, from, to);
        if (renamed !== condition) this.growing.setCondition(flow, renamed);
      }
    });
  }

  name(element: Drawn): string {
    return text(element.businessObject, "name");
  }

  /** Change the name of any element. */
  rename(element: Drawn, name: string): void {
    if (name !== this.name(element)) this.set(element, { name: name || undefined });
  }

  /** One of our attributes, such as `kniga:result`, or one of the standard. */
  attribute(element: Drawn, name: string): string {
    return text(element.businessObject, name);
  }

  set(element: Drawn, properties: Record<string, unknown>): void {
    this.change(() => this.services.modeling.updateProperties(element, properties));
  }

  /** The ways out of a gateway (or of anything else) in the order in which they are tried. */
  flows(element: Drawn): FlowMeaning[] {
    return meaning.flowsOut(element).map(meaning.readFlow);
  }

  readFlow(flow: Drawn): FlowMeaning {
    return meaning.readFlow(flow);
  }

  /** Give a flow a condition (JSON text), a name, or make it the way that is taken when no other is. */
  writeFlow(flow: Drawn, patch: { condition?: string; name?: string; isDefault?: boolean }): void {
    this.change(() => {
      if (patch.name !== undefined) this.services.modeling.updateProperties(flow, { name: patch.name || undefined });
      if (patch.isDefault !== undefined) {
        const object = patch.isDefault ? flow.businessObject : undefined;
        if (object) this.growing.setCondition(flow, "");
        this.services.modeling.updateProperties(flow.source!, { default: object });
      }
      if (patch.condition !== undefined) this.growing.setCondition(flow, patch.condition);
    });
  }

  /** Let a way be tried one place earlier (-1) or later (1). */
  moveFlow(flow: Drawn, by: -1 | 1): void {
    const scope = flow.businessObject.$parent;
    const flows = meaning.flowsOut(flow.source!);
    const other = flows[flows.indexOf(flow) + by];
    if (!scope || !other) return;
    const order = [...list(scope, "flowElements")];
    const places = [order.indexOf(flow.businessObject), order.indexOf(other.businessObject)] as const;
    [order[places[0]], order[places[1]]] = [other.businessObject, flow.businessObject];
    this.change(() => this.services.modeling.updateModdleProperties(flow.source!, scope, { flowElements: order }));
  }

  action(element: Drawn): Action | null {
    return meaning.readAction(element.businessObject);
  }

  writeAction(element: Drawn, action: Action | null): void {
    this.setParts(element, { Action: action ? [writing.actionOf(action, this.make)] : [] });
  }

  letter(element: Drawn): Letter | null {
    return meaning.readLetter(element.businessObject);
  }

  writeLetter(element: Drawn, letter: Letter | null): void {
    const old = extensions(element.businessObject, "kniga:Letter")[0];
    this.setParts(element, { Letter: letter ? [writing.letterOf(letter, this.make, old)] : [] });
  }

  params(element: Drawn): Param[] {
    return meaning.readParams(extensions(element.businessObject, "kniga:Param"));
  }

  writeParams(element: Drawn, params: Param[]): void {
    this.setParts(element, { Param: writing.paramsOf(params, this.make) });
  }

  private setParts(element: Drawn, parts: Record<string, Moddle[]>): void {
    this.set(element, { extensionElements: writing.withParts(element.businessObject, parts, this.make) });
  }

  /** The process with steps that is drawn here; undefined on an empty canvas. */
  processObject(): Moddle | undefined {
    const root = this.services.canvas.getRootElement().businessObject;
    if (root.$type === "bpmn:Process") return root;
    const processes = list(root, "participants")
      .map((participant) => part(participant, "processRef"))
      .filter((process) => process !== undefined);
    const inhabited = processes.filter((process) => list(process, "flowElements").length);
    return inhabited.find((process) => process.get("isExecutable") === true) ?? inhabited[0] ?? processes[0];
  }

  process(): ProcessMeaning {
    const object = this.processObject();
    const fields = object ? extensions(object, "kniga:Fields").flatMap((holder) => list(holder, "items")) : [];
    return {
      id: object?.id ?? "",
      name: text(object, "name"),
      kind: text(object, "kniga:kind") || "sale",
      about: text(list(object, "documentation")[0], "text"),
      stages: this.stages(),
      fields: fields.map((found) => ({
        key: text(found, "key"),
        type: text(found, "type") || "text",
        label: text(found, "label"),
        choices: list(found, "choices").map(meaning.readChoice),
      })),
    };
  }

  writeProcess(patch: Partial<Omit<ProcessMeaning, "id">>): void {
    const process = this.processObject();
    if (!process) return;
    const properties: Record<string, unknown> = {};
    const parts: Record<string, Moddle[]> = {};
    if (patch.name !== undefined) properties.name = patch.name || undefined;
    if (patch.kind !== undefined) properties["kniga:kind"] = patch.kind || undefined;
    if (patch.about !== undefined) properties.documentation = this.documentation(process, patch.about);
    if (patch.stages) {
      const items = patch.stages.map((stage) => this.make("kniga:Stage", { ...stage }));
      parts.Stages = items.length ? [writing.listOf("Stages", items, this.make)] : [];
    }
    if (patch.fields) {
      const items = patch.fields.map((field) => writing.fieldOf(field, this.make));
      parts.Fields = items.length ? [writing.listOf("Fields", items, this.make)] : [];
    }
    if (Object.keys(parts).length) properties.extensionElements = writing.withParts(process, parts, this.make);
    this.change(() => {
      if (patch.stages) this.keepLaneStages(process);
      this.services.modeling.updateModdleProperties(this.services.canvas.getRootElement(), process, properties);
    });
  }

  private documentation(holder: Moddle, about: string): Moddle[] {
    if (!about) return [];
    const made = this.make("bpmn:Documentation", { text: about });
    made.$parent = holder;
    return [made];
  }

  /* Lanes are the stages until a list of stages is there: from then on they must say so themselves. */
  private keepLaneStages(process: Moddle): void {
    if (extensions(process, "kniga:Stages").length) return;
    for (const lane of outline.lanesOf(process)) {
      if (lane.get("kniga:stage")) continue;
      const root = this.element(lane.id ?? "") ?? this.services.canvas.getRootElement();
      this.services.modeling.updateModdleProperties(root, lane, { "kniga:stage": lane.id });
    }
  }

  /** A stage more, behind another one or at the end of the funnel; its key. */
  addStage(name: string, behind = ""): string {
    const stages = this.stages();
    const key = keyFor(name, stages.map((stage) => stage.key), "stage");
    const at = stages.findIndex((stage) => stage.key === behind) + 1 || stages.length;
    this.writeProcess({ stages: [...stages.slice(0, at), { key, name }, ...stages.slice(at)] });
    return key;
  }

  /** When a timer rings; null when the element has none. */
  timer(element: Drawn): TimerMeaning | null {
    const definition = this.definition(element, "bpmn:TimerEventDefinition");
    if (!definition) return null;
    const calendar = this.attribute(element, "kniga:calendar") || "working";
    const field = this.attribute(element, "kniga:field");
    const time = (name: string): string => text(part(definition, name), "body").trim();
    if (this.attribute(element, "kniga:basis") === "deadline") return { kind: "deadline", value: time("timeDuration"), field: "", calendar };
    if (field) return { kind: "field", value: time("timeDuration"), field, calendar };
    if (time("timeDate")) return { kind: "date", value: time("timeDate"), field: "", calendar };
    if (time("timeCycle")) return { kind: "cycle", value: time("timeCycle"), field: "", calendar };
    return { kind: "duration", value: time("timeDuration"), field: "", calendar };
  }

  writeTimer(element: Drawn, timer: TimerMeaning): void {
    const definition = this.definition(element, "bpmn:TimerEventDefinition");
    if (!definition) return;
    const names = { duration: "timeDuration", date: "timeDate", cycle: "timeCycle", deadline: "timeDuration", field: "timeDuration" };
    const times: Record<string, unknown> = { timeDuration: undefined, timeDate: undefined, timeCycle: undefined };
    if (timer.value) times[names[timer.kind]] = this.expression(definition, timer.value);
    this.change(() => {
      this.services.modeling.updateModdleProperties(element, definition, times);
      const isBoundary = isA(element, "bpmn:BoundaryEvent");
      this.services.modeling.updateProperties(element, {
        "kniga:calendar": timer.calendar === "working" ? undefined : timer.calendar,
        "kniga:field": timer.kind === "field" ? timer.field || undefined : undefined,
        ...(isBoundary ? { "kniga:basis": timer.kind === "deadline" ? "deadline" : undefined } : {}),
      });
    });
  }

  /** The first trigger of an event of this type, such as `bpmn:MessageEventDefinition`. */
  definition(element: Drawn, type?: string): Moddle | undefined {
    const found = list(element.businessObject, "eventDefinitions");
    return type ? found.find((definition) => definition.$type === type) : found[0];
  }

  /** A formal expression with this text that belongs to `parent`. */
  expression(parent: Moddle, body: string, isRule = false): Moddle {
    const made = this.make("bpmn:FormalExpression", isRule ? { language: "urn:kniga:rules:1", body } : { body });
    made.$parent = parent;
    return made;
  }

  /** All messages, signals, errors or escalations of the file, by their type. */
  roots(type: string): Moddle[] {
    return list(this.definitions(), "rootElements").filter((found) => found.$type === type);
  }

  /** A message, signal, error or escalation by its name, made if it is not there. Call inside `change`. */
  root(type: string, name: string, attributes: Record<string, unknown> = {}): Moddle {
    const known = this.roots(type).find((found) => text(found, "name") === name);
    if (known) return known;
    const definitions = this.definitions();
    const made = this.make(type, { name, ...attributes });
    made.$parent = definitions;
    this.services.modeling.updateModdleProperties(this.services.canvas.getRootElement(), definitions, {
      rootElements: [...list(definitions, "rootElements"), made],
    });
    return made;
  }

  private definitions(): Moddle {
    let at = this.services.canvas.getRootElement().businessObject;
    while (at.$parent) at = at.$parent;
    return at;
  }

  /** Every answer of the book: what steps ask, the typed fields of the process, what the machine reckons. */
  answers(): KnownField[] {
    const found = new Map<string, KnownField>();
    const asked = this.steps().flatMap((step) => this.read(step).questions);
    for (const { key, label, type, choices } of [...asked, ...this.process().fields]) {
      if (!found.has(key)) found.set(key, { name: `answer.${key}`, label: label || key, type, choices });
    }
    for (const one of machineAnswers(this.elements())) if (!found.has(one.name)) found.set(one.name, one);
    return [...found.values()];
  }

  /** Every outcome that a condition may name: those right before this element if it has any, else all of the book. */
  outcomesBefore(element: Drawn, plainLabel: string): { key: string; label: string }[] {
    const before = meaning.flowsIn(element).map((flow) => flow.source!).filter(meaning.isStep);
    const steps = before.length ? before : this.steps();
    const found = new Map<string, string>();
    for (const step of steps) {
      for (const { key, label } of outline.outcomesOf(step.businessObject, plainLabel)) {
        if (!found.has(key)) found.set(key, label || key);
      }
    }
    return [...found].map(([key, label]) => ({ key, label }));
  }

  /** A key for a new question that no other question of the book has. */
  questionKey(label: string): string {
    const taken = this.answers().map((field) => field.name.slice("answer.".length));
    return keyFor(label, taken, "question");
  }

  outcomeKey(step: Drawn, label: string): string {
    return keyFor(label, this.read(step).outcomes.map((outcome) => outcome.key), "outcome");
  }

  controlKey(controls: Control[], name: string): string {
    return keyFor(name, controls.map((control) => control.key), "control");
  }

  /** A new step behind this element, on the way of this outcome. */
  addStep(source: Drawn, name: string, outcome?: string): Drawn {
    return this.made(() => this.growing.addStep(source, name, this.stageOf(source), outcome));
  }

  /** A choice behind this element, with a new step on the way that is not the usual one; the choice itself. */
  addBranch(source: Drawn, names: { branch: string; step: string }, outcome?: string): Drawn {
    return this.made(() => this.growing.addBranch(source, names, this.stageOf(source), outcome));
  }

  /** Let an outcome lead to an element that is there, or to a new one of this kind; what it leads to. */
  lead(step: Drawn, outcome: string, target: Drawn | NewTarget, name = ""): Drawn {
    return this.made(() => this.growing.leadTo(step, outcome, target, name, this.stageOf(step)));
  }

  /** Let a way of anything but a step lead elsewhere; without a flow, a new way leaves the element. */
  leadOn(source: Drawn, flow: Drawn | undefined, target: Drawn | NewTarget, name = ""): Drawn {
    return this.made(() => this.growing.leadOn(source, flow, target, name, this.stageOf(source)));
  }

  removeStep(step: Drawn): void {
    this.change(() => this.growing.remove(step));
  }

  /** Let a step change places with the next one of its line. */
  swapWithNext(step: Drawn): void {
    this.change(() => this.growing.swap(step));
  }

  nextInLine(step: Drawn): Drawn | null {
    return this.growing.nextInLine(step);
  }

  private made(run: () => Drawn): Drawn {
    let found: Drawn | undefined;
    this.change(() => {
      found = run();
    });
    return found!;
  }

  private readonly make = (type: string, attributes?: Record<string, unknown>): Moddle =>
    this.services.bpmnFactory.create(type, attributes);
}
