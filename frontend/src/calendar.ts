/* The calendar of a field of a day, in the page's language and with the organisation's days off. A dialog with a grid,
   by the keys of the WAI-ARIA pattern "date picker dialog"; loaded when the first one is opened. */

export interface Asked {
  field: HTMLInputElement;
  /** What stands in the field: "", 2026-12-31 or 2026-12-31T09:00. */
  value: string;
  hasTime: boolean;
  choose: (iso: string) => void;
}

const DAY_MS = 24 * 3600 * 1000;
const NINE = "09:00";
const GAP = 6;
const offDays = new Map<string, Promise<Set<string>>>();

/** The weeks that show a month (2026-11), from Monday, as days of the form 2026-11-30. */
export function weeksOf(month: string): string[][] {
  const first = `${month}-01`;
  const begin = plus(first, -weekdayOf(first));
  const weeks: string[][] = [];
  for (let day = begin; day.slice(0, 7) <= month; day = plus(day, 7)) weeks.push([0, 1, 2, 3, 4, 5, 6].map((number) => plus(day, number)));
  return weeks;
}

/** Where a key leads from a day; null for a key that leads nowhere. */
export function movedBy(day: string, key: string, isShifted = false): string | null {
  switch (key) {
    case "ArrowLeft":
      return plus(day, -1);
    case "ArrowRight":
      return plus(day, 1);
    case "ArrowUp":
      return plus(day, -7);
    case "ArrowDown":
      return plus(day, 7);
    case "Home":
      return plus(day, -weekdayOf(day));
    case "End":
      return plus(day, 6 - weekdayOf(day));
    case "PageUp":
      return plusMonths(day, isShifted ? -12 : -1);
    case "PageDown":
      return plusMonths(day, isShifted ? 12 : 1);
    default:
      return null;
  }
}

/** The same day so many months later; the last of a month that has no such day. */
export function plusMonths(day: string, months: number): string {
  const at = utc(day);
  const first = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(at.getUTCDate(), last));
  return iso(first);
}

const utc = (day: string): Date => new Date(`${day}T00:00Z`);
const iso = (at: Date): string => at.toISOString().slice(0, 10);
const plus = (day: string, days: number): string => iso(new Date(utc(day).valueOf() + days * DAY_MS));
const weekdayOf = (day: string): number => (utc(day).getUTCDay() + 6) % 7;
const two = (number: number): string => String(number).padStart(2, "0");

export function openCalendar(asked: Asked, template: HTMLTemplateElement): void {
  const dialog = template.content.querySelector("dialog")?.cloneNode(true);
  if (dialog instanceof HTMLDialogElement) new Calendar(asked, dialog, template.dataset);
}

class Calendar {
  private focused: string;
  private chosen: string;
  private hasChosen = false;
  private readonly today: string;
  private readonly language = document.documentElement.lang;

  constructor(
    private readonly asked: Asked,
    private readonly dialog: HTMLDialogElement,
    private readonly words: DOMStringMap,
  ) {
    const now = new Date();
    this.today = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
    this.chosen = asked.value.slice(0, 10);
    this.focused = this.within(this.chosen || this.today);
    (asked.field.closest("dialog") ?? document.body).append(dialog);
    this.nameWeekdays();
    if (asked.hasTime) this.offerTimes();
    this.listen();
    dialog.showModal();
    this.draw();
    this.place();
  }

  private part<T extends HTMLElement>(selector: string): T {
    return this.dialog.querySelector<T>(selector)!;
  }

  private listen(): void {
    const { dialog, asked } = this;
    const resize = (): void => dialog.close();
    dialog.addEventListener("click", (event) => {
      const target = event.target as Element;
      if (target === dialog || target.closest("[data-done]")) dialog.close();
      const turn = target.closest<HTMLElement>("[data-turn]")?.dataset.turn;
      if (turn) this.goTo(plusMonths(this.focused, Number(turn)), false);
      if (target.closest("[data-today]")) this.pick(this.today);
      if (target.closest("[data-clear]")) this.clear();
      const day = target.closest<HTMLElement>("td[data-date]")?.dataset.date;
      if (day) this.pick(day);
    });
    // What was there before comes back, be it no day; where nothing was chosen, nothing has happened.
    const before = asked.value || asked.field.value;
    dialog.addEventListener("cancel", () => {
      if (this.hasChosen) asked.choose(before);
    });
    dialog.addEventListener("close", () => {
      window.removeEventListener("resize", resize);
      dialog.remove();
      asked.field.focus({ preventScroll: true });
    });
    dialog.addEventListener("keydown", (event) => this.key(event));
    for (const select of dialog.querySelectorAll("select")) select.addEventListener("change", () => this.commit(this.chosen || this.focused));
    window.addEventListener("resize", resize);
    this.part("[data-time]").hidden = !asked.hasTime;
    this.part("[data-clear]").hidden = asked.field.required;
    this.part("[data-today]").hidden = this.within(this.today) !== this.today;
  }

  private key(event: KeyboardEvent): void {
    event.stopPropagation();
    if (!(event.target as Element).closest("td[data-date]")) return;
    const day = movedBy(this.focused, event.key, event.shiftKey);
    const isChosen = event.key === "Enter" || event.key === " ";
    if (!day && !isChosen) return;
    event.preventDefault();
    if (day) this.goTo(day, true);
    else this.pick(this.focused);
  }

  private within(day: string): string {
    const { min, max } = this.asked.field;
    if (min && day < min.slice(0, 10)) return min.slice(0, 10);
    return max && day > max.slice(0, 10) ? max.slice(0, 10) : day;
  }

  private goTo(day: string, hasFocus: boolean): void {
    this.focused = this.within(day);
    this.draw(hasFocus);
  }

  private pick(day: string): void {
    if (this.within(day) !== day) return;
    this.focused = day;
    this.commit(day);
    if (this.asked.hasTime) this.draw();
    else this.dialog.close();
  }

  private clear(): void {
    this.asked.choose("");
    this.dialog.close();
  }

  private commit(day: string): void {
    this.chosen = day;
    this.hasChosen = true;
    const [hour, minute] = [...this.dialog.querySelectorAll("select")].map((select) => select.value);
    this.asked.choose(this.asked.hasTime ? `${day}T${hour}:${minute}` : day);
  }

  private nameWeekdays(): void {
    const short = new Intl.DateTimeFormat(this.language, { weekday: "short", timeZone: "UTC" });
    const long = new Intl.DateTimeFormat(this.language, { weekday: "long", timeZone: "UTC" });
    const monday = "2026-11-23";
    this.part("thead tr").append(
      ...[0, 1, 2, 3, 4, 5, 6].map((number) => {
        const head = document.createElement("th");
        head.scope = "col";
        head.abbr = long.format(utc(plus(monday, number)));
        head.textContent = short.format(utc(plus(monday, number)));
        return head;
      }),
    );
  }

  private offerTimes(): void {
    const [hour = "09", minute = "00"] = (this.asked.value.slice(11) || NINE).split(":");
    const [hours, minutes] = this.dialog.querySelectorAll("select");
    const every = (step: number, most: number): string[] => Array.from({ length: most / step }, (_, place) => two(place * step));
    const fill = (select: HTMLSelectElement | undefined, values: string[], value: string): void => {
      for (const one of [...new Set([...values, value])].sort()) select?.add(new Option(one, one, false, one === value));
    };
    fill(hours, every(1, 24), hour);
    fill(minutes, every(5, 60), minute);
  }

  private draw(hasFocus = true): void {
    const month = this.focused.slice(0, 7);
    const title = new Intl.DateTimeFormat(this.language, { month: "long", year: "numeric", timeZone: "UTC" });
    this.part("#calendar-month").textContent = title.format(utc(this.focused));
    this.part("tbody").replaceChildren(
      ...weeksOf(month).map((week) => {
        const row = document.createElement("tr");
        row.append(...week.map((day) => this.cell(day, month)));
        return row;
      }),
    );
    if (hasFocus) this.part("td[tabindex='0']").focus();
    void this.markOff(month);
  }

  private cell(day: string, month: string): HTMLElement {
    const cell = document.createElement("td");
    cell.dataset.date = day;
    cell.textContent = String(Number(day.slice(8)));
    cell.tabIndex = day === this.focused ? 0 : -1;
    cell.ariaLabel = new Intl.DateTimeFormat(this.language, { dateStyle: "full", timeZone: "UTC" }).format(utc(day));
    cell.ariaSelected = String(day === this.chosen);
    if (day === this.today) cell.ariaCurrent = "date";
    if (this.within(day) !== day) cell.ariaDisabled = "true";
    cell.classList.toggle("k-daypick__other", !day.startsWith(month));
    return cell;
  }

  /** Days off are marked once they are known; without them the calendar does as well. */
  private async markOff(month: string): Promise<void> {
    const off = await daysOff(this.words.off ?? "", month);
    for (const cell of this.dialog.querySelectorAll<HTMLElement>("td[data-date]")) {
      if (!off.has(cell.dataset.date ?? "") || cell.classList.contains("k-daypick__off")) continue;
      cell.classList.add("k-daypick__off");
      cell.ariaLabel = `${cell.ariaLabel}, ${this.words.dayOff}`;
    }
  }

  /** Beside the field; on a narrow screen the style sheet puts it at the bottom. */
  private place(): void {
    const { dialog } = this;
    const at = this.asked.field.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = dialog;
    const isBelow = at.bottom + GAP + height <= window.innerHeight || at.top < height + GAP;
    const top = isBelow ? Math.min(at.bottom + GAP, window.innerHeight - height - GAP) : at.top - GAP - height;
    dialog.style.setProperty("--from-left", `${Math.max(GAP, Math.min(at.left, window.innerWidth - width - GAP))}px`);
    dialog.style.setProperty("--from-top", `${Math.max(GAP, top)}px`);
  }
}

function daysOff(url: string, month: string): Promise<Set<string>> {
  const known = offDays.get(month);
  if (known || !url) return known ?? Promise.resolve(new Set());
  const asked = fetch(`${url}?month=${month}-01`)
    .then(async (answer) => new Set<string>(answer.ok ? ((await answer.json()) as { off: string[] }).off : []))
    .catch(() => new Set<string>());
  offDays.set(month, asked);
  return asked;
}
