/* Keys by their place on the keyboard (event.code), so that a Russian layout needs no switching. */
import { openHelp } from "./dialogs";
import { openPalette } from "./palette";

const SEQUENCE_MS = 1200;
let pending = -Infinity;

export function startShortcuts(): void {
  document.addEventListener("keydown", onKey);
}

function onKey(event: KeyboardEvent): void {
  const withControl = event.ctrlKey || event.metaKey;
  if (withControl && event.code === "KeyK") {
    event.preventDefault();
    openPalette();
  } else if (withControl && event.code === "Enter") {
    sendForm(event);
  } else if (withControl && event.code === "KeyZ") {
    undo(event);
  } else if (event.code === "Escape") {
    leaveField(event);
  } else if (!withControl && !event.altKey && !isTyping(event.target) && !document.querySelector("dialog[open]")) {
    plainKey(event);
  }
}

function plainKey(event: KeyboardEvent): void {
  if (performance.now() - pending < SEQUENCE_MS) {
    pending = -Infinity;
    if (goTo(event.code)) event.preventDefault();
    return;
  }
  const act = asksForHelp(event) ? () => did(openHelp) : event.shiftKey ? undefined : plain[event.code];
  if (act && act(event)) event.preventDefault();
}

/** "?" is the key of "/" on an English layout, and written by another one on others (Shift and 7 on a Russian one). */
export function asksForHelp({ key, code, shiftKey }: Pick<KeyboardEvent, "key" | "code" | "shiftKey">): boolean {
  return key === "?" || (shiftKey && code === "Slash");
}

const plain: Record<string, (event: KeyboardEvent) => boolean> = {
  Slash: () => did(() => openPalette()),
  KeyG: () => did(() => (pending = performance.now())),
  KeyJ: () => moveRow(1),
  KeyK: () => moveRow(-1),
  KeyX: () => pickRow(),
  KeyN: () => clickFirst("a[data-next]"),
  KeyE: () => clickFirst("[data-current] [data-edit]") || clickFirst("[data-edit]"),
  Enter: (event) => openRow(event),
};

function did(act: () => unknown): boolean {
  act();
  return true;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type='checkbox'], [type='radio']), textarea, select"));
}

function sendForm(event: KeyboardEvent): void {
  const form = (event.target as HTMLElement).closest("form") ?? document.querySelector<HTMLFormElement>("form[data-primary]");
  if (!form) return;
  event.preventDefault();
  // A click, not requestSubmit: only so does htmx send the button's own name and value.
  const button = form.querySelector<HTMLButtonElement>("button[data-default], button.k-button--primary[type='submit']");
  if (button) button.click();
  else form.requestSubmit();
}

/** Esc leaves a field, so that the keys of the page work again; dialogs and the designer have their own. */
function leaveField(event: KeyboardEvent): void {
  const field = event.target;
  if (event.defaultPrevented || !isTyping(field) || document.querySelector("dialog[open], [data-designer]")) return;
  (field as HTMLElement).blur();
}

/** Undo what a message offers to undo; fields and the designer undo their own typing and drawing. */
function undo(event: KeyboardEvent): void {
  if (event.shiftKey || isTyping(event.target) || document.querySelector("dialog[open], [data-designer]")) return;
  if (clickFirst("#toasts form button")) event.preventDefault();
}

function goTo(code: string): boolean {
  const letter = code.replace("Key", "").toLowerCase();
  const link = document.querySelector<HTMLAnchorElement>(`[data-keys="g ${CSS.escape(letter)}"]`);
  link?.click();
  return link !== null;
}

function clickFirst(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  element?.click();
  return element !== null;
}

function moveRow(step: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")].filter((row) => row.offsetParent !== null);
  if (rows.length === 0) return false;
  const now = rows.findIndex((row) => row.hasAttribute("data-current"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, now + step))]!;
  rows[now]?.removeAttribute("data-current");
  next.setAttribute("data-current", "");
  next.scrollIntoView({ block: "nearest" });
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  return true;
}

/** Tick or untick the row one is at. */
function pickRow(): boolean {
  return clickFirst("[data-row][data-current] input[type='checkbox'][data-pick]");
}

function openRow(event: KeyboardEvent): boolean {
  if ((event.target as HTMLElement).closest("a, button, summary")) return false;
  const row = document.querySelector<HTMLElement>("[data-row][data-current]");
  const href = row?.dataset.href ?? row?.querySelector("a")?.href;
  if (!href) return false;
  location.assign(href);
  return true;
}
