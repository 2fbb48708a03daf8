/* The objects of the file made anew from what an element means. What is not named in a change stays as it is. */
import type { Action, Choice, Control, Deadline, Letter, Material, Outcome, Param, PointLine, Question, StepMeaning } from "./meaning";
import { list, part, type Moddle } from "./moddle";

export type Factory = (type: string, attributes?: Record<string, unknown>) => Moddle;

/** Our parts in the order in which they are written. */
const ORDER = ["Stages", "Fields", "Deadline", "Script", "Question", "Outcome", "Control", "Material", "Action", "Letter", "Param", "Dmn"];
const ATTRIBUTES = ["kind", "assignee", "stage", "skill", "price"] as const;
/** What need not be written, since it is meant without. */
const MEANT: Record<string, string> = { kind: "task", assignee: "owner" };

/** The properties of a step's object that a change gives, ready for one update. */
export function stepProperties(object: Moddle, patch: Partial<StepMeaning>, make: Factory): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  if (patch.name !== undefined) properties.name = patch.name || undefined;
  for (const name of ATTRIBUTES) {
    const value = patch[name];
    const isPlain = value === MEANT[name] && object.get(`kniga:${name}`) === undefined;
    if (value !== undefined) properties[`kniga:${name}`] = isPlain ? undefined : value || undefined;
  }
  const parts = stepParts(patch, make);
  if (Object.keys(parts).length) properties.extensionElements = withParts(object, parts, make);
  return properties;
}

function stepParts(patch: Partial<StepMeaning>, make: Factory): Record<string, Moddle[]> {
  const parts: Record<string, Moddle[]> = {};
  if (patch.deadline !== undefined) parts.Deadline = patch.deadline ? [deadline(patch.deadline, make)] : [];
  if (patch.script !== undefined) parts.Script = patch.script ? [make("kniga:Script", { text: `\n${patch.script}\n` })] : [];
  if (patch.questions) parts.Question = patch.questions.map((question) => questionOf(question, make));
  if (patch.outcomes) parts.Outcome = patch.outcomes.map((outcome) => outcomeOf(outcome, make));
  if (patch.controls) parts.Control = patch.controls.map((control) => controlOf(control, make));
  if (patch.materials) parts.Material = patch.materials.map((found: Material) => make("kniga:Material", { ...found }));
  return parts;
}

/** The extension elements of an object with these parts in place of those of the same kinds; undefined if none is left. */
export function withParts(object: Moddle, parts: Record<string, Moddle[]>, make: Factory): Moddle | undefined {
  const old = list(part(object, "extensionElements"), "values");
  const kept = old.filter((value) => !(kindOf(value) in parts));
  const all = [...kept, ...Object.values(parts).flat()];
  const sorted = all
    .map((value, at) => ({ value, at, rank: rankOf(value) }))
    .sort((one, other) => one.rank - other.rank || one.at - other.at)
    .map(({ value }) => value);
  if (!sorted.length) return undefined;
  return parented(make("bpmn:ExtensionElements", { values: sorted }), sorted, object);
}

/** The whole tree knows its parents, which is what copying and exporting go by. */
function parented(holder: Moddle, values: Moddle[], object: Moddle): Moddle {
  holder.$parent = object;
  for (const value of values) value.$parent = holder;
  return holder;
}

function kindOf(value: Moddle): string {
  return value.$type.startsWith("kniga:") ? value.$type.slice(6) : "";
}

function rankOf(value: Moddle): number {
  const rank = ORDER.indexOf(kindOf(value));
  return rank < 0 ? ORDER.length : rank;
}

function nested(object: Moddle, name: string, values: Moddle[]): Moddle {
  for (const value of values) value.$parent = object;
  if (values.length) list(object, name).push(...values);
  return object;
}

function deadline(found: Deadline, make: Factory): Moddle {
  const { duration, calendar, answer } = found;
  return make("kniga:Deadline", { duration: duration || undefined, calendar, answer: answer || undefined });
}

function choices(found: Choice[], make: Factory): Moddle[] {
  return found.map((choice) => make("kniga:Choice", { ...choice }));
}

function questionOf(found: Question, make: Factory): Moddle {
  const written = make("kniga:Question", {
    key: found.key,
    type: found.type,
    label: found.label,
    required: found.required ? "true" : undefined,
    requiredFor: !found.required && found.requiredFor.length ? found.requiredFor.join(" ") : undefined,
    help: found.help || undefined,
    field: found.field || undefined,
    check: found.check || undefined,
  });
  return nested(written, "choices", choices(found.choices, make));
}

function outcomeOf(found: Outcome, make: Factory): Moddle {
  return make("kniga:Outcome", { key: found.key, label: found.label, tone: found.tone });
}

function controlOf(found: Control, make: Factory): Moddle {
  const written = make("kniga:Control", {
    key: found.key,
    name: found.name,
    due: found.due || undefined,
    calendar: found.calendar,
    basis: found.basis,
    whom: found.whom.join(" "),
    by: found.by.join(" ") || undefined,
    condition: found.condition ? make("kniga:Condition", { text: found.condition }) : undefined,
  });
  const condition = part(written, "condition");
  if (condition) condition.$parent = written;
  const rungs = found.ladder.map(({ after, calendar, whom }) =>
    make("kniga:Escalate", { after, calendar, whom: whom.join(" ") }),
  );
  return nested(written, "ladder", rungs);
}

export function paramsOf(found: Param[], make: Factory): Moddle[] {
  return found.map(({ name, value, field }) =>
    make("kniga:Param", field ? { name, field } : { name, value }),
  );
}

export function actionOf(found: Action, make: Factory): Moddle {
  const { name, retries, backoff } = found;
  const written = make("kniga:Action", { name, retries: retries || undefined, backoff: backoff || undefined });
  nested(written, "params", paramsOf(found.params, make));
  return nested(written, "points", found.points.map((line) => pointsOf(line, make)));
}

function pointsOf({ label, value, condition }: PointLine, make: Factory): Moddle {
  const rule = condition ? make("kniga:Condition", { text: condition }) : undefined;
  const written = make("kniga:Points", { label: label || undefined, value, condition: rule });
  if (rule) rule.$parent = written;
  return written;
}

export function letterOf(found: Letter, make: Factory, old: Moddle | undefined): Moddle {
  return make("kniga:Letter", {
    template: found.template || undefined,
    subject: found.subject || undefined,
    to: found.to || undefined,
    retries: old?.get("retries"),
    backoff: old?.get("backoff"),
    text: found.body || undefined,
  });
}

export function listOf(type: "Stages" | "Fields", items: Moddle[], make: Factory): Moddle {
  return nested(make(`kniga:${type}`), "items", items);
}

export function fieldOf(found: { key: string; type: string; label: string; choices: Choice[] }, make: Factory): Moddle {
  const { key, type, label } = found;
  return nested(make("kniga:Field", { key, type, label }), "choices", choices(found.choices, make));
}
