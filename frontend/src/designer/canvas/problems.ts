/* Problems as they arise: a mark on the element, a line in the list, and the way that leads into one, numbered. */
import type { Checked, Problem } from "./door";
import { kindOf } from "./parts";
import type { Canvas, Element, Moddle, Modeler, Overlays, Registry, Selection } from "./services";
import { remarkAt, type Say } from "./words";

const BADGE = "k-problem";
const STEP = "k-path-step";

export class Problems {
  private shown: Problem[] = [];
  private verdict = "";
  private path: string[] = [];

  constructor(
    private readonly modeler: Modeler,
    private readonly host: HTMLElement,
    private readonly say: Say,
    /* Whether the place was shown already, where the process is not looked at as a drawing. */
    private readonly onFocus: (element: Element | undefined) => boolean,
  ) {
    host.addEventListener("click", (event) => {
      const line = (event.target as HTMLElement).closest<HTMLElement>("[data-problem]");
      if (line) this.focus(Number(line.dataset["problem"]));
    });
  }

  get errors(): number {
    return this.shown.filter((one) => one.severity === "error").length;
  }

  get count(): number {
    return this.shown.length;
  }

  /** What does not forbid publishing but is worth knowing before, each with its place. */
  warnings(): string[] {
    const found = this.shown.filter((one) => one.severity !== "error");
    return found.map((one) => remarkAt(this.placeOf(one), this.inWords(one.message)));
  }

  /** All that is known, each with its words as they are shown here. */
  found(): Problem[] {
    return this.shown.map((one) => ({ ...one, message: this.inWords(one.message), cure: this.inWords(one.cure) }));
  }

  show(checked: Checked): void {
    this.shown = [...checked.problems].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
    this.verdict = checked.verdict;
    this.list();
    this.mark();
  }

  /** What elements are called may have changed since the last check: the lines and marks say it as it is now. */
  rename(): void {
    if (this.shown.some((problem, place) => this.host.querySelector(`[data-problem="${place}"] b`)?.textContent !== this.placeOf(problem))) {
      this.list();
      this.mark();
    }
  }

  /** Marks anew what the last check said: after the diagram was read in again. */
  mark(): void {
    const overlays = this.modeler.get<Overlays>("overlays");
    overlays.remove({ type: BADGE });
    for (const [element, problems] of this.byElement()) overlays.add(element, BADGE, { position: { top: -10, left: -10 }, html: this.badge(problems) });
    this.draw();
  }

  private byElement(): Map<string, Problem[]> {
    const root = this.modeler.get<Canvas>("canvas").getRootElement();
    const found = new Map<string, Problem[]>();
    for (const problem of this.shown) {
      const element = this.drawn(problem);
      if (element && element !== root) found.set(element.id, [...(found.get(element.id) ?? []), problem]);
    }
    return found;
  }

  /** What a problem is shown on: where several processes stand on one drawing, that of a process is its pool's. */
  private drawn({ element: id }: Problem): Element | undefined {
    const registry = this.modeler.get<Registry>("elementRegistry");
    return registry.get(id) ?? registry.filter((one) => (one.businessObject["processRef"] as Moddle | undefined)?.id === id)[0];
  }

  private badge(problems: Problem[]): HTMLElement {
    const worst = problems.some((one) => one.severity === "error") ? "error" : "warning";
    const badge = document.createElement("button");
    badge.type = "button";
    badge.className = `k-mark k-mark--${worst}`;
    badge.textContent = problems.length > 1 ? String(problems.length) : "!";
    badge.title = problems.map((one) => this.inWords(`${one.message} ${one.cure}`.trim())).join("\n");
    badge.setAttribute("aria-label", badge.title);
    badge.addEventListener("click", () => this.focus(this.shown.indexOf(problems[0]!)));
    return badge;
  }

  private list(): void {
    const title = document.createElement("p");
    title.className = "k-problems__verdict";
    title.textContent = this.say(this.errors ? "verdict_errors" : `verdict_${this.verdict || "none"}`, { count: this.errors });
    const lines = document.createElement("ol");
    lines.append(...this.shown.map((problem, place) => this.line(problem, place)));
    this.host.replaceChildren(title, lines);
  }

  private line(problem: Problem, place: number): HTMLElement {
    const line = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset["problem"] = String(place);
    button.className = `k-problems__line k-problems__line--${problem.severity}`;
    const where = document.createElement("b");
    where.textContent = this.placeOf(problem);
    const what = document.createElement("span");
    what.textContent = this.inWords(problem.message);
    const cure = document.createElement("small");
    cure.textContent = this.inWords(problem.cure);
    button.append(where, what, cure);
    line.append(button);
    return line;
  }

  private placeOf(problem: Problem): string {
    const element = this.drawn(problem);
    if (!element || element === this.modeler.get<Canvas>("canvas").getRootElement()) return this.say("whole_process");
    return this.nameOf(element);
  }

  private nameOf(element: Element): string {
    return element.businessObject.name || this.say(`part_${kindOf(element)}`);
  }

  /** A message names what has no name of its own by its id, which nobody has ever seen; quotes are those of the language. */
  private inWords(text: string): string {
    const registry = this.modeler.get<Registry>("elementRegistry");
    const named = text.replace(/[“«]?([\p{L}_][\p{L}\p{N}_.-]*[\p{L}\p{N}_])[”»]?/gu, (word, id: string) => {
      const element = id.includes("_") ? registry.get(id) : undefined;
      return element ? `“${this.nameOf(element)}”` : word;
    });
    return document.documentElement.lang.startsWith("ru") ? named.replace(/“([^”]*)”/g, "«$1»") : named;
  }

  private focus(place: number): void {
    const problem = this.shown[place];
    if (!problem) return;
    this.path = problem.path ?? [];
    const element = this.drawn(problem);
    const isShown = this.onFocus(element);
    for (const line of this.host.querySelectorAll("[data-problem]")) line.toggleAttribute("aria-current", line.getAttribute("data-problem") === String(place));
    this.draw();
    if (!element || isShown) return;
    const canvas = this.modeler.get<Canvas>("canvas");
    if (element !== canvas.getRootElement()) canvas.scrollToElement(element, 120);
    this.modeler.get<Selection>("selection").select(element === canvas.getRootElement() ? null : element);
  }

  /** Draw the way that leads into a problem: elements and flows in order, each with its number. */
  private draw(): void {
    const registry = this.modeler.get<Registry>("elementRegistry");
    const canvas = this.modeler.get<Canvas>("canvas");
    const overlays = this.modeler.get<Overlays>("overlays");
    overlays.remove({ type: STEP });
    for (const element of registry.getAll()) canvas.removeMarker(element, "k-on-path");
    const nodes = this.path.filter((id) => registry.get(id));
    for (const id of nodes) canvas.addMarker(id, "k-on-path");
    for (const [place, id] of nodes.filter((one) => !registry.get(one)?.waypoints).entries()) {
      const number = document.createElement("span");
      number.className = "k-mark k-mark--step";
      number.textContent = String(place + 1);
      overlays.add(id, STEP, { position: { bottom: 8, right: 8 }, html: number });
    }
    for (const [from, to] of nodes.map((id, place) => [id, nodes[place + 1]] as const)) this.lightFlow(from, to);
  }

  private lightFlow(from: string, to: string | undefined): void {
    const registry = this.modeler.get<Registry>("elementRegistry");
    const flow = registry.get(from)?.outgoing?.find((one) => one.target?.id === to);
    if (flow) this.modeler.get<Canvas>("canvas").addMarker(flow, "k-on-path");
  }
}
