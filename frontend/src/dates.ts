/* Days and moments are typed as the page writes them, whatever language the browser speaks: 31.12.2026 09:00.
   What is sent is always 2026-12-31T09:00; what cannot be read is sent as it stands, and refused with words.
   Beside each stands a calendar in the page's language; where only a finger points, it opens instead of a keyboard. */
import { mount } from "./mount";

export type Kind = "date" | "datetime-local";

export interface Words {
  order: string;
  hint: string;
  time: string;
  wrong: string;
}

const FIELDS = "input[type='date'], input[type='datetime-local']";
const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2}))?/;
const OWN = /^(\d{1,2})[./\s-](\d{1,2})(?:[./\s-](\d{2}|\d{4}))?\.?(?:,?\s+(\d{1,2})[:.](\d{2}))?$/;
const DIGITS = /^(\d{2})(\d{2})(\d{4})$/;

export function startDates(): void {
  const template = document.getElementById("date-field");
  if (!(template instanceof HTMLTemplateElement)) return;
  mount(FIELDS, (element) => {
    if (!element.hidden) become(element as HTMLInputElement, template);
  });
}

/** How the page writes days, and what it says of one that is none. */
export function dayWords(): Words & { open: string } {
  const template = document.getElementById("date-field") as HTMLTemplateElement;
  return { ...(template.dataset as unknown as Words), open: template.content.querySelector("button")?.title ?? "" };
}

/** Open the calendar beside a field; `choose` is told every day that is picked. */
export async function openBeside(field: HTMLInputElement, kind: Kind, choose: (iso: string) => void): Promise<void> {
  const calendar = document.getElementById("calendar");
  const { openCalendar } = await import("./calendar");
  if (!(calendar instanceof HTMLTemplateElement) || field.disabled || field.readOnly) return;
  openCalendar({ field, value: readDay(field.value, kind, new Date()) ?? "", hasTime: kind === "datetime-local", choose }, calendar);
}

/** What was typed, as 2026-12-31 or 2026-12-31T09:00; "" for nothing, null for what is no day. */
export function readDay(text: string, kind: Kind, today: Date): string | null {
  const typed = text.trim();
  if (!typed) return "";
  const found = parts(typed, today);
  if (!found) return null;
  const [year, month, day, hour, minute] = found;
  const moment = new Date(Date.UTC(year, month - 1, day, hour ?? 9, minute ?? 0));
  const isReal = moment.getUTCDate() === day && moment.getUTCMonth() === month - 1 && (hour ?? 0) < 24;
  if (!isReal || (minute ?? 0) > 59 || year < 1900 || year > 2200) return null;
  return moment.toISOString().slice(0, kind === "date" ? 10 : 16);
}

/** A day as the page writes it. */
export function writeDay(iso: string, order: string): string {
  const found = ISO.exec(iso);
  if (!found) return iso;
  const [, year = "", month = "", day = "", hour, minute] = found;
  const date = order.startsWith("dmy") ? [two(day), two(month), year].join(order.slice(3) || ".") : [year, two(month), two(day)].join("-");
  return hour ? `${date} ${two(hour)}:${minute}` : date;
}

type Parts = [number, number, number, number | undefined, number | undefined];

function parts(typed: string, today: Date): Parts | null {
  const iso = ISO.exec(typed);
  if (iso) return [Number(iso[1]), Number(iso[2]), Number(iso[3]), number(iso[4]), number(iso[5])];
  const own = OWN.exec(typed) ?? DIGITS.exec(typed);
  if (!own) return null;
  const year = own[3] ? Number(own[3]) + (own[3].length === 2 ? 2000 : 0) : today.getFullYear();
  return [year, Number(own[2]), Number(own[1]), number(own[4]), number(own[5])];
}

const number = (text: string | undefined): number | undefined => (text ? Number(text) : undefined);
const two = (text: string): string => text.padStart(2, "0");

function become(field: HTMLInputElement, template: HTMLTemplateElement): void {
  const kind = field.type as Kind;
  const words = { ...template.dataset } as unknown as Words;
  const read = (): string | null => readDay(field.value, kind, new Date());
  const write = (iso: string): void => {
    field.value = writeDay(iso, words.order);
  };
  const given = field.value || (field.getAttribute("value") ?? "");
  field.type = "text";
  field.dataset.day = kind;
  field.autocomplete = "off";
  field.placeholder = kind === "date" ? words.hint : `${words.hint} ${words.time}`;
  write(given);
  field.addEventListener("change", () => {
    const iso = read();
    if (iso) write(iso);
    field.setCustomValidity(iso === null ? words.wrong : "");
  });
  field.addEventListener("input", () => field.setCustomValidity(""));
  field.addEventListener("keydown", (event) => step(event, field, read, write));
  field.form?.addEventListener("formdata", (event) => {
    const iso = field.isConnected ? read() : null;
    if (iso && field.name && event.formData.has(field.name)) event.formData.set(field.name, iso);
  });
  addCalendar(field, kind, template, write);
}

/** Arrow up and down: a day later and earlier. */
function step(event: KeyboardEvent, field: HTMLInputElement, read: () => string | null, write: (iso: string) => void): void {
  const iso = read();
  if (!iso || event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  const moment = new Date(iso.length > 10 ? `${iso}Z` : `${iso}T00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + (event.key === "ArrowUp" ? 1 : -1));
  write(moment.toISOString().slice(0, iso.length));
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** A button beside the field opens the calendar; so do Alt and the arrow down, and a finger on the field. */
function addCalendar(
  field: HTMLInputElement,
  kind: Kind,
  template: HTMLTemplateElement,
  write: (iso: string) => void,
): void {
  const box = (template.content.cloneNode(true) as DocumentFragment).firstElementChild;
  const button = box?.querySelector("button");
  if (!box || !button) return;
  field.replaceWith(box);
  box.prepend(field);
  const choose = (iso: string): void => {
    write(iso);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const open = (): Promise<void> => openBeside(field, kind, choose);
  button.addEventListener("click", () => void open());
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && event.altKey) void open();
  });
  if (window.matchMedia("(any-pointer: fine)").matches) return;
  field.inputMode = "none";
  field.addEventListener("click", () => void open());
}
