/* Walking through a process by hand: a token, the outcomes of the step it stands at, and what happens meanwhile.
   The rules of walking are the token simulation's; the outcomes, the words and the panel are ours. */
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import animationModule from "bpmn-js-token-simulation/lib/animation";
import kniga from "../kniga.json";
import { GROUND, INK } from "./drawing";
import { decidings } from "./deciding";
import { kindOf } from "./parts";
import { is, type Canvas, type Element, type EventBus, type Moddle, type Modeler, type Registry } from "./services";
import { openWays, type Way } from "./ways";
import { durationWords } from "../durations";
import type { KnownField } from "../model";
import type { Texts } from "../texts";
import { readJson, sayer, translating, type Say, type Words } from "./words";

interface Subscription {
  element?: Element;
  event: { type: string; boundary: boolean };
  scope: object;
}

interface Trace {
  action: string;
  element?: Element;
}

interface Simulator {
  reset(): void;
  findSubscriptions(filter: object): Subscription[];
  trigger(context: { event: unknown; scope: object }): void;
  setConfig(element: Element, config: object): void;
}

/** A token on its way along a flow. */
interface Journey {
  element: Element;
}

const READABLE = 0.65;
const MARGIN = 0.95;
const NEAR = 160;
/* A start is signalled, not entered. */
const WALKED = ["signal", "enter", "exit"];
const STEPS = ["bpmn:UserTask", "bpmn:ManualTask", "bpmn:Task"];

/** Something that is asked on the way: the title of the question, and the ways to answer it. */
interface Question {
  at: Element;
  title: string;
  ways: { label: string; take: () => void }[];
}

/** Open the walk over `host`; it ends when the person closes it. `fields` are what conditions may name. */
export async function play(host: HTMLElement, xml: string, words: Words, fields: KnownField[]): Promise<void> {
  const walk = new Walk(host, words, fields);
  try {
    await walk.open(xml);
  } catch (error) {
    walk.close(); // what cannot be shown must not lie over the drawing
    throw error;
  }
}

class Walk {
  private readonly say: Say;
  private readonly frame = made("div", "k-play");
  private readonly panel = made("div", "k-play__panel");
  private readonly past: string[] = [];
  private viewer!: Modeler;
  private simulator!: Simulator;
  private asked: Question | null = null;
  /* What decision tables answered, by the names of their fields. */
  private readonly known = new Map<string, string>();
  private drawing = 0;
  private shown: Element | undefined;
  /* Before the token has set out there is nothing to say. */
  private isUnderWay = false;
  private readonly ended: Element[] = [];

  constructor(
    host: HTMLElement,
    private readonly words: Words,
    private readonly fields: KnownField[],
  ) {
    this.say = sayer(words);
    this.panel.setAttribute("aria-live", "polite");
    host.append(this.frame);
  }

  async open(xml: string): Promise<void> {
    const container = made("div", "k-play__canvas");
    this.frame.append(container, this.panel);
    this.viewer = new NavigatedViewer({
      container,
      moddleExtensions: { kniga },
      additionalModules: [translating(this.words), animationModule],
      bpmnRenderer: { defaultFillColor: GROUND, defaultStrokeColor: INK, defaultLabelColor: INK },
    } as never) as unknown as Modeler;
    await this.viewer.importXML(xml);
    const canvas = this.viewer.get<Canvas>("canvas");
    canvas.resized(); // the panels beside it have given way
    canvas.zoom("fit-viewport", "auto");
    const readable = Math.min(1, Math.max(canvas.zoom() * MARGIN, READABLE));
    canvas.zoom(readable, "auto");
    this.simulator = this.viewer.get<Simulator>("simulator");
    const bus = this.viewer.get<EventBus>("eventBus");
    bus.on("tokenSimulation.simulator.tick", (() => this.soon()) as (event: never) => unknown);
    bus.on("tokenSimulation.simulator.trace", ((step: Trace) => this.walked(step)) as (event: never) => unknown);
    bus.on("tokenSimulation.animationCreated", (({ animation }: { animation: Journey }) => this.follow(animation.element)) as (event: never) => unknown);
    this.frame.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    void this.begin();
  }

  private async begin(): Promise<void> {
    this.past.length = 0;
    this.known.clear();
    this.asked = null;
    this.isUnderWay = false;
    this.clear();
    for (const element of this.viewer.get<Registry>("elementRegistry").getAll()) this.configure(element);
    this.simulator.reset();
    const start = this.simulator.findSubscriptions({}).find((one) => one.element && this.isFirst(one.element));
    if (start) await this.happen(start, null, null);
    else this.isUnderWay = true;
    this.draw();
  }

  /** The way that was gone keeps a colour. */
  private walked({ action, element }: Trace): void {
    if (!WALKED.includes(action) || !element || !this.viewer.get<Registry>("elementRegistry").get(element.id)) return;
    this.viewer.get<Canvas>("canvas").addMarker(element, "k-walked");
    if (action === "enter" && is(element, "bpmn:EndEvent") && !is(element.parent!, "bpmn:SubProcess")) this.ended.push(element);
  }

  /** The picture moves along, so that the token is seen to arrive. */
  private follow(flow: Element): void {
    this.viewer.get<Canvas>("canvas").scrollToElement(flow.target!, NEAR);
  }

  private clear(): void {
    this.ended.length = 0;
    const canvas = this.viewer.get<Canvas>("canvas");
    for (const element of this.viewer.get<Registry>("elementRegistry").getAll()) canvas.removeMarker(element, "k-walked");
  }

  private configure(element: Element): void {
    if (STEPS.includes(element.type) || is(element, "bpmn:CallActivity")) this.simulator.setConfig(element, { wait: true });
    if (is(element, "bpmn:ExclusiveGateway")) this.simulator.setConfig(element, { activeOutgoing: element.outgoing[0] });
    if (is(element, "bpmn:InclusiveGateway")) this.simulator.setConfig(element, { activeOutgoing: [...element.outgoing] });
  }

  private isFirst(element: Element): boolean {
    return is(element, "bpmn:StartEvent") && !is(element.parent!, "bpmn:SubProcess");
  }

  /** Let it happen: decide the gateways ahead first, then let the token go. */
  private async happen(subscription: Subscription, outcome: string | null, told: string | null): Promise<void> {
    if (told) this.past.push(told);
    await this.ahead(subscription.element!, outcome, new Set());
    this.simulator.trigger({ event: subscription.event, scope: subscription.scope });
  }

  private async ahead(element: Element, outcome: string | null, seen: Set<Element>): Promise<void> {
    const flows = element.outgoing.filter((flow) => is(flow, "bpmn:SequenceFlow"));
    for (const flow of flows) await this.through(flow.target!, outcome, seen);
  }

  private async through(element: Element, outcome: string | null, seen: Set<Element>): Promise<void> {
    if (seen.has(element)) return;
    seen.add(element);
    const isExclusive = is(element, "bpmn:ExclusiveGateway");
    if (isExclusive || is(element, "bpmn:InclusiveGateway")) {
      if (element.outgoing.length < 2) return this.ahead(element, outcome, seen);
      const ways = openWays(element, outcome, this.known);
      const way = ways.length === 1 ? ways[0]! : await this.askWay(element, ways);
      this.simulator.setConfig(element, { activeOutgoing: isExclusive ? way.flow : [way.flow] });
      await this.through(way.flow.target!, outcome, seen);
    } else if (is(element, "bpmn:ParallelGateway") || is(element, "bpmn:IntermediateThrowEvent")) {
      await this.ahead(element, outcome, seen);
    } else if (is(element, "bpmn:EndEvent") && is(element.parent!, "bpmn:SubProcess")) {
      await this.ahead(element.parent!, outcome, seen);
    } else if (is(element, "bpmn:Activity") && !STEPS.includes(element.type) && !is(element, "bpmn:SubProcess") && !is(element, "bpmn:CallActivity")) {
      if (is(element, "bpmn:BusinessRuleTask")) await this.decide(element);
      await this.ahead(element, null, seen);
    }
  }

  /** Which row of its table holds: what it answers is known from now on. */
  private async decide(task: Element): Promise<void> {
    const rows = decidings(task, this.fields, readJson<Texts>("designer-texts"));
    if (!rows.length) return;
    const row = await this.ask(task, `${this.nameOf(task)}: ${this.say("play_row")}`, rows, (one) => one.label);
    for (const [name, value] of row.answers) this.known.set(name, value);
  }

  private askWay(gateway: Element, ways: Way[]): Promise<Way> {
    const told = ({ flow, isDefault }: Way): string =>
      flow.businessObject.name || this.say(isDefault ? "play_otherwise" : "play_way", { name: this.nameOf(flow.target!) });
    return this.ask(gateway, gateway.businessObject.name || this.say("play_choose"), ways, told);
  }

  private ask<Choice>(at: Element, title: string, choices: Choice[], told: (choice: Choice) => string): Promise<Choice> {
    return new Promise((resolve) => {
      const ways = choices.map((choice) => ({ label: told(choice), take: () => resolve(choice) }));
      this.asked = { at, title, ways };
      this.draw();
    });
  }

  private soon(): void {
    window.clearTimeout(this.drawing);
    this.drawing = window.setTimeout(() => this.draw(), 60);
  }

  private draw(): void {
    const here = this.waiting();
    if (here.length || this.asked) this.isUnderWay = true;
    const places = this.asked ? [this.question(this.asked)] : here.map(([element, all]) => this.place(element, all));
    if (!places.length && this.isMoving()) places.push(made("p", "k-muted", this.say("play_moving")));
    else if (!places.length && this.isUnderWay) places.push(this.over());
    const past = made("ol", "k-play__past");
    past.append(...this.past.map((one) => made("li", "", one)));
    const history = this.past.length ? [made("h3", "", this.say("play_done")), past] : [];
    this.panel.replaceChildren(this.head(), ...places, ...history);
    this.light(this.asked ? [this.asked.at] : here.map(([element]) => element));
  }

  private isMoving(): boolean {
    let count = 0;
    this.viewer.get<{ each(visit: () => void): void }>("animation").each(() => (count += 1));
    return count > 0;
  }

  /** The end that was reached, and what it means for the deal. */
  private over(): HTMLElement {
    if (!this.past.length && !this.ended.length) return made("p", "k-muted", this.say("play_nothing"));
    const results = this.ended.map((end) => String(end.businessObject.get("kniga:result") ?? "other"));
    const result = ["won", "lost"].find((one) => results.includes(one)) ?? "other";
    const box = made("section", `k-play__here k-play__end--${result}`);
    box.append(made("small", "k-muted", this.say("play_over")), made("h3", `k-part--${result}`, this.say(`play_${result}`)));
    const names = this.ended.map((end) => end.businessObject.name).filter((name) => name && name !== this.say(`part_${result}`));
    if (names.length) box.append(made("p", "", names.join(", ")));
    return box;
  }

  private head(): HTMLElement {
    const head = made("div", "k-stack");
    const acts = made("div", "k-row");
    acts.append(button(this.say("play_close"), "plain", () => this.close()), button(this.say("play_again"), "quiet", () => void this.begin()));
    head.append(made("h2", "", this.say("play_title")), acts);
    return head;
  }

  /** Where the deal stands: what can happen there, by the element it would happen at. */
  private waiting(): [Element, Subscription[]][] {
    const found = new Map<Element, Subscription[]>();
    for (const one of this.simulator.findSubscriptions({})) {
      if (!one.element || this.isFirst(one.element) || one.event.type === "all-completed") continue;
      const place = one.element.host ?? one.element;
      found.set(place, [...(found.get(place) ?? []), one]);
    }
    return [...found];
  }

  private place(element: Element, subscriptions: Subscription[]): HTMLElement {
    const box = made("section", "k-play__here");
    box.append(made("small", "k-muted", this.say("play_here")), made("h3", "", this.nameOf(element)));
    for (const one of subscriptions) {
      if (one.element === element && STEPS.includes(element.type)) box.append(...this.outcomes(element, one));
      else if (one.element === element && is(element, "bpmn:CallActivity")) box.append(this.event(one, this.say("play_on")));
      else if (one.element && this.waitOf(one.element)) box.append(this.event(one, this.say("play_skip", { name: this.nameOf(one.element), time: this.waitOf(one.element) })));
      else box.append(this.event(one, this.say("play_happens", { name: this.nameOf(one.element!) })));
    }
    return box;
  }

  /** How long a timer waits, in words; "" for what waits for something else. */
  private waitOf(element: Element): string {
    const definitions = (element.businessObject["eventDefinitions"] ?? []) as Moddle[];
    const duration = definitions.find((one) => one.$type === "bpmn:TimerEventDefinition")?.["timeDuration"] as Moddle | undefined;
    const body = String(duration?.["body"] ?? "").trim();
    return body ? durationWords(body, String(element.businessObject.get("kniga:calendar") ?? "working"), readJson<Texts>("designer-texts")) : "";
  }

  private outcomes(step: Element, subscription: Subscription): HTMLElement[] {
    const extension = step.businessObject["extensionElements"] as { values?: Moddle[] } | undefined;
    const outcomes = (extension?.values ?? []).filter((part) => part.$type === "kniga:Outcome");
    const offered = outcomes.length ? outcomes.map((one) => [String(one.get("key")), String(one.get("label"))]) : [["done", this.say("play_on")]];
    return offered.map(([key, label]) =>
      button(label!, "plain", () => void this.happen(subscription, key!, `${this.nameOf(step)}: ${label}`)),
    );
  }

  private event(subscription: Subscription, label: string): HTMLElement {
    return button(label, "quiet", () => void this.happen(subscription, null, label));
  }

  private question({ at, title, ways }: Question): HTMLElement {
    const box = made("section", "k-play__here");
    box.append(made("h3", "", title));
    const isTable = is(at, "bpmn:BusinessRuleTask");
    for (const { label, take } of ways) {
      box.append(button(label, "plain", () => {
        this.asked = null;
        this.past.push(isTable ? `${this.nameOf(at)}: ${label}` : label);
        take();
      }));
    }
    return box;
  }

  private nameOf(element: Element): string {
    return element.businessObject.name || this.say(`part_${kindOf(element)}`);
  }

  private light(elements: Element[]): void {
    const canvas = this.viewer.get<Canvas>("canvas");
    for (const element of this.viewer.get<Registry>("elementRegistry").getAll()) {
      if (elements.includes(element)) canvas.addMarker(element, "k-at");
      else canvas.removeMarker(element, "k-at");
    }
    const at = elements[0];
    if (at && at !== this.shown) canvas.scrollToElement(at, NEAR);
    this.shown = at;
  }

  close(): void {
    window.clearTimeout(this.drawing);
    this.viewer?.destroy();
    this.frame.remove();
  }
}

function made(tag: string, className: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

function button(label: string, kind: string, act: () => void): HTMLButtonElement {
  const element = made("button", `k-button k-button--${kind}`, label) as HTMLButtonElement;
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}
