/* What is typed into a form marked `data-draft` is kept in this tab until the server has taken it, so that an expired
   session, a closed page or a reload loses nothing. A draft that was sent counts as taken once another page than
   sign-in opens. Forms that edit something do without: an old draft must not meet newer values. */

interface Draft {
  sent: boolean;
  fields: [string, string][];
}

const PREFIX = "kniga:draft:";

function key(form: HTMLFormElement): string {
  return PREFIX + new URL(form.action, location.href).pathname;
}

function read(name: string): Draft | null {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

function write(name: string, draft: Draft): void {
  try {
    sessionStorage.setItem(name, JSON.stringify(draft));
  } catch {
    // A full or forbidden storage costs the draft, never the form.
  }
}

function isKept(element: Element): element is HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
  if (element instanceof HTMLInputElement) {
    return element.name !== "csrfmiddlewaretoken" && !["password", "file", "hidden", "submit"].includes(element.type);
  }
  return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;
}

export function keepDraft(form: HTMLFormElement): void {
  const kept = new Set([...form.elements].filter(isKept).map((element) => element.name));
  const fields = [...new FormData(form)].filter(
    (field): field is [string, string] => typeof field[1] === "string" && kept.has(field[0]),
  );
  write(key(form), { sent: false, fields });
}

export function sendDraft(form: HTMLFormElement): void {
  const draft = read(key(form));
  if (draft) write(key(form), { ...draft, sent: true });
}

export function clearDraft(form: HTMLFormElement): void {
  sessionStorage.removeItem(key(form));
}

/** Fill in what was typed before; says whether there was anything. What the server already shows stays. */
export function restoreDraft(form: HTMLFormElement): boolean {
  const draft = read(key(form));
  if (!draft || form.querySelector("[aria-invalid='true']")) return false;
  const values = new Map<string, string[]>();
  for (const [name, value] of draft.fields) values.set(name, [...(values.get(name) ?? []), value]);
  let isChanged = false;
  for (const element of [...form.elements].filter(isKept)) {
    const given = values.get(element.name) ?? [];
    if (element instanceof HTMLInputElement && ["checkbox", "radio"].includes(element.type)) {
      isChanged ||= element.checked !== given.includes(element.value);
      element.checked = given.includes(element.value);
    } else if (given.length === 1 && element.value !== given[0]) {
      element.value = given[0] ?? "";
      // A day is kept as it is sent, and shown as the page writes it.
      if (element.dataset.day) element.dispatchEvent(new Event("change"));
      isChanged = true;
    }
  }
  return isChanged;
}

/** At every page: on the sign-in page a sent form was not taken after all; on any other it was. */
export function settleDrafts(): void {
  const isSignIn = document.querySelector("input[name=login]") !== null;
  for (const name of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    const draft = read(name);
    if (!draft?.sent) continue;
    if (isSignIn) write(name, { ...draft, sent: false });
    else sessionStorage.removeItem(name);
  }
}
