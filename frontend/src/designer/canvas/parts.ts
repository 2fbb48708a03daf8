/* What can be drawn: exactly what Kniga executes, in plain words, each born with what it needs to run. */
import type { BpmnFactory, Element, ElementFactory } from "./services";
import type { Say } from "./words";

export interface Makers {
  elements: ElementFactory;
  bpmn: BpmnFactory;
  say: Say;
}

export interface Part {
  /** Name of its text: `part_<key>` is what it is called, `part_<key>_hint` what it is for. */
  key: string;
  icon: string;
  group: "do" | "way" | "wait" | "end" | "note";
  /** The letter (by its place on the keyboard) that adds it behind the selected element. */
  code: string;
  make: (makers: Makers) => Element[];
}

function plain(type: string, attributes: Record<string, unknown> = {}) {
  return ({ elements, bpmn }: Makers): Element[] => [
    elements.createShape({ type, businessObject: bpmn.create(type, attributes) }),
  ];
}

function end(result: "won" | "lost" | "other") {
  return ({ elements, bpmn, say }: Makers): Element[] => {
    const meaning = bpmn.create("bpmn:EndEvent", { "kniga:result": result, name: say(`part_${result}`) });
    return [elements.createShape({ type: "bpmn:EndEvent", businessObject: meaning })];
  };
}

function step({ elements, bpmn, say }: Makers): Element[] {
  const outcome = bpmn.create("kniga:Outcome", { key: "done", label: say("outcome_done"), tone: "primary" });
  const extension = bpmn.create("bpmn:ExtensionElements", { values: [outcome] });
  outcome.$parent = extension;
  const meaning = bpmn.create("bpmn:UserTask", { name: say("new_step"), extensionElements: extension });
  extension.$parent = meaning;
  return [elements.createShape({ type: "bpmn:UserTask", businessObject: meaning })];
}

function waiting(definition: string, attributes: (bpmn: BpmnFactory) => Record<string, unknown> = () => ({})) {
  return ({ elements, bpmn }: Makers): Element[] => [
    elements.createShape({
      type: "bpmn:IntermediateCatchEvent",
      eventDefinitionType: definition,
      eventDefinitionAttrs: attributes(bpmn),
    }),
  ];
}

const aDay = (bpmn: BpmnFactory): Record<string, unknown> => ({
  timeDuration: bpmn.create("bpmn:FormalExpression", { body: "P1D" }),
});

function subProcess({ elements, bpmn, say }: Makers): Element[] {
  const meaning = bpmn.create("bpmn:SubProcess", { name: say("part_part") });
  const whole = elements.createShape({ type: "bpmn:SubProcess", businessObject: meaning, isExpanded: true, x: 0, y: 0 });
  const start = elements.createShape({ type: "bpmn:StartEvent", x: 40, y: 82, parent: whole });
  return [whole, start];
}

export const PARTS: readonly Part[] = [
  { key: "step", icon: "bpmn-icon-user-task", group: "do", code: "KeyA", make: step },
  { key: "letter", icon: "bpmn-icon-send-task", group: "do", code: "KeyM", make: plain("bpmn:SendTask") },
  { key: "machine", icon: "bpmn-icon-service-task", group: "do", code: "KeyI", make: plain("bpmn:ServiceTask") },
  { key: "decision", icon: "bpmn-icon-business-rule-task", group: "do", code: "KeyU", make: plain("bpmn:BusinessRuleTask") },
  { key: "call", icon: "bpmn-icon-call-activity", group: "do", code: "KeyO", make: plain("bpmn:CallActivity") },
  { key: "part", icon: "bpmn-icon-subprocess-expanded", group: "do", code: "KeyB", make: subProcess },
  { key: "choice", icon: "bpmn-icon-gateway-xor", group: "way", code: "KeyG", make: plain("bpmn:ExclusiveGateway") },
  { key: "parallel", icon: "bpmn-icon-gateway-parallel", group: "way", code: "KeyP", make: plain("bpmn:ParallelGateway") },
  { key: "first", icon: "bpmn-icon-gateway-eventbased", group: "way", code: "KeyV", make: plain("bpmn:EventBasedGateway") },
  { key: "timer", icon: "bpmn-icon-intermediate-event-catch-timer", group: "wait", code: "KeyT", make: waiting("bpmn:TimerEventDefinition", aDay) },
  { key: "message", icon: "bpmn-icon-intermediate-event-catch-message", group: "wait", code: "KeyY", make: waiting("bpmn:MessageEventDefinition") },
  { key: "start", icon: "bpmn-icon-start-event-none", group: "end", code: "", make: plain("bpmn:StartEvent") },
  { key: "won", icon: "bpmn-icon-end-event-none k-part--won", group: "end", code: "KeyW", make: end("won") },
  { key: "lost", icon: "bpmn-icon-end-event-none k-part--lost", group: "end", code: "KeyX", make: end("lost") },
  { key: "other", icon: "bpmn-icon-end-event-none", group: "end", code: "KeyQ", make: end("other") },
  { key: "note", icon: "bpmn-icon-text-annotation", group: "note", code: "KeyN", make: plain("bpmn:TextAnnotation") },
];

export function partOf(key: string): Part {
  const part = PARTS.find((one) => one.key === key);
  if (!part) throw new Error(`no part ${key}`);
  return part;
}

/** What an element is called in plain words: the part's name for what has no name of its own. */
export function kindOf(element: Element): string {
  const meaning = element.businessObject;
  const trigger = (meaning["eventDefinitions"] as { $type: string }[] | undefined)?.[0]?.$type;
  const kinds: Record<string, string> = {
    "bpmn:UserTask": "step", "bpmn:ManualTask": "step", "bpmn:Task": "step", "bpmn:SendTask": "letter",
    "bpmn:ServiceTask": "machine", "bpmn:BusinessRuleTask": "decision", "bpmn:CallActivity": "call",
    "bpmn:SubProcess": "part", "bpmn:ExclusiveGateway": "choice", "bpmn:InclusiveGateway": "choice",
    "bpmn:ParallelGateway": "parallel", "bpmn:EventBasedGateway": "first", "bpmn:StartEvent": "start",
    "bpmn:TextAnnotation": "note", "bpmn:SequenceFlow": "flow", "bpmn:ReceiveTask": "message",
  };
  if (meaning.$type === "bpmn:EndEvent") return String(meaning.get("kniga:result") ?? "other");
  if (trigger === "bpmn:TimerEventDefinition") return "timer";
  if (trigger === "bpmn:MessageEventDefinition") return "message";
  return kinds[meaning.$type] ?? "element";
}
