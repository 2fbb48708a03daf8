/* Decision tables that come into a step: made empty, or taken from a file of DMN, whose drawing stays behind. */
import { textsCell } from "./feel";
import { keyFor } from "./keys";
import type { BookModel, Drawn, KnownField } from "./model";
import { list, text, type Moddle, type Services } from "./moddle";
import { isDecision, policyOf, tablesOf, TYPE_REF } from "./tables";
import { withParts } from "./writing";

const DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/";
const KNIGA = "urn:kniga:bpmn:1";
/* What FEEL does not know stands beside its type. */
const OWN_TYPES = ["money", "choice"];

export function canLookAt(field: KnownField): boolean {
  return field.type in TYPE_REF;
}

export interface NewTable {
  name: string;
  /** The columns it looks at; the answer's label, or the value of the process that it gives; which rows answer. */
  inputs: KnownField[];
  answer: KnownField;
  /** The texts to choose the answer from; none if it is any text, or no text. */
  values: string[];
  policy: string;
}

/** A table with one row, which holds for anything and says nothing yet. */
export function makeTable(model: BookModel, task: Drawn, table: NewTable): void {
  const maker = model.modeler.get("moddle");
  const node = (name: string, properties: Record<string, unknown>, inside: Moddle[] = []): Moddle => {
    const given = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
    const fresh = maker.createAny(`dmn:${name}`, DMN, inside.length ? { ...given, $children: inside } : given);
    for (const child of inside) child.$parent = fresh;
    return fresh;
  };
  const words = ($body: string): Moddle => node("text", { $body });
  const id = keyFor(table.name, model.elements().flatMap(tablesOf), "table");
  const typed = (type: string): Record<string, unknown> => (OWN_TYPES.includes(type) ? { "kniga:type": type } : {});
  const inputs = table.inputs.map((field) => node("input", { label: field.label, ...typed(field.type) }, [node("inputExpression", { typeRef: TYPE_REF[field.type] }, [words(field.name)])]));
  const { answer, values } = table;
  const output = node("output", { name: answer.name, label: answer.label, typeRef: TYPE_REF[answer.type], ...typed(answer.type) }, values.length ? [node("outputValues", {}, [words(textsCell(values))])] : []);
  const row = node("rule", {}, [...inputs.map(() => node("inputEntry", {}, [words("-")])), node("outputEntry", {}, [words("")])]);
  const decision = node("decision", { id, name: table.name }, [node("decisionTable", policyOf(table.policy), [...inputs, output, row])]);
  const definitions = node("definitions", { id: `${id}_tables`, name: table.name, namespace: "urn:kniga:decisions" }, [decision]);
  hold(model, task, definitions, id);
}

/** Take the tables of a file of DMN into a step, and let the first one decide; false when it has none. */
export function takeTables(model: BookModel, task: Drawn, file: string): boolean {
  const root = new DOMParser().parseFromString(file, "application/xml").documentElement;
  if (root.localName !== "definitions" || !root.namespaceURI?.includes("/DMN/")) return false;
  const definitions = taken(root, root.namespaceURI, model.modeler.get("moddle"));
  const first = list(definitions, "$children").find(isDecision);
  if (!first) return false;
  hold(model, task, definitions, text(first, "id"));
  return true;
}

function hold(model: BookModel, task: Drawn, definitions: Moddle, decision: string): void {
  const make = (type: string, attributes?: Record<string, unknown>): Moddle => model.services.bpmnFactory.create(type, attributes);
  const held = make("kniga:Dmn", { content: [definitions] });
  definitions.$parent = held;
  model.set(task, { extensionElements: withParts(task.businessObject, { Dmn: [held] }, make), "kniga:decision": decision });
}

/* Elements of the DMN model alone: what other tools have written between them decides nothing. */
function taken(node: Element, uri: string, maker: Services["moddle"]): Moddle {
  const properties: Record<string, unknown> = {};
  for (const { prefix, name, localName, namespaceURI, value } of node.attributes) {
    if (!prefix && name !== "xmlns") properties[name] = value;
    else if (namespaceURI === KNIGA) properties[`kniga:${localName}`] = value;
  }
  const children = [...node.children].filter((child) => child.namespaceURI === uri).map((child) => taken(child, uri, maker));
  if (children.length) properties["$children"] = children;
  else if (node.textContent?.trim()) properties["$body"] = node.textContent.trim();
  const made = maker.createAny(`dmn:${node.localName}`, uri, properties);
  for (const child of children) child.$parent = made;
  return made;
}
