/* Taking over single fields of another editor's file into the diagram on the screen, as one command. */
import type { Difference } from "./door";
import type { BpmnFactory, Element, Modeler, Modeling, Moddle, Registry } from "./services";

interface Reader {
  fromXML(xml: string): Promise<{ elementsById: Record<string, Moddle> }>;
}

interface Copier {
  copyElement(source: Moddle, target: Moddle, properties?: string[] | null, clone?: boolean): Moddle;
}

export async function readTheirs(modeler: Modeler, xml: string): Promise<Record<string, Moddle>> {
  return (await modeler.get<Reader>("moddle").fromXML(xml)).elementsById;
}

/** Put what they wrote in the field of `difference` in place of ours; whether it could be done. */
export function takeTheirs(modeler: Modeler, difference: Difference, theirs: Record<string, Moddle>): boolean {
  const element = modeler.get<Registry>("elementRegistry").get(difference.element) ?? rootOf(modeler, difference.element);
  const their = theirs[difference.element];
  if (!element || !their) return false;
  const [field, key] = difference.field.split(":", 2) as [string, string | undefined];
  const modeling = modeler.get<Modeling>("modeling");
  if (field === "condition") {
    const condition = their["conditionExpression"] as Moddle | undefined;
    modeling.updateProperties(element, { conditionExpression: condition && cloned(modeler, condition, element.businessObject) });
    return true;
  }
  const type = `kniga:${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  if (partsOf(their).concat(partsOf(element.businessObject)).some((part) => part.$type === type)) {
    exchange(modeler, element, their, (part) => part.$type === type && (key === undefined || part.get("key") === key));
    return true;
  }
  const name = difference.field in knownAttributes(their) || difference.field.includes(":") ? difference.field : `kniga:${difference.field}`;
  const attribute = ["name", "id", "default", "documentation"].includes(difference.field) ? difference.field : name;
  modeling.updateProperties(element, { [attribute]: their.get(attribute) });
  return true;
}

function rootOf(modeler: Modeler, id: string): Element | undefined {
  const root = modeler.get<{ getRootElement(): Element }>("canvas").getRootElement();
  return root.businessObject.id === id ? root : undefined;
}

function knownAttributes(their: Moddle): Record<string, unknown> {
  return (their["$attrs"] as Record<string, unknown> | undefined) ?? {};
}

function partsOf(meaning: Moddle): Moddle[] {
  const extension = meaning["extensionElements"] as Moddle | undefined;
  return (extension?.["values"] as Moddle[] | undefined) ?? [];
}

function exchange(modeler: Modeler, element: Element, their: Moddle, chosen: (part: Moddle) => boolean): void {
  const own = partsOf(element.businessObject);
  const taken = partsOf(their).filter(chosen).map((part) => cloned(modeler, part, element.businessObject));
  const place = own.findIndex(chosen);
  const kept = own.filter((part) => !chosen(part));
  kept.splice(place < 0 ? kept.length : place, 0, ...taken);
  const extension = modeler.get<BpmnFactory>("bpmnFactory").create("bpmn:ExtensionElements", { values: kept });
  extension.$parent = element.businessObject;
  for (const part of kept) part.$parent = extension;
  modeler.get<Modeling>("modeling").updateProperties(element, { extensionElements: extension });
}

function cloned(modeler: Modeler, part: Moddle, parent: Moddle): Moddle {
  const made = modeler.get<BpmnFactory>("bpmnFactory").create(part.$type);
  const copy = modeler.get<Copier>("moddleCopy").copyElement(part, made, null, true);
  copy.$parent = parent;
  return copy;
}
