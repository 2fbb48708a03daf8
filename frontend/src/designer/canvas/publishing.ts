/* The dialogs that end or replace something: publishing with its answers in place, and a plain question. */
import { headers } from "./door";
import type { Problems } from "./problems";

interface Refusal {
  message: string;
  field?: string;
  problems?: { message: string; cure: string }[];
}

/** Show what hinders publishing and what is only worth knowing; nothing that was typed before is lost. */
export function openPublishing(dialog: HTMLDialogElement, revision: number, problems: Problems): void {
  field(dialog, "revision").value = String(revision);
  part(dialog, "errors").hidden = !problems.errors;
  const warnings = problems.warnings();
  part(dialog, "warnings").hidden = problems.errors > 0 || !warnings.length;
  part(dialog, "warnings-list").replaceChildren(...warnings.map((text) => line("li", text)));
  const now = new Date();
  field(dialog, "at").min = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  say(dialog, null);
  dialog.showModal();
}

/** Send the form from within: a refusal stands by its field, and the designer stays. */
export function bindPublishing(dialog: HTMLDialogElement): void {
  const form = dialog.querySelector<HTMLFormElement>("form[action]")!;
  const button = part(dialog, "confirm") as HTMLButtonElement;
  const at = field(dialog, "at");
  at.addEventListener("input", () => {
    button.textContent = (at.value ? button.dataset["schedule"] : button.dataset["publish"])!;
  });
  // The browser's own bubble speaks the browser's language: the page says it itself.
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    void send(dialog, form).finally(() => (button.disabled = false));
  });
}

async function send(dialog: HTMLDialogElement, form: HTMLFormElement): Promise<void> {
  const { "Content-Type": _json, ...sent } = headers();
  const response = await fetch(form.action, { method: "POST", headers: sent, body: new FormData(form) }).catch(() => null);
  if (!response?.headers.get("Content-Type")?.includes("json")) {
    say(dialog, { message: part(dialog, "refused").dataset["offline"]! });
    return;
  }
  const told = (await response.json()) as { url: string } & Refusal;
  if (response.ok) window.location.assign(told.url);
  else say(dialog, told);
}

function say(dialog: HTMLDialogElement, refusal: Refusal | null): void {
  const isMoment = refusal?.field === "at";
  const at = field(dialog, "at");
  at.closest(".k-field")!.classList.toggle("k-field--bad", isMoment);
  at.setAttribute("aria-invalid", String(isMoment));
  part(dialog, "at-error").hidden = !isMoment;
  part(dialog, "at-error").textContent = isMoment ? refusal.message : "";
  const place = part(dialog, "refused");
  place.hidden = !refusal || isMoment;
  const texts = refusal?.problems?.length ? refusal.problems.map((one) => `${one.message} ${one.cure}`.trim()) : [refusal?.message ?? ""];
  place.replaceChildren(...texts.map((text) => line("p", text)));
  if (isMoment) at.focus();
}

/** Ask in a dialog of the page; whether the answer was yes. */
export function asked(dialog: HTMLDialogElement, question: string): Promise<boolean> {
  part(dialog, "question").textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function field(dialog: HTMLDialogElement, name: string): HTMLInputElement {
  return dialog.querySelector<HTMLInputElement>(`[name="${name}"]`)!;
}

function part(dialog: HTMLDialogElement, name: string): HTMLElement {
  return dialog.querySelector<HTMLElement>(`[data-${name}]`)!;
}

function line(tag: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
