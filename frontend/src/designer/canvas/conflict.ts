/* Two changed the same: who, when and what, field by field. Whatever is chosen, nothing is lost. */
import type { Conflict, Difference, Structural } from "./door";
import type { Say } from "./words";

export interface Choices {
  /** The differences in which theirs is taken. */
  theirs: Difference[];
}

export interface Ways {
  /** Bring both together as chosen. */
  onJoin: (choices: Choices) => Promise<void>;
  /** Take theirs as it is; mine becomes a draft of its own. */
  onCopy: () => Promise<void>;
}

const SHORT = 160;

export function askConflict(dialog: HTMLDialogElement, conflict: Conflict, say: Say, ways: Ways): void {
  const body = dialog.querySelector<HTMLElement>("[data-conflict]")!;
  const when = new Date(conflict.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  const lead = made("p", "", say("conflict_lead", { by: conflict.by, at: when }));
  const rows = conflict.differences.map((difference, place) => choice(difference, place, say));
  const structure = made("ul", "k-conflict__structure");
  structure.append(...conflict.structure.map((one) => made("li", "", structureText(one, say))));
  const theirsIsMore = conflict.structure.some((one) => one.whose === "theirs");
  body.replaceChildren(lead, ...rows, ...(conflict.structure.length ? [made("h3", "", say("conflict_structure")), structure] : []));
  if (theirsIsMore) body.append(made("p", "k-muted", say("conflict_structure_note")));
  const act = (name: string, run: () => Promise<void>): void => {
    const button = dialog.querySelector<HTMLButtonElement>(`[data-act="${name}"]`)!;
    button.onclick = () => {
      button.setAttribute("aria-busy", "true");
      void run().finally(() => {
        button.removeAttribute("aria-busy");
        dialog.close();
      });
    };
  };
  act("join", () => ways.onJoin({ theirs: conflict.differences.filter((_one, place) => isTheirs(body, place)) }));
  act("copy", ways.onCopy);
  dialog.oncancel = (event) => event.preventDefault();
  if (!dialog.open) dialog.showModal();
}

function choice(difference: Difference, place: number, say: Say): HTMLElement {
  const field = made("fieldset", "k-conflict__field");
  const title = `${difference.name || difference.element}: ${difference.label ?? difference.field}`;
  field.append(made("legend", "", title));
  for (const whose of ["mine", "theirs"] as const) {
    const label = made("label", "k-conflict__choice");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = `difference-${place}`;
    input.value = whose;
    // What only they changed is theirs unless one says otherwise; where both did, mine.
    input.checked = difference.both || difference.mine !== difference.base ? whose === "mine" : whose === "theirs";
    const value = made("span", "k-conflict__value", shorten(difference[whose]) || say("nothing"));
    label.append(input, made("b", "", say(whose)), value);
    field.append(label);
  }
  return field;
}

function isTheirs(body: HTMLElement, place: number): boolean {
  return body.querySelector<HTMLInputElement>(`[name="difference-${place}"]:checked`)?.value === "theirs";
}

function structureText(one: Structural, say: Say): string {
  return say(`structure_${one.whose}_${one.kind}`, { name: one.name || one.element });
}

function shorten(text: string | null): string {
  return text && text.length > SHORT ? `${text.slice(0, SHORT)}…` : (text ?? "");
}

function made(tag: string, className: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
