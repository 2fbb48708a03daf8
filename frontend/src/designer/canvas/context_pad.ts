/* What hovers beside the selected element: what can come next, and what can be done with it. */
import type { Adding } from "./adding";
import { partOf, type Part } from "./parts";
import { is, type Element, type Modeler, type Modeling, type Point, type Registry } from "./services";
import type { Say } from "./words";

interface Entry {
  group: string;
  className: string;
  title: string;
  action: Record<string, (event: MouseEvent, element: Element) => void>;
}

interface PopupMenu {
  isEmpty(element: Element, provider: string): boolean;
  open(element: Element, provider: string, position: object, options: object): void;
}

const NEXT = ["step", "choice", "timer", "won", "lost"];
const BESIDE = 8;
const AFTER_FIRST = ["timer", "message"];

export function contextPadModule(modeler: () => Modeler, adding: () => Adding, say: Say): object {
  class Provider {
    static $inject = ["contextPad"];

    constructor(contextPad: { registerProvider(provider: Provider): void }) {
      contextPad.registerProvider(this);
    }

    getMultiElementContextPadEntries(): Record<string, Entry> {
      const remove = (_event: MouseEvent, elements: unknown): void =>
        modeler().get<Modeling>("modeling").removeElements([...(elements as Element[])]);
      return { delete: entry("edit", "bpmn-icon-trash", say("remove"), { click: remove as never }) };
    }

    getContextPadEntries(element: Element): Record<string, Entry> {
      if (element.type === "label") return {};
      return { ...following(element), ...editing(element) };
    }
  }

  function following(element: Element): Record<string, Entry> {
    if (!is(element, "bpmn:FlowNode") || is(element, "bpmn:EndEvent") || element.businessObject["triggeredByEvent"]) return {};
    const keys = is(element, "bpmn:EventBasedGateway") ? AFTER_FIRST : NEXT;
    return Object.fromEntries(keys.map((key) => [`append.${key}`, appending(partOf(key))]));
  }

  function appending(part: Part): Entry {
    return entry("model", part.icon, say("add_behind", { part: say(`part_${part.key}`) }), {
      click: (_event, element) => adding().appendAndName(part, element),
      dragstart: (event, element) => adding().drag(part, event, element),
    });
  }

  function editing(element: Element): Record<string, Entry> {
    const entries: Record<string, Entry> = {};
    const menu = modeler().get<PopupMenu>("popupMenu");
    if (is(element, "bpmn:FlowNode") || is(element, "bpmn:TextAnnotation")) {
      const start = (event: MouseEvent, source: Element): void =>
        modeler().get<{ start(e: MouseEvent, s: Element): void }>("connect").start(event, source);
      entries["connect"] = entry("connect", "bpmn-icon-connection-multi", say("connect"), { click: start, dragstart: start });
    }
    if (!menu.isEmpty(element, "bpmn-replace")) {
      entries["replace"] = entry("edit", "bpmn-icon-screw-wrench", say("replace"), { click: (event) => openMenu(menu, element, event) });
    }
    if (is(element, "bpmn:FlowNode")) {
      entries["note"] = entry("edit", "bpmn-icon-text-annotation", say("part_note"), {
        click: (_event, source) => void adding().append(partOf("note"), source),
      });
    }
    entries["delete"] = entry("edit", "bpmn-icon-trash", say("remove"), {
      click: (_event, one) => modeler().get<Modeling>("modeling").removeElements([one]),
    });
    return entries;
  }

  function openMenu(menu: PopupMenu, element: Element, event: UIEvent): void {
    const at = pointed(element, event);
    menu.open(element, "bpmn-replace", { ...at, cursor: at }, { title: say("replace"), width: "300px", search: true });
  }

  /** Where the mouse is; a key points beside the element. */
  function pointed(element: Element, event: UIEvent): Point {
    if (event instanceof MouseEvent) return { x: event.clientX, y: event.clientY };
    const { right, top } = modeler().get<Registry>("elementRegistry").getGraphics(element)!.getBoundingClientRect();
    return { x: right + BESIDE, y: top };
  }

  return { __init__: ["contextPadProvider"], contextPadProvider: ["type", Provider] };
}

function entry(group: string, className: string, title: string, action: Entry["action"]): Entry {
  return { group, className, title, action };
}
