/* Two changed the same: who, when and what, field by field. What only one of them changed the server has joined. */
import type { Choice, Conflict, Difference, Structural } from "./door";
import type { Say } from "./words";

export interface Ways {
  /** Bring both together as chosen. */
  onJoin: (choices: Choice[]) => Promise<void>;
  /** Take theirs as it is; mine becomes a draft of its own. */
  onCopy: () => Promise<void>;
}

const SHORT = 240;
/* Where something is drawn is no question for a person: what one sees on one's own screen stays. */
const NOT_ASKED = ["place", "order"];

/** Ask what is to stay; when only places differ, they stay as they are here and nobody is asked. */
export function askConflict(dialog: HTMLDialogElement, conflict: Conflict, say: Say, ways: Ways): void {
  const open = [...conflict.differences, ...conflict.structure].filter((one) => one.both);
  const asked = open.filter((one) => !NOT_ASKED.includes(one.field));
  const chosen = (): Choice[] => open.map((one) => ({ element: one.element, field: one.field, side: sideOf(dialog, asked.indexOf(one)) }));
  if (!asked.length) {
    void ways.onJoin(chosen());
    return;
  }
  const when = new Date(conflict.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const lead = made("p", "", say(conflict.own ? "conflict_own" : "conflict_lead", { by: conflict.by, at: when }));
  dialog.querySelector("[data-conflict]")!.replaceChildren(lead, ...asked.map((one, place) => question(one, place, say, conflict.own)));
  bind(dialog, "join", () => ways.onJoin(chosen()));
  bind(dialog, "copy", ways.onCopy);
  dialog.oncancel = (event) => event.preventDefault();
  if (!dialog.open) dialog.showModal();
}

function bind(dialog: HTMLDialogElement, act: string, run: () => Promise<void>): void {
  dialog.querySelector<HTMLButtonElement>(`[data-act="${act}"]`)!.onclick = () => {
    dialog.close();
    void run();
  };
}

function question(one: Difference | Structural, place: number, say: Say, isOwn: boolean): HTMLElement {
  const field = made("fieldset", "k-conflict__field");
  field.append(made("legend", "", "kind" in one ? one.name || one.element : `${one.name || one.element}: ${one.label}`));
  for (const side of ["mine", "theirs"] as const) {
    const label = made("label", "k-conflict__choice");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = `difference-${place}`;
    input.value = side;
    input.checked = side === "mine";
    label.append(input, made("b", "", say(isOwn ? `${side}_window` : side)), made("span", "k-conflict__value", valueOf(one, side, say)));
    field.append(label);
  }
  return field;
}

function valueOf(one: Difference | Structural, side: "mine" | "theirs", say: Say): string {
  if ("kind" in one) return say(one.whose === side ? `structure_${one.kind}` : "structure_stays");
  const text = one[side] ?? "";
  if (!text) return say("nothing");
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}

function sideOf(dialog: HTMLElement, place: number): "mine" | "theirs" {
  const chosen = dialog.querySelector<HTMLInputElement>(`[name="difference-${place}"]:checked`);
  return place >= 0 && chosen?.value === "theirs" ? "theirs" : "mine";
}

function made(tag: string, className: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
