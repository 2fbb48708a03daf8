/* Copying across drafts and windows: what is copied also lies in the system's clipboard, as text. */
import type { BpmnFactory, EventBus, Modeler, Moddle } from "./services";

const MARK = "kniga-elements";
const LATE = 500;

interface Clip {
  get(): unknown;
  set(tree: unknown): void;
}

type Plain = Record<string, unknown>;

/** Moddle elements write themselves as plain objects with a `$type`; on the way back they are made anew. */
function revived(value: unknown, bpmn: BpmnFactory, seen: Map<string, Moddle>): unknown {
  if (Array.isArray(value)) return value.map((one) => revived(one, bpmn, seen));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Plain).map(([name, one]) => [name, revived(one, bpmn, seen)] as const);
  const type = (value as Plain)["$type"];
  if (typeof type !== "string") return Object.fromEntries(entries);
  const id = (value as Plain)["id"];
  const known = typeof id === "string" ? seen.get(id) : undefined;
  if (known) return known;
  const { $type: _type, $attrs: foreign, ...properties } = Object.fromEntries(entries);
  const element = bpmn.create(type, properties);
  for (const [name, one] of Object.entries((foreign as Plain | undefined) ?? {})) element.set(name, one);
  for (const one of Object.values(properties)) adopt(one, element);
  if (typeof id === "string") seen.set(id, element);
  return element;
}

function adopt(value: unknown, parent: Moddle): void {
  for (const one of Array.isArray(value) ? value : [value]) {
    if (one && typeof one === "object" && "$type" in one) (one as Moddle).$parent = parent;
  }
}

export function shareClipboard(modeler: Modeler): { paste: () => Promise<void> } {
  const clip = modeler.get<Clip>("clipboard");
  const bpmn = modeler.get<BpmnFactory>("bpmnFactory");
  let written = "";
  modeler.get<EventBus>("eventBus").on("copyPaste.elementsCopied", LATE, (() => {
    written = JSON.stringify({ [MARK]: clip.get() });
    void navigator.clipboard?.writeText(written).catch(() => undefined);
  }) as (event: never) => unknown);

  async function paste(): Promise<void> {
    const text = await navigator.clipboard?.readText().catch(() => "");
    if (text && text !== written && text.startsWith(`{"${MARK}"`)) {
      const tree = (JSON.parse(text) as Plain)[MARK];
      clip.set(revived(tree, bpmn, new Map()));
    }
    modeler.get<{ paste(): unknown }>("copyPaste").paste();
  }

  return { paste };
}
