/* The decision tables of a step: read, and changed in one command each. What a cell says is FEEL, see feel.ts. */
import { textsCell, textsIn, typeIn } from "./feel";
import type { BookModel, KnownField } from "./model";
import { extensions, list, text, type Drawn, type Moddle, type Services } from "./moddle";
import { withParts } from "./writing";

/** Types of fields as DMN calls them. */
export const TYPE_REF: Record<string, string> = { text: "string", choice: "string", number: "number", money: "number", boolean: "boolean", date: "date", datetime: "dateTime" };
const TYPE_OF: Record<string, string> = { string: "text", number: "number", integer: "number", long: "number", double: "number", boolean: "boolean", date: "date", dateTime: "datetime", "date and time": "datetime" };
const AGGREGATIONS = ["SUM", "MIN", "MAX", "COUNT"];

/** A decision table as it is shown. */
export interface Table {
  node: Moddle;
  id: string;
  name: string;
  /** The hit policy of DMN; of one that collects, how: `COLLECT`, `SUM`, `MIN`, `MAX` or `COUNT`. */
  policy: string;
  inputs: TableInput[];
  outputs: TableOutput[];
  rows: TableRow[];
}

/** What a table looks at: a field by its name, or an answer by its key. */
export interface TableInput {
  label: string;
  field: string;
  type: string;
}

/** What a table answers: `values` are the texts to choose from, null when the file lists something else; `otherwise` is
    the answer when no row applies. */
export interface TableOutput {
  node: Moddle;
  key: string;
  label: string;
  type: string;
  values: string[] | null;
  otherwise: string;
}

export interface Cell {
  node: Moddle;
  text: string;
  isInput: boolean;
}

export interface TableRow {
  node: Moddle;
  /** The same for this row after every change and undo, whatever its place. */
  key: number;
  cells: Cell[];
}

/** The ids of the decision tables that a step holds. */
export function tablesOf(task: Drawn): string[] {
  return heldBy(task).flatMap((root) => list(root, "$children")).filter(isDecision).map((decision) => text(decision, "id"));
}

/** The decision tables that a step holds, in the order of their file. */
export function readTables(task: Drawn): Table[] {
  return heldBy(task).flatMap((root) => named(root, "decision")).flatMap((decision) =>
    named(decision, "decisionTable").map((node) => {
      const rows = named(node, "rule").map((rule) => ({ node: rule, key: keyOf(rule), cells: list(rule, "$children").filter(isEntry).map(cellOf) }));
      const column = (at: number, isInput: boolean): string[] => rows.map((row) => row.cells.filter((cell) => cell.isInput === isInput)[at]?.text ?? "");
      const policy = text(node, "hitPolicy") || "UNIQUE";
      return {
        node,
        id: text(decision, "id"),
        name: text(decision, "name") || text(decision, "id"),
        policy: policy === "COLLECT" ? text(node, "aggregation") || policy : policy,
        inputs: named(node, "input").map((input, at) => inputOf(input, column(at, true))),
        outputs: named(node, "output").map((output, at) => outputOf(output, column(at, false))),
        rows,
      };
    }),
  );
}

/** The attributes of a way to find the answer, as a table has them. */
export function policyOf(policy: string): { hitPolicy: string; aggregation: string | undefined } {
  return AGGREGATIONS.includes(policy) ? { hitPolicy: "COLLECT", aggregation: policy } : { hitPolicy: policy, aggregation: undefined };
}

/** The ways to find the answer that this table can have; the one it has is among them. */
export function policiesFor({ outputs, policy }: Pick<Table, "outputs" | "policy">): string[] {
  const isText = outputs.every((output) => output.type === "text" || output.type === "choice");
  const isNumber = outputs.length === 1 && ["number", "money"].includes(outputs[0]!.type);
  const listed = outputs.length > 0 && outputs.every((output) => output.values?.length);
  const found = ["FIRST", "UNIQUE", ...(listed ? ["PRIORITY"] : []), ...(isText ? ["COLLECT"] : []), ...(isNumber ? ["SUM", "MIN", "MAX"] : []), ...(outputs.length === 1 ? ["COUNT"] : [])];
  return found.includes(policy) ? found : [...found, policy];
}

export function writeCell(model: BookModel, task: Drawn, entry: Moddle, words: string): void {
  change(model, task, new Map([[entry, (maker, inside) => [made(maker, entry, copyOf(entry), worded(maker, entry, inside, words))]]]));
}

/** Change which rows answer. A number of rows is there in any case: what was answered without one goes. */
export function writePolicy(model: BookModel, task: Drawn, table: Table, policy: string): void {
  const changes = new Map<Moddle, Change>([[table.node, (maker, inside) => [made(maker, table.node, { ...copyOf(table.node), ...policyOf(policy) }, inside)]]]);
  if (policy === "COUNT") for (const { node } of table.outputs) for (const unasked of named(node, "defaultOutputEntry")) changes.set(unasked, () => []);
  change(model, task, changes);
}

/** Another row behind the last one, for anything, with the answers of that one; the first one of a table answers nothing. */
export function addRow(model: BookModel, task: Drawn, table: Table): void {
  const last = table.rows.at(-1);
  if (!last) return change(model, task, new Map([[table.node, (maker, inside) => [made(maker, table.node, copyOf(table.node), [...inside, firstRow(maker, table)])]]]));
  change(model, task, new Map([[last.node, (maker, inside) => {
    const entries = last.cells.map(({ node, text: words, isInput }) => entry(maker, node, isInput, isInput ? "-" : words));
    return [made(maker, last.node, copyOf(last.node), inside), made(maker, last.node, {}, entries)];
  }]]));
}

function firstRow(maker: Maker, { node, inputs, outputs }: Table): Moddle {
  const entries = [...inputs.map(() => entry(maker, node, true, "-")), ...outputs.map(() => entry(maker, node, false, ""))];
  return made(maker, node, {}, entries, "rule");
}

export function removeRow(model: BookModel, task: Drawn, row: TableRow): void {
  change(model, task, new Map([[row.node, () => []]]));
}

/** Let a row be looked at one place earlier (-1) or later (1). */
export function moveRow(model: BookModel, task: Drawn, table: Table, at: number, by: number): void {
  change(model, task, new Map([[table.node, (maker, inside) => {
    const places = inside.flatMap((child, place) => (isNamed(child, "rule") ? [place] : []));
    const [from, to] = [places[at]!, places[at + by]!];
    const order = [...inside];
    [order[from], order[to]] = [inside[to]!, inside[from]!];
    return [made(maker, table.node, copyOf(table.node), order)];
  }]]));
}

/** Look at one field more: its column stands behind the others, and anything meets it. */
export function addInput(model: BookModel, task: Drawn, table: Table, field: KnownField): void {
  const changes = new Map<Moddle, Change>(table.rows.map((row) => [row.node, (maker, inside) => {
    const entries = behind(inside, "inputEntry", entry(maker, row.node, true, "-"));
    return [made(maker, row.node, copyOf(row.node), entries)];
  }]));
  changes.set(table.node, (maker, inside) => {
    const words = made(maker, table.node, { $body: field.name }, [], "text");
    const expression = made(maker, table.node, { typeRef: TYPE_REF[field.type] }, [words], "inputExpression");
    const fresh = made(maker, table.node, { label: field.label }, [expression], "input");
    return [made(maker, table.node, copyOf(table.node), behind(inside, "input", fresh))];
  });
  change(model, task, changes);
}

/** Look at a field no more: its column goes, and with it what the rows asked of it. */
export function removeInput(model: BookModel, task: Drawn, table: Table, at: number): void {
  const cells = table.rows.flatMap((row) => row.cells.filter((cell) => cell.isInput)[at]?.node ?? []);
  const column = named(table.node, "input")[at];
  change(model, task, new Map([...cells, ...(column ? [column] : [])].map((node) => [node, () => []])));
}

/** Change what an answer is called, the texts it is chosen from, or what it is when no row applies. */
export function writeOutput(model: BookModel, task: Drawn, output: TableOutput, patch: Partial<Pick<TableOutput, "label" | "values" | "otherwise">>): void {
  change(model, task, new Map([[output.node, (maker, inside) => {
    const part = (name: string, words: string): Moddle[] => {
      const old = inside.find((child) => isNamed(child, name));
      return words ? [made(maker, output.node, old ? copyOf(old) : {}, worded(maker, output.node, list(old, "$children"), words), name)] : [];
    };
    const kept = (name: string): Moddle[] => inside.filter((child) => isNamed(child, name));
    const values = patch.values ? part("outputValues", textsCell(patch.values)) : kept("outputValues");
    const otherwise = patch.otherwise === undefined ? kept("defaultOutputEntry") : part("defaultOutputEntry", patch.otherwise);
    const others = inside.filter((child) => !isNamed(child, "outputValues") && !isNamed(child, "defaultOutputEntry"));
    return [made(maker, output.node, { ...copyOf(output.node), ...(patch.label ? { label: patch.label } : {}) }, [...others, ...values, ...otherwise])];
  }]]));
}

type Maker = Services["moddle"];
/* What stands in the place of a node, given its children as they are now. */
type Change = (maker: Maker, inside: Moddle[]) => Moddle[];

function change(model: BookModel, task: Drawn, changes: Map<Moddle, Change>): void {
  const maker = model.modeler.get("moddle");
  const wanted = new Map([...changes].map(([node, swap]) => [keyOf(node), swap]));
  const make = (type: string, attributes?: Record<string, unknown>): Moddle => model.services.bpmnFactory.create(type, attributes);
  const held = extensions(task.businessObject, "kniga:Dmn").map((one) => {
    const content = list(one, "content").flatMap((root) => changed(maker, root, wanted));
    const dmn = make("kniga:Dmn", { content });
    for (const root of content) root.$parent = dmn;
    return dmn;
  });
  model.set(task, { extensionElements: withParts(task.businessObject, { Dmn: held }, make) });
}

/* A tree is made anew with every change, so that undo has the one before; each node keeps its key. */
function changed(maker: Maker, node: Moddle, changes: Map<number, Change>): Moddle[] {
  const inside = list(node, "$children").flatMap((child) => changed(maker, child, changes));
  const swap = changes.get(keyOf(node));
  const after = swap ? swap(maker, inside) : [made(maker, node, copyOf(node), inside)];
  if (after[0]) KEYS.set(after[0], keyOf(node));
  return after;
}

const KEYS = new WeakMap<Moddle, number>();
let keys = 0;

function keyOf(node: Moddle): number {
  const key = KEYS.get(node) ?? (keys += 1);
  KEYS.set(node, key);
  return key;
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

function entry(maker: Maker, like: Moddle, isInput: boolean, words: string): Moddle {
  const name = isInput ? "inputEntry" : "outputEntry";
  return made(maker, like, {}, [made(maker, like, { $body: words }, [], "text")], name);
}

/* The children of a node with this text in place of the one among them. */
function worded(maker: Maker, like: Moddle, inside: Moddle[], words: string): Moddle[] {
  const fresh = made(maker, like, { $body: words }, [], "text");
  const at = inside.findIndex((child) => isNamed(child, "text"));
  return at < 0 ? [...inside, fresh] : inside.map((child, place) => (place === at ? fresh : child));
}

/* Put behind the last of its kind; the standard knows one order of the parts. */
function behind(inside: Moddle[], name: string, fresh: Moddle): Moddle[] {
  const at = inside.map((child) => isNamed(child, name)).lastIndexOf(true) + 1;
  return [...inside.slice(0, at), fresh, ...inside.slice(at)];
}

function heldBy(task: Drawn): Moddle[] {
  return extensions(task.businessObject, "kniga:Dmn").flatMap((one) => list(one, "content"));
}

function named(node: Moddle | undefined, name: string): Moddle[] {
  return list(node, "$children").filter((child) => isNamed(child, name));
}

function isNamed(node: Moddle, name: string): boolean {
  return node.$type.split(":").at(-1) === name;
}

export function isDecision(node: Moddle): boolean {
  return isNamed(node, "decision") && text(node, "id") !== "";
}

function isEntry(node: Moddle): boolean {
  return isNamed(node, "inputEntry") || isNamed(node, "outputEntry");
}

function cellOf(node: Moddle): Cell {
  return { node, text: said(node), isInput: isNamed(node, "inputEntry") };
}

function inputOf(node: Moddle, cells: string[]): TableInput {
  const expression = named(node, "inputExpression")[0];
  return { label: text(node, "label"), field: said(expression), type: typeOf(node, text(expression, "typeRef"), cells) };
}

function outputOf(node: Moddle, cells: string[]): TableOutput {
  const key = text(node, "name");
  return {
    node, key, label: text(node, "label") || key, type: typeOf(node, text(node, "typeRef"), cells),
    values: textsIn(said(named(node, "outputValues")[0])), otherwise: said(named(node, "defaultOutputEntry")[0]),
  };
}

function typeOf(node: Moddle, reference: string, cells: string[]): string {
  return text(node, "kniga:type") || TYPE_OF[reference.split(":").at(-1)!] || typeIn(cells) || "text";
}

function said(node: Moddle | undefined): string {
  return text(named(node, "text")[0], "$body").trim();
}
