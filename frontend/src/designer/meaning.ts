/* What the elements of a sales book mean, read from the objects of the file. Nothing here changes anything. */
import { extensions, isA, list, part, text, type Drawn, type Moddle } from "./moddle";

export interface Choice {
  key: string;
  label: string;
}

export interface Question {
  key: string;
  type: string;
  label: string;
  required: boolean;
  requiredFor: string[];
  help: string;
  field: string;
  check: string;
  choices: Choice[];
}

export interface Outcome {
  key: string;
  label: string;
  tone: string;
}

/** `duration` is ISO 8601 (`P2D`, `PT4H`); `answer` the key of a question that gives the day instead. */
export interface Deadline {
  duration: string;
  calendar: string;
  answer: string;
}

export interface Rung {
  after: string;
  calendar: string;
  whom: string[];
}

/** `condition` is the JSON text of a rule; empty when it is a deviation that the step is still open. */
export interface Control {
  key: string;
  name: string;
  due: string;
  calendar: string;
  basis: string;
  whom: string[];
  by: string[];
  condition: string;
  ladder: Rung[];
}

export interface Material {
  kind: string;
  template: string;
}

/** Everything a user task, manual task or task says. Empty texts stand for what is not set. */
export interface StepMeaning {
  name: string;
  kind: string;
  assignee: string;
  stage: string;
  skill: string;
  price: string;
  script: string;
  deadline: Deadline | null;
  questions: Question[];
  outcomes: Outcome[];
  controls: Control[];
  materials: Material[];
}

/** A parameter is a literal value, or the name of the field that holds it. */
export interface Param {
  name: string;
  value: string;
  field: string;
}

export interface Action {
  name: string;
  retries: string;
  backoff: string;
  params: Param[];
  points: PointLine[];
}

/** A line of a list of points: so many where the condition (JSON text) is true. */
export interface PointLine {
  label: string;
  value: string;
  condition: string;
}

export interface Letter {
  template: string;
  subject: string;
  to: string;
  body: string;
}

/** A field that conditions and placeholders may name. */
export interface KnownField {
  name: string;
  label: string;
  type: string;
  choices?: { key: string; label: string }[];
}

/** One way out of an element: its condition as JSON text, or that it is the default way. */
export interface FlowMeaning {
  flow: Drawn;
  name: string;
  condition: string;
  isDefault: boolean;
  target: Drawn;
}

export const RULES = "urn:kniga:rules:1";
export const STEP_TYPES = ["bpmn:UserTask", "bpmn:ManualTask"];

/** Whether a person does it: a user task, a manual task, or a task that says nothing more. */
export function isStep(element: Drawn | Moddle): boolean {
  const type = "businessObject" in element ? element.businessObject.$type : element.$type;
  return type === "bpmn:Task" || STEP_TYPES.includes(type);
}

export function readStep(object: Moddle): StepMeaning {
  return {
    name: text(object, "name"),
    kind: text(object, "kniga:kind") || "task",
    assignee: text(object, "kniga:assignee") || "owner",
    stage: text(object, "kniga:stage"),
    skill: text(object, "kniga:skill"),
    price: text(object, "kniga:price"),
    script: text(extensions(object, "kniga:Script")[0], "text").replace(/^\n|\s+$/g, ""),
    deadline: readDeadline(extensions(object, "kniga:Deadline")[0]),
    questions: extensions(object, "kniga:Question").map(readQuestion),
    outcomes: extensions(object, "kniga:Outcome").map(readOutcome),
    controls: extensions(object, "kniga:Control").map(readControl),
    materials: extensions(object, "kniga:Material").map((found) => ({
      kind: text(found, "kind"),
      template: text(found, "template"),
    })),
  };
}

function readDeadline(found: Moddle | undefined): Deadline | null {
  if (!found) return null;
  return { duration: text(found, "duration"), calendar: text(found, "calendar") || "working", answer: text(found, "answer") };
}

function readQuestion(found: Moddle): Question {
  return {
    key: text(found, "key"),
    type: text(found, "type") || "text",
    label: text(found, "label"),
    required: text(found, "required") === "true",
    requiredFor: words(found, "requiredFor"),
    help: text(found, "help"),
    field: text(found, "field"),
    check: text(found, "check"),
    choices: list(found, "choices").map(readChoice),
  };
}

export function readChoice(found: Moddle): Choice {
  return { key: text(found, "key"), label: text(found, "label") };
}

function readOutcome(found: Moddle): Outcome {
  return { key: text(found, "key"), label: text(found, "label"), tone: text(found, "tone") || "neutral" };
}

function readControl(found: Moddle): Control {
  return {
    key: text(found, "key"),
    name: text(found, "name"),
    due: text(found, "due"),
    calendar: text(found, "calendar") || "working",
    basis: text(found, "basis") || "duration",
    whom: words(found, "whom"),
    by: words(found, "by"),
    condition: text(part(found, "condition"), "text").trim(),
    ladder: list(found, "ladder").map((rung) => ({
      after: text(rung, "after"),
      calendar: text(rung, "calendar") || "working",
      whom: words(rung, "whom"),
    })),
  };
}

export function readParams(holder: Moddle[]): Param[] {
  return holder.map((found) => ({ name: text(found, "name"), value: text(found, "value"), field: text(found, "field") }));
}

export function readAction(object: Moddle): Action | null {
  const found = extensions(object, "kniga:Action")[0];
  if (!found) return null;
  return {
    name: text(found, "name"),
    retries: text(found, "retries"),
    backoff: text(found, "backoff"),
    params: readParams(list(found, "params")),
    points: list(found, "points").map((line) => ({ label: text(line, "label"), value: text(line, "value"), condition: text(part(line, "condition"), "text").trim() })),
  };
}

export function readLetter(object: Moddle): Letter | null {
  const found = extensions(object, "kniga:Letter")[0];
  if (!found) return null;
  return { template: text(found, "template"), subject: text(found, "subject"), to: text(found, "to"), body: text(found, "text").trim() };
}

export function readFlow(flow: Drawn): FlowMeaning {
  const { source, target } = flow as Required<Drawn>;
  return {
    flow,
    name: text(flow.businessObject, "name"),
    condition: text(part(flow.businessObject, "conditionExpression"), "body").trim(),
    isDefault: part(source.businessObject, "default") === flow.businessObject,
    target,
  };
}

/** The ways out, in the order in which the engine tries them: that of the file. */
export function flowsOut(element: Drawn): Drawn[] {
  const order = list(element.businessObject.$parent, "flowElements");
  const flows = element.outgoing.filter((flow) => isA(flow, "bpmn:SequenceFlow") && flow.target);
  return flows.sort((one, other) => order.indexOf(one.businessObject) - order.indexOf(other.businessObject));
}

export function flowsIn(element: Drawn): Drawn[] {
  return element.incoming.filter((flow) => isA(flow, "bpmn:SequenceFlow") && flow.source);
}

function words(found: Moddle, name: string): string[] {
  return text(found, name).split(/\s+/).filter(Boolean);
}
