/* Forms: nothing typed is lost by leaving, nothing is sent twice, the first wrong field gets the focus. */
import { clearDraft, keepDraft, restoreDraft, sendDraft, settleDrafts } from "./drafts";
import { keyFor } from "./designer/keys";
import { mount } from "./mount";
import { pageText } from "./requests";

const changed = new Set<HTMLFormElement>();
const sending = new WeakSet<HTMLFormElement>();
const LEAVING_MS = 5000;

export function startForms(): void {
  settleDrafts();
  mount("form[data-guard]", guard);
  mount("[data-error-summary], [aria-invalid='true']", () => focusFirstError());
  mount("[data-key-from]", keyLikeName);
  window.addEventListener("beforeunload", (event) => {
    if (hasUnsaved()) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = (event as CustomEvent<{ target: Element; shouldSwap: boolean }>).detail;
    if (detail.target.id !== "main" || !detail.shouldSwap || !hasUnsaved()) return;
    if (window.confirm(pageText("unsaved"))) changed.clear();
    else detail.shouldSwap = false;
  });
  document.addEventListener("submit", refuseTwice);
  document.addEventListener("htmx:confirm", (event) => refuseSecondRequest(event as CustomEvent));
  document.addEventListener("htmx:beforeRequest", (event) => holdRequest(event as CustomEvent));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = formOf(event as CustomEvent);
    if (form) releaseAfter(form, event as CustomEvent);
    if (form && wasTaken(event as CustomEvent)) clearDraft(form);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) release(form);
  });
}

/** A key is proposed from the name until somebody writes their own. */
function keyLikeName(element: HTMLElement): void {
  const key = element as HTMLInputElement;
  const name = document.getElementById(key.dataset.keyFrom ?? "");
  if (!(name instanceof HTMLInputElement)) return;
  let proposed = key.value;
  name.addEventListener("input", () => {
    if (key.value !== proposed) return;
    proposed = name.value.trim() ? keyFor(name.value, [], "form") : "";
    key.value = proposed;
  });
}

/** Whether the server took the form: an answer that sends to the sign-in page (204) did not. */
function wasTaken(event: CustomEvent): boolean {
  const detail = event.detail as { successful?: boolean; xhr?: XMLHttpRequest };
  return detail.successful === true && detail.xhr?.status === 200;
}

function hasUnsaved(): boolean {
  for (const form of changed) if (!form.isConnected) changed.delete(form);
  return changed.size > 0;
}

function guard(element: HTMLElement): void {
  const form = element as HTMLFormElement;
  const hasDraft = form.matches("[data-draft]");
  if (hasDraft && restoreDraft(form)) changed.add(form);
  form.addEventListener("input", () => {
    changed.add(form);
    if (hasDraft) keepDraft(form);
  });
  form.addEventListener("submit", () => {
    changed.delete(form);
    sendDraft(form);
  });
  form.addEventListener("reset", () => {
    changed.delete(form);
    clearDraft(form);
  });
}

function focusFirstError(): void {
  const first =
    document.querySelector<HTMLElement>("[aria-invalid='true']") ??
    document.querySelector<HTMLElement>("[data-error-summary]");
  first?.focus();
  if (first) uncover(first);
}

/** The outcomes of a task, which stay at the foot of a phone, hide nothing of what is said of a field. */
function uncover(field: HTMLElement): void {
  const box = field.closest(".k-field");
  const bar = document.querySelector(".k-outcomes");
  if (box && bar && box.getBoundingClientRect().bottom > bar.getBoundingClientRect().top) box.scrollIntoView({ block: "center" });
}

function refuseTwice(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.method === "dialog" || form.matches("[hx-post], [hx-get]")) return;
  if (sending.has(form)) event.preventDefault();
  else hold(form, event.submitter);
}

/** htmx would queue a second request of a form and send it after the first: it has to be stopped before that. */
function refuseSecondRequest(event: CustomEvent): void {
  const form = formOf(event);
  if (form && sending.has(form)) event.preventDefault();
}

function holdRequest(event: CustomEvent): void {
  const form = formOf(event);
  if (form && form.matches("[hx-post]")) hold(form, document.activeElement);
}

/** A form that was taken stays held until the page it leads to is there; should that fail, for five seconds. */
function releaseAfter(form: HTMLFormElement, event: CustomEvent): void {
  const { xhr } = event.detail as { xhr?: XMLHttpRequest };
  const isLeaving = ["HX-Location", "HX-Redirect"].some((name) => xhr?.getResponseHeader(name));
  if (isLeaving) window.setTimeout(() => release(form), LEAVING_MS);
  else release(form);
}

function formOf(event: CustomEvent): HTMLFormElement | null {
  const element: unknown = event.detail?.elt;
  return element instanceof HTMLFormElement ? element : null;
}

function hold(form: HTMLFormElement, button: Element | null): void {
  sending.add(form);
  if (button instanceof HTMLButtonElement && form.contains(button)) button.setAttribute("aria-busy", "true");
}

function release(form: HTMLFormElement): void {
  sending.delete(form);
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}
