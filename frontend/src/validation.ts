/* What a form lacks is said at its fields, in the words of the page and the look of what the server says: the bubbles
   of the browser speak the browser's language. Without scripts the browser guards as ever. */

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Words = Record<string, string | undefined>;

/** From so many wrong fields on a form says at its top which they are. */
const MANY = 3;
const wrong = new Map<Field, HTMLElement>();
let told: Field[] = [];

export function startValidation(): void {
  const template = document.getElementById("field-words");
  if (!template) return;
  const words = template.dataset as Words;
  document.addEventListener(
    "invalid",
    (event) => {
      if (!isField(event.target)) return;
      event.preventDefault();
      if (told.push(event.target) > 1) return;
      // The browser names the fields one by one: they are told of together.
      window.setTimeout(() => {
        const fields = told.filter((field) => field.isConnected && !field.validity.valid);
        told = [];
        tell(fields, words);
      });
    },
    true,
  );
  document.addEventListener("input", (event) => lookAgain(event.target, words));
  document.addEventListener("change", (event) => lookAgain(event.target, words));
  document.addEventListener("reset", (event) => forget(event.target as HTMLFormElement));
}

/** What is wrong with a field, in the page's words. */
export function saidOf(field: Pick<Field, "validity" | "validationMessage" | "type" | "dataset"> & Limits, words: Words): string {
  const { validity, dataset } = field;
  // Only our own scripts say more than the browser does.
  if (validity.customError) return field.validationMessage;
  if (validity.valueMissing) return dataset.missing ?? words[MISSING[field.type] ?? "missing"] ?? "";
  if (validity.patternMismatch && dataset.unfit) return dataset.unfit;
  if (validity.typeMismatch) return words[field.type] ?? words.unfit ?? "";
  if (validity.tooLong) return filled(words.long, field.maxLength);
  if (validity.tooShort) return filled(words.short, field.minLength);
  if (validity.rangeUnderflow) return filled(words.least, field.min);
  if (validity.rangeOverflow) return filled(words.most, field.max);
  if (validity.badInput || validity.stepMismatch) return words.number ?? "";
  return words.unfit ?? "";
}

interface Limits {
  maxLength?: number;
  minLength?: number;
  min?: string;
  max?: string;
}

const MISSING: Record<string, string> = { "select-one": "choose", "select-multiple": "choose", radio: "choose", checkbox: "tick", file: "file" };

const filled = (text: string | undefined, value: string | number | undefined): string => (text ?? "").replace("{n}", String(value ?? ""));

function isField(target: EventTarget | null): target is Field {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

function tell(fields: Field[], words: Words): void {
  for (const field of fields) say(field, saidOf(field, words));
  const first = fields[0];
  if (!first) return;
  if (first.form) summarise(first.form, words);
  focusOn(first);
}

function focusOn(field: Field): void {
  for (let fold = field.closest("details:not([open])"); fold; fold = fold.parentElement?.closest("details:not([open])") ?? null) {
    (fold as HTMLDetailsElement).open = true;
  }
  field.focus();
}

/** The members of a group of choices share what is said of them. */
function sameGroup(field: Field): Field[] {
  if (field.type !== "radio" || !field.form) return [field];
  return [...field.form.querySelectorAll<HTMLInputElement>("input[type='radio']")].filter((one) => one.name === field.name);
}

function say(field: Field, text: string): void {
  const shown = sameGroup(field).map((one) => wrong.get(one)).find((one) => one?.isConnected) ?? newPlace(field);
  shown.textContent = text;
  wrong.set(field, shown);
  field.setAttribute("aria-invalid", "true");
  const ties = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== shown.id);
  field.setAttribute("aria-describedby", [shown.id, ...ties].join(" "));
  field.closest(".k-field")?.classList.add("k-field--bad");
}

function newPlace(field: Field): HTMLElement {
  const box = field.closest<HTMLElement>(".k-field");
  const given = box?.querySelectorAll<HTMLElement>(".k-field__error");
  const fields = box ? [...box.querySelectorAll<HTMLElement>("input:not([type='hidden']), select, textarea")] : [];
  const isAlone = new Set(sameGroup(field)).size >= fields.length;
  // What the server said of it gives way.
  if (isAlone && given?.[0]) return named(given[0], field);
  const shown = document.createElement("p");
  shown.className = "k-field__error";
  const around = field.closest(".k-day, .k-file, label") ?? field;
  const help = isAlone ? box?.querySelector(":scope > .k-field__help, :scope > [id$='-notes']") : null;
  if (help) help.before(shown);
  else if (isAlone && box) box.append(shown);
  else around.after(shown);
  return named(shown, field);
}

let count = 0;
function named(shown: HTMLElement, field: Field): HTMLElement {
  shown.id ||= field.id ? `${field.id}-error` : `wrong-${(count += 1)}`;
  return shown;
}

/** Whoever mends a field sees at once that it is mended. */
function lookAgain(target: EventTarget | null, words: Words): void {
  if (!isField(target)) return;
  const isTyped = target instanceof HTMLInputElement && target.dataset.day !== undefined;
  if (isTyped && target.validity.customError && target.validationMessage) say(target, saidOf(target, words));
  for (const field of sameGroup(target)) {
    if (!wrong.has(field)) continue;
    if (field.validity.valid) unsay(field);
    else say(field, saidOf(field, words));
  }
  if (target.form) resummarise(target.form, words);
}

function unsay(field: Field): void {
  const shown = wrong.get(field);
  wrong.delete(field);
  field.removeAttribute("aria-invalid");
  const ties = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== shown?.id);
  if (ties.length) field.setAttribute("aria-describedby", ties.join(" "));
  else field.removeAttribute("aria-describedby");
  if (![...wrong.values()].includes(shown as HTMLElement)) shown?.remove();
  const box = field.closest(".k-field");
  if (box && !box.querySelector(".k-field__error")) box.classList.remove("k-field--bad");
}

function forget(form: HTMLFormElement): void {
  for (const field of wrongOf(form)) unsay(field);
  form.querySelector("[data-lacking]")?.remove();
}

function wrongOf(form: HTMLFormElement): Field[] {
  const fields = [...wrong.keys()].filter((field) => field.form === form && field.isConnected);
  return fields.sort((one, other) => (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
}

/** A long form says at its top which fields to look at. */
function summarise(form: HTMLFormElement, words: Words): void {
  const fields = wrongOf(form);
  const names = fields.map(nameOf).join(", ");
  const shown = form.querySelector<HTMLElement>("[data-lacking]");
  // One that is just being clicked must stay in its place.
  if (shown?.dataset.lacking === names && fields.length >= MANY) return;
  shown?.remove();
  if (fields.length < MANY) return;
  const summary = document.createElement("div");
  summary.className = "k-alert k-alert--bad";
  summary.dataset.lacking = names;
  summary.setAttribute("role", "alert");
  const line = document.createElement("p");
  line.append(`${words.summary ?? ""} `);
  fields.forEach((field, place) => {
    const link = document.createElement("button");
    link.type = "button";
    link.className = "k-linklike";
    link.textContent = nameOf(field);
    link.addEventListener("click", () => focusOn(field));
    line.append(...(place ? [", "] : []), link);
  });
  summary.append(line);
  form.prepend(summary);
}

function resummarise(form: HTMLFormElement, words: Words): void {
  if (form.querySelector("[data-lacking]")) summarise(form, words);
}

function nameOf(field: Field): string {
  const legend = field.type === "radio" ? field.closest("fieldset")?.querySelector("legend") : null;
  const label = legend ?? field.labels?.[0];
  const text = [...(label?.childNodes ?? [])].filter((node) => !(node instanceof Element && node.matches("[aria-hidden], input")));
  return text.map((node) => node.textContent ?? "").join("").trim() || field.getAttribute("aria-label") || field.name;
}
