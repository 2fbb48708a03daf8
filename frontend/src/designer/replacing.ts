/* What an element said that its new kind cannot say would be refused: it goes with the change of kind, and comes back
   with undo. */
import { isA, list, part, type Drawn, type Moddle, type Services } from "./moddle";
import type { Factory } from "./writing";

const STEP = { attributes: ["kind", "assignee", "stage", "price", "skill"], parts: ["Deadline", "Script", "Question", "Outcome", "Control", "Material"] };
const EVENT = ["calendar", "field"];
/** Our attributes and parts by the type they may stand on. */
const SAYS: Record<string, { attributes: string[]; parts: string[] }> = {
  "bpmn:Task": STEP,
  "bpmn:UserTask": STEP,
  "bpmn:ManualTask": STEP,
  "bpmn:SubProcess": { attributes: ["stage"], parts: [] },
  "bpmn:CallActivity": { attributes: ["version"], parts: [] },
  "bpmn:BusinessRuleTask": { attributes: ["decision"], parts: ["Dmn"] },
  "bpmn:ServiceTask": { attributes: [], parts: ["Action"] },
  "bpmn:SendTask": { attributes: [], parts: ["Letter", "Param"] },
  "bpmn:StartEvent": { attributes: ["channel", ...EVENT], parts: [] },
  "bpmn:IntermediateCatchEvent": { attributes: EVENT, parts: [] },
  "bpmn:BoundaryEvent": { attributes: ["basis", ...EVENT], parts: [] },
  "bpmn:IntermediateThrowEvent": { attributes: [], parts: ["Param"] },
  "bpmn:EndEvent": { attributes: ["result", "reasonFrom"], parts: ["Param"] },
};
const ALL = [...new Set(Object.values(SAYS).flatMap(({ attributes }) => attributes))];

export function shedOnReplace({ eventBus, modeling }: Services, make: Factory): void {
  eventBus.on("commandStack.shape.replace.postExecuted", (event) => {
    const { newShape } = event.context as { newShape?: Drawn };
    if (!newShape || newShape.labelTarget || !isA(newShape, "bpmn:FlowNode")) return;
    const object = newShape.businessObject;
    const says = SAYS[object.$type] ?? { attributes: [], parts: [] };
    const gone = ALL.filter((name) => !says.attributes.includes(name) && object.get(`kniga:${name}`) !== undefined);
    const properties: Record<string, unknown> = Object.fromEntries(gone.map((name) => [`kniga:${name}`, undefined]));
    const values = list(part(object, "extensionElements"), "values");
    const kept = values.filter((one) => !one.$type.startsWith("kniga:") || says.parts.includes(one.$type.slice("kniga:".length)));
    if (kept.length < values.length) properties.extensionElements = kept.length ? holder(object, kept, make) : undefined;
    if (Object.keys(properties).length) modeling.updateProperties(newShape, properties);
  });
}

function holder(object: Moddle, values: Moddle[], make: Factory): Moddle {
  const made = make("bpmn:ExtensionElements", { values });
  made.$parent = object;
  for (const value of values) value.$parent = made;
  return made;
}
