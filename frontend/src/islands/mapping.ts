/* What becomes what when deals move to another version: chosen by clicking a step of the old diagram, then one of the
   new. The table's selects hold the choice; the diagrams only show and set them. */
import { tell, told } from "../diagram/cards";
import { mount } from "../mount";

interface Line {
  from: string;
  number: number;
  select: HTMLSelectElement;
  /** Where those go that meet a condition, if the step has one. */
  split: { field: HTMLSelectElement; to: HTMLSelectElement } | null;
  likely: string;
  sign: HTMLElement | null;
  /** What the old element is when its counterpart is the one it began with. */
  state: string;
  began: string;
}

class Mapping {
  private readonly lines: Line[];
  private readonly colours: number;
  private picked: Line | null = null;

  constructor(private readonly root: HTMLElement) {
    this.colours = Number(root.dataset.mapping) || 8;
    this.lines = [...root.querySelectorAll<HTMLElement>("tr[data-from]")].flatMap((row) => {
      const select = row.querySelector("select");
      if (!select) return [];
      const from = row.dataset.from ?? "";
      const state = this.element("old", from)?.dataset.state ?? "";
      const sign = row.querySelector<HTMLElement>(".k-pair");
      const field = row.querySelector<HTMLSelectElement>("select[name$=':field']");
      const to = row.querySelector<HTMLSelectElement>(".k-mapping__rule label select");
      const split = field && to ? { field, to } : null;
      return [{ from, number: Number(row.dataset.number), select, split, likely: row.dataset.likely ?? "", sign, state, began: select.value }];
    });
    for (const line of this.lines) {
      for (const select of [line.select, line.split?.field, line.split?.to]) select?.addEventListener("change", () => this.draw());
    }
    root.addEventListener("click", (event) => this.clicked(event));
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.picked) this.pick(null);
    });
  }

  private clicked(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<SVGElement>("a[data-element]") : null;
    const side = link?.closest<HTMLElement>("[data-side]")?.dataset.side;
    const id = link?.dataset.element;
    if (!link || !id || !side) return;
    event.preventDefault();
    if (side === "old") {
      const line = this.lines.find((one) => one.from === id) ?? null;
      this.pick(line === this.picked ? null : line);
    } else if (this.picked && this.may(this.picked, id)) {
      this.choose(this.picked, id);
    }
  }

  private choose(line: Line, id: string): void {
    line.select.value = id;
    line.select.dispatchEvent(new Event("change", { bubbles: true }));
    this.pick(null);
    this.say("done", { step: this.name("old", line.from), target: this.name("new", id) });
  }

  private pick(line: Line | null): void {
    this.picked = line;
    this.root.classList.toggle("k-mapping--picking", line !== null);
    for (const link of this.elements("old")) link.toggleAttribute("data-picked", link.dataset.element === line?.from);
    for (const link of this.elements("new")) {
      if (line) link.dataset.choice = this.may(line, link.dataset.element ?? "") ? "yes" : "no";
      else delete link.dataset.choice;
    }
    if (line) this.say(line.select.options.length > 1 ? "pick" : "none", { step: this.name("old", line.from) });
    else this.say("", {});
    const there = line && this.element("new", line.select.value || line.likely);
    there?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  private may(line: Line, id: string): boolean {
    return [...line.select.options].some((option) => option.value === id);
  }

  /** Number and colour every pair as the selects say. */
  private draw(): void {
    const came = new Map<string, Line[]>();
    for (const line of this.lines) {
      const to = line.select.value;
      const elsewhere = line.split?.field.value ? line.split.to.value : "";
      for (const target of new Set([to, elsewhere])) if (target) came.set(target, [...(came.get(target) ?? []), line]);
      this.badge("old", line.from, to ? [line] : null);
      if (line.sign) this.sign(line, line.sign, to);
      const link = this.element("old", line.from);
      if (link) tell(link, [...told(link).slice(0, -1), to ? this.worded("becomes", this.name("new", to)) : (this.root.dataset.lacks ?? "")]);
      if (link) link.dataset.state = !to ? "gone" : to === line.began && line.state !== "gone" ? line.state : "";
    }
    for (const link of this.elements("new")) {
      const id = link.dataset.element ?? "";
      const lines = (came.get(id) ?? []).sort((one, other) => one.number - other.number);
      this.badge("new", id, lines);
      const sources = lines.map((line) => this.worded("source", this.name("old", line.from)));
      tell(link, [this.name("new", id), ...(sources.length ? sources : [this.root.dataset.nothing ?? ""])]);
      if (!lines.length) link.dataset.state = "new";
      else if (link.dataset.state === "new") link.dataset.state = "";
    }
  }

  private sign(line: Line, sign: HTMLElement, to: string): void {
    sign.textContent = to ? String(line.number) : "?";
    if (to) sign.dataset.pair = String(line.number % this.colours);
    else delete sign.dataset.pair;
  }

  /** The number at the top left of an element: none, "?" (lines is null), or those of its pairs. */
  private badge(side: string, id: string, lines: Line[] | null): void {
    const badge = this.root.querySelector<SVGGElement>(`[data-side="${side}"] .k-diagram [data-of="${CSS.escape(id)}"]`);
    const text = badge?.querySelector("text");
    const rect = badge?.querySelector("rect");
    if (!badge || !text || !rect) return;
    const words = lines === null ? "?" : lines.map((line) => line.number).join("·");
    const width = 14 + 8 * Math.max(words.length, 1);
    text.textContent = words;
    text.setAttribute("x", String(width / 2));
    rect.setAttribute("width", String(width));
    badge.toggleAttribute("hidden", !words);
    badge.dataset.tone = lines === null ? "bad" : "";
    const first = lines?.[0];
    if (first) badge.dataset.pair = String(first.number % this.colours);
    else delete badge.dataset.pair;
  }

  private worded(what: string, step: string): string {
    return (this.root.dataset[what] ?? "").replace("{step}", step);
  }

  private say(what: string, values: Record<string, string>): void {
    const said = this.root.querySelector(".k-mapping__said");
    const text = what ? (this.root.dataset[what] ?? "") : "";
    if (said) said.textContent = text.replace(/\{(\w+)\}/g, (_all, key: string) => values[key] ?? "");
  }

  private name(side: string, id: string): string {
    const link = this.element(side, id);
    return (link && told(link)[0]) || id;
  }

  private element(side: string, id: string): SVGElement | null {
    return this.root.querySelector<SVGElement>(`[data-side="${side}"] .k-diagram [data-element="${CSS.escape(id)}"]`);
  }

  private elements(side: string): SVGElement[] {
    return [...this.root.querySelectorAll<SVGElement>(`[data-side="${side}"] .k-diagram a[data-element]`)];
  }
}

mount("[data-mapping][data-open]", (root) => void new Mapping(root));
