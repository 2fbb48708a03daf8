/* The task page: number keys choose an outcome, the answers an outcome demands light up under the pointer. */

const REST_MS = 1500;
let restsUntil = -Infinity;

/* The next task of a deal looks much like the one before: for a moment it takes no key and no second click of a
   double click, so that nobody finishes it without having seen it. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const isLeaving = (event as CustomEvent<{ target: Element }>).detail.target.id === "main";
  if (isLeaving && document.getElementById("task-form")) restsUntil = performance.now() + REST_MS;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if ((event as CustomEvent<{ target: Element }>).detail.target.id !== "main") return;
  const outcomes = document.querySelector("[data-just-done] ~ #task-form .k-outcomes");
  if (!outcomes) return;
  restsUntil = performance.now() + REST_MS;
  outcomes.classList.add("k-outcomes--resting");
  window.setTimeout(() => outcomes.classList.remove("k-outcomes--resting"), REST_MS);
});

document.addEventListener(
  "click",
  (event) => {
    const isOutcome = (event.target as Element).closest?.("#task-form button[name='outcome']");
    if (!isOutcome || event.detail === 1 || performance.now() > restsUntil) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  { capture: true },
);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isBusy(event.target)) return;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  const button = digit ? document.querySelector<HTMLButtonElement>(`#task-form [data-digit="${digit}"]`) : null;
  if (!button) return;
  event.preventDefault();
  button.click();
});

for (const kind of ["pointerover", "focusin", "pointerout", "focusout"]) {
  document.addEventListener(kind, (event) => {
    const button = (event.target as Element | null)?.closest?.<HTMLButtonElement>("#task-form button[name='outcome']");
    if (button) mark(kind.endsWith("over") || kind.endsWith("in") ? button.value : "");
  });
}

function mark(outcome: string): void {
  for (const field of document.querySelectorAll<HTMLElement>("#task-form [data-needed]")) {
    const needed = (field.dataset.needed ?? "").split(" ");
    field.classList.toggle("k-field--needed", outcome !== "" && needed.includes(outcome));
  }
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]")) return true;
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type='radio'], [type='checkbox']), textarea, select"));
}
