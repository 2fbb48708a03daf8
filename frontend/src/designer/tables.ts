/* Decision tables from files of DMN: what they decide comes into the step, their drawing stays behind. */
import { extensions, list, text, type Drawn, type Moddle, type Services } from "./moddle";
import { keyFor } from "./keys";
import type { BookModel, KnownField } from "./model";
import { withParts } from "./writing";

const DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/";

/** The ids of the decision tables that a step holds. */
export function tablesOf(task: Drawn): string[] {
  const held = extensions(task.businessObject, "kniga:Dmn").flatMap((one) => list(one, "content"));
  return held.flatMap((root) => list(root, "$children")).filter(isDecision).map((decision) => text(decision, "id"));
}

/** What a table may look at: fields that hold one plain value, by their type in DMN. */
const TYPE_REF: Record<string, string> = { text: "string", choice: "string", number: "number", money: "number", boolean: "boolean", date: "date", datetime: "dateTime" };
const BLANK: Record<string, string> = { text: '"?"', number: "0", boolean: "false" };

export function canLookAt(field: KnownField): boolean {
  return field.type in TYPE_REF;
}

export interface NewTable {
  name: string;
  /** The columns it looks at, its answer (a label, and text, number or boolean), and which rows answer. */
  inputs: KnownField[];
  answer: string;
  type: string;
  policy: string;
}

/** An empty table in a step: one row that holds for anything, to be filled in. */
export function makeTable(model: BookModel, task: Drawn, table: NewTable): void {
  const maker = model.modeler.get("moddle");
  const node = (name: string, properties: Record<string, unknown>, inside: Moddle[] = []): Moddle => {
    const fresh = maker.createAny(`dmn:${name}`, DMN, inside.length ? { ...properties, $children: inside } : properties);
    for (const child of inside) child.$parent = fresh;
    return fresh;
  };
  const words = ($body: string): Moddle => node("text", { $body });
  const answers = model.answers().map((one) => one.name.slice("answer.".length));
  const id = keyFor(table.name, model.elements().flatMap(tablesOf), "table");
  const inputs = table.inputs.map((field) => node("input", { label: field.label }, [node("inputExpression", { typeRef: TYPE_REF[field.type] }, [words(field.name)])]));
  const output = node("output", { name: keyFor(table.answer, answers, "answer"), label: table.answer, typeRef: TYPE_REF[table.type] });
  const row = node("rule", {}, [...inputs.map(() => node("inputEntry", {}, [words("-")])), node("outputEntry", {}, [words(BLANK[table.type] ?? BLANK.text!)])]);
  const decision = node("decision", { id, name: table.name }, [node("decisionTable", { hitPolicy: table.policy }, [...inputs, output, row])]);
  const definitions = node("definitions", { id: `${id}_tables`, name: table.name, namespace: "urn:kniga:decisions" }, [decision]);
  const make = (type: string, attributes?: Record<string, unknown>): Moddle => model.services.bpmnFactory.create(type, attributes);
  const held = make("kniga:Dmn", { content: [definitions] });
  definitions.$parent = held;
  model.set(task, { extensionElements: withParts(task.businessObject, { Dmn: [held] }, make), "kniga:decision": id });
}

/** Take the tables of a file of DMN into a step, and let the first one decide; false when it has none. */
export function takeTables(model: BookModel, task: Drawn, file: string): boolean {
  const root = new DOMParser().parseFromString(file, "application/xml").documentElement;
  if (root.localName !== "definitions" || !root.namespaceURI?.includes("/DMN/")) return false;
  const definitions = taken(root, root.namespaceURI, model.modeler.get("moddle"));
  const first = list(definitions, "$children").find(isDecision);
  if (!first) return false;
  const make = (type: string, attributes?: Record<string, unknown>): Moddle => model.services.bpmnFactory.create(type, attributes);
  const held = make("kniga:Dmn", { content: [definitions] });
  definitions.$parent = held;
  const extensionElements = withParts(task.businessObject, { Dmn: [held] }, make);
  model.set(task, { extensionElements, "kniga:decision": text(first, "id") });
  return true;
}

function isDecision(node: Moddle): boolean {
  return node.$type.split(":").at(-1) === "decision" && text(node, "id") !== "";
}

/* Elements of the DMN model alone: what other tools have written between them decides nothing. */
function taken(node: Element, uri: string, maker: Services["moddle"]): Moddle {
  const properties: Record<string, unknown> = {};
  for (const attribute of node.attributes) if (!attribute.prefix && attribute.name !== "xmlns") properties[attribute.name] = attribute.value;
  const children = [...node.children].filter((child) => child.namespaceURI === uri).map((child) => taken(child, uri, maker));
  if (children.length) properties["$children"] = children;
  else if (node.textContent?.trim()) properties["$body"] = node.textContent.trim();
  const made = maker.createAny(`dmn:${node.localName}`, uri, properties);
  for (const child of children) child.$parent = made;
  return made;
}

/** A decision table as it is shown: cells are what their entries say, in the words of DMN. */
export interface Table {
  node: Moddle;
  id: string;
  name: string;
  policy: string;
  aggregation: string;
  inputs: { label: string; field: string }[];
  outputs: string[];
  rows: TableRow[];
}

export interface TableRow {
  node: Moddle;
  cells: { node: Moddle; text: string; isInput: boolean }[];
}

/** The decision tables that a step holds, in the order of their file. */
export function readTables(task: Drawn): Table[] {
  return heldBy(task).flatMap((root) => named(root, "decision")).flatMap((decision) =>
    named(decision, "decisionTable").map((node) => ({
      node,
      id: text(decision, "id"),
      name: text(decision, "name") || text(decision, "id"),
      policy: text(node, "hitPolicy") || "UNIQUE",
      aggregation: text(node, "aggregation"),
      inputs: named(node, "input").map((input) => ({ label: text(input, "label"), field: said(named(input, "inputExpression")[0]) })),
      outputs: named(node, "output").map((output) => text(output, "label") || text(output, "name")),
      rows: named(node, "rule").map((rule) => ({ node: rule, cells: list(rule, "$children").filter(isEntry).map(cellOf) })),
    })),
  );
}

export function writeCell(model: BookModel, task: Drawn, entry: Moddle, words: string): void {
  change(model, task, new Map([[entry, (maker) => [made(maker, entry, copyOf(entry), [made(maker, entry, { $body: words }, [], "text")])]]]));
}

export function writePolicy(model: BookModel, task: Drawn, table: Table, hitPolicy: string): void {
  change(model, task, new Map([[table.node, (maker, inside) => [made(maker, table.node, { ...copyOf(table.node), hitPolicy, aggregation: undefined }, inside)]]]));
}

/** Another row behind the last one, for anything, with the answers of that one. */
export function addRow(model: BookModel, task: Drawn, table: Table): void {
  const last = table.rows.at(-1);
  if (!last) return;
  change(model, task, new Map([[last.node, (maker, inside) => {
    const entries = last.cells.map(({ node, text: words, isInput }) => made(maker, node, {}, [made(maker, node, { $body: isInput ? "-" : words }, [], "text")]));
    return [made(maker, last.node, copyOf(last.node), inside), made(maker, last.node, {}, entries)];
  }]]));
}

export function removeRow(model: BookModel, task: Drawn, row: TableRow): void {
  change(model, task, new Map([[row.node, () => []]]));
}

type Maker = Services["moddle"];
/* What stands in the place of a node, given its children as they are now. */
type Change = (maker: Maker, inside: Moddle[]) => Moddle[];

function change(model: BookModel, task: Drawn, changes: Map<Moddle, Change>): void {
  const maker = model.modeler.get("moddle");
  const make = (type: string, attributes?: Record<string, unknown>): Moddle => model.services.bpmnFactory.create(type, attributes);
  const held = extensions(task.businessObject, "kniga:Dmn").map((one) => {
    const content = list(one, "content").flatMap((root) => changed(maker, root, changes));
    const dmn = make("kniga:Dmn", { content });
    for (const root of content) root.$parent = dmn;
    return dmn;
  });
  model.set(task, { extensionElements: withParts(task.businessObject, { Dmn: held }, make) });
}

/* A tree is made anew with every change, so that undo has the one before. */
function changed(maker: Maker, node: Moddle, changes: Map<Moddle, Change>): Moddle[] {
  const inside = list(node, "$children").flatMap((child) => changed(maker, child, changes));
  const swap = changes.get(node);
  return swap ? swap(maker, inside) : [made(maker, node, copyOf(node), inside)];
}

function made(maker: Maker, like: Moddle, properties: Record<string, unknown>, inside: Moddle[], name?: string): Moddle {
  const uri = (like as unknown as { $descriptor: { ns: { uri: string } } }).$descriptor.ns.uri;
  const given = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
  const node = maker.createAny(name ? `dmn:${name}` : like.$type, uri, inside.length ? { ...given, $children: inside } : given);
  for (const child of inside) child.$parent = node;
  return node;
}

const OWN = new Set(["$type", "$instanceOf", "$parent", "$descriptor", "$children", "get", "set"]);

function copyOf(node: Moddle): Record<string, unknown> {
  return Object.fromEntries(Object.entries(node).filter(([key]) => !OWN.has(key)));
}

function heldBy(task: Drawn): Moddle[] {
  return extensions(task.businessObject, "kniga:Dmn").flatMap((one) => list(one, "content"));
}

function named(node: Moddle | undefined, name: string): Moddle[] {
  return list(node, "$children").filter((child) => child.$type.split(":").at(-1) === name);
}

function isEntry(node: Moddle): boolean {
  return node.$type.endsWith(":inputEntry") || node.$type.endsWith(":outputEntry");
}

function cellOf(node: Moddle): { node: Moddle; text: string; isInput: boolean } {
  return { node, text: said(node), isInput: node.$type.endsWith(":inputEntry") };
}

function said(node: Moddle | undefined): string {
  return text(named(node, "text")[0], "$body").trim();
}
