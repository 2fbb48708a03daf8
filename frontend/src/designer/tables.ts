/* Decision tables from files of DMN: what they decide comes into the step, their drawing stays behind. */
import { extensions, list, text, type Drawn, type Moddle, type Services } from "./moddle";
import type { BookModel } from "./model";
import { withParts } from "./writing";

/** The ids of the decision tables that a step holds. */
export function tablesOf(task: Drawn): string[] {
  const held = extensions(task.businessObject, "kniga:Dmn").flatMap((one) => list(one, "content"));
  return held.flatMap((root) => list(root, "$children")).filter(isDecision).map((decision) => text(decision, "id"));
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
