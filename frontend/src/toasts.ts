/* Toasts: what the server says about an act, with Undo and a countdown. They wait while one looks at them. */
import htmx from "htmx.org";

export interface Toast {
  text: string;
  kind: "success" | "info" | "warning" | "error" | "debug";
  undo_url?: string;
  seconds: number;
  /** Something that can be done about it. */
  act?: { label: string; run: () => void };
}

const TICK = 1000;
const SYMBOLS = { success: "check", info: "info", warning: "warning", error: "warning", debug: "info" };

export function startToasts(): void {
  for (const element of region()?.querySelectorAll<HTMLElement>(".k-toast") ?? []) run(element);
  document.addEventListener("kniga:toasts", (event) => {
    for (const toast of (event as CustomEvent<{ toasts: Toast[] }>).detail.toasts) showToast(toast);
  });
}

export function showToast(toast: Toast): void {
  const template = document.getElementById("toast-template");
  if (!(template instanceof HTMLTemplateElement)) return;
  const element = template.content.firstElementChild?.cloneNode(true) as HTMLElement;
  element.classList.replace("k-toast--info", `k-toast--${toast.kind}`);
  element.setAttribute("role", toast.kind === "error" ? "alert" : "status");
  element.dataset.seconds = String(toast.seconds);
  const symbol = element.querySelector("use");
  symbol?.setAttribute("href", (symbol.getAttribute("href") ?? "").replace(/#.*/, `#${SYMBOLS[toast.kind]}`));
  element.querySelector("p")!.textContent = toast.text;
  makeRoom(toast);
  const form = element.querySelector("form");
  if (toast.undo_url && form) {
    form.setAttribute("action", toast.undo_url);
    form.setAttribute("hx-post", toast.undo_url);
  } else {
    form?.remove();
  }
  if (toast.act) offer(element, toast.act);
  region()?.append(element);
  htmx.process(element);
  run(element);
}

function offer(element: HTMLElement, { label, run: act }: NonNullable<Toast["act"]>): void {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "k-button k-button--plain k-button--small";
  button.textContent = label;
  button.addEventListener("click", () => {
    element.remove();
    act();
  });
  element.querySelector("p")!.after(button);
}

/** Only the last act can be undone, and nothing is said twice: toasts that are out of date give way. */
function makeRoom(coming: Toast): void {
  for (const toast of region()?.querySelectorAll<HTMLElement>(".k-toast") ?? []) {
    const isSame = toast.querySelector("p")?.textContent === coming.text;
    if (isSame || (coming.undo_url && toast.querySelector("form"))) toast.remove();
  }
}

function region(): HTMLElement | null {
  return document.getElementById("toasts");
}

function run(element: HTMLElement): void {
  let left = Number(element.dataset.seconds ?? "5");
  const countdown = element.querySelector<HTMLElement>("[data-countdown]");
  const show = (): void => {
    if (countdown) countdown.textContent = String(left);
  };
  show();
  const timer = window.setInterval(() => {
    if (element.matches(":hover, :focus-within") && !countdown) return;
    left -= 1;
    show();
    if (left <= 0) close();
  }, TICK);
  const close = (): void => {
    window.clearInterval(timer);
    element.remove();
  };
  element.querySelector("[data-close-toast]")?.addEventListener("click", close);
  element.addEventListener("htmx:afterRequest", close);
}
