/* Whoever goes on typing while a form is on its way keeps what was typed: an answer that brings the same form anew
   gives way in every field that has been changed since it was sent. */

type Field = HTMLInputElement | HTMLTextAreaElement;

interface Kept {
  name: string;
  place: number;
  value: string;
  hasFocus: boolean;
  selection: number | null;
}

interface SwapDetail {
  target?: Element;
}

const TYPED = "textarea[name], input[name]:not([type='hidden'], [type='file'], [type='submit'], [type='radio'], [type='checkbox'])";
const sent = new WeakMap<HTMLFormElement, Map<Field, string>>();
let kept = new Map<string, Kept[]>();

export function startTyping(): void {
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target instanceof HTMLFormElement) sent.set(event.target, new Map(fieldsOf(event.target).map((one) => [one, one.value])));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    kept = new Map();
    for (const form of formsIn((event as CustomEvent<SwapDetail>).detail.target)) keep(form);
  });
  document.addEventListener("htmx:afterSwap", giveBack);
  // Fields of days become text only when the new form is set up.
  document.addEventListener("htmx:afterSettle", (event) => {
    giveBack();
    if ((event as CustomEvent<SwapDetail>).detail.target) kept = new Map();
  });
}

function keep(form: HTMLFormElement): void {
  const before = sent.get(form);
  if (!before) return;
  const changed: Kept[] = [];
  for (const field of fieldsOf(form)) {
    if (before.get(field) === field.value) continue;
    const place = sameName(form, field.name).indexOf(field);
    changed.push({ name: field.name, place, value: field.value, hasFocus: field === document.activeElement, selection: cursorOf(field) });
  }
  if (changed.length) kept.set(form.action, changed);
}

function giveBack(): void {
  for (const form of kept.size ? document.forms : []) {
    for (const one of kept.get(form.action) ?? []) {
      const field = sameName(form, one.name)[one.place];
      if (!field || field.value === one.value) continue;
      field.value = one.value;
      if (!one.hasFocus) continue;
      field.focus({ preventScroll: true });
      if (one.selection !== null && cursorOf(field) !== null) field.setSelectionRange(one.selection, one.selection);
    }
  }
}

function formsIn(target: Element | undefined): HTMLFormElement[] {
  if (!target) return [];
  const around = target.closest("form");
  return [...target.querySelectorAll("form"), ...(around ? [around] : [])];
}

const fieldsOf = (form: HTMLFormElement): Field[] => [...form.querySelectorAll<Field>(TYPED)];
const sameName = (form: HTMLFormElement, name: string): Field[] => fieldsOf(form).filter((one) => one.name === name);

/** Fields of numbers, days and addresses have no cursor to speak of. */
function cursorOf(field: Field): number | null {
  try {
    return field.selectionStart;
  } catch {
    return null;
  }
}
