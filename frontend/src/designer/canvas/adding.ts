/* Adding a part: behind the selected element, behind the only loose end, or by hand where the mouse lets it go. */
import { partOf, type Part } from "./parts";
import { isStep } from "../meaning";
import type { BookModel, Drawn, Outcome } from "../model";
import { scopeOf } from "../room/scene";
import { is, type BpmnFactory, type Canvas, type Element, type ElementFactory, type Modeler, type Modeling, type Point, type Registry, type Selection } from "./services";
import type { Say } from "./words";

interface Create {
  start(event: Event, elements: Element | Element[], context?: object): void;
}

interface DirectEditing {
  activate(element: Element): void;
  isActive(): boolean;
}

interface Rewiring extends Modeling {
  reconnectEnd(flow: Element, target: Element, docking: Point): void;
}

/* Ends have their names; a choice and a beginning need none. */
const NAMED = ["bpmn:Activity", "bpmn:IntermediateCatchEvent", "bpmn:TextAnnotation"];

export class Adding {
  /** What the elements mean; it comes after the modeler that both stand on. */
  book!: BookModel;

  constructor(
    private readonly modeler: Modeler,
    private readonly say: Say,
  ) {}

  make(part: Part): Element[] {
    return part.make({
      elements: this.modeler.get<ElementFactory>("elementFactory"),
      bpmn: this.modeler.get<BpmnFactory>("bpmnFactory"),
      say: this.say,
    });
  }

  /** Take the part into the hand: it follows the pointer until it is put down. */
  drag(part: Part, event: Event, source?: Element): void {
    const made = this.make(part);
    this.modeler.get<Create>("create").start(event, made.length > 1 ? made : made[0]!, source ? { source } : {});
  }

  /** Put the part behind the selected element or the one loose end; without either, free in the middle. */
  append(part: Part, behind = this.source()): Element {
    const made = this.make(part);
    const whole = made[0]!;
    let added = whole;
    this.book.change(() => {
      added = behind && this.joins(part, behind) ? this.behind(part, behind, whole) : this.free(whole);
      for (const inner of made.slice(1)) {
        this.modeling.createShape(inner, { x: added.x + 58, y: added.y + 100 }, added);
      }
    });
    this.modeler.get<Selection>("selection").select(added);
    this.modeler.get<Canvas>("canvas").scrollToElement(added, 120);
    return added;
  }

  /** The same, and ask for its name where it stands: typing replaces the one it was born with. */
  appendAndName(part: Part, behind = this.source()): void {
    const added = this.append(part, behind);
    const editing = this.modeler.get<DirectEditing>("directEditing");
    const isNamed = NAMED.some((type) => is(added, type));
    if (isNamed && !editing.isActive()) editing.activate(added);
  }

  private get modeling(): Rewiring {
    return this.modeler.get<Rewiring>("modeling");
  }

  private behind(part: Part, behind: Element, shape: Element): Element {
    if (part.key === "note") return this.noteTo(behind, shape);
    if (part.key === "step") this.keepStage(behind, shape);
    if (is(behind, "bpmn:SequenceFlow")) return this.into(behind, shape);
    const flows = behind.outgoing.filter((flow) => is(flow, "bpmn:SequenceFlow"));
    const way = flows[0];
    if (is(behind, "bpmn:ExclusiveGateway")) return this.branchOff(behind, shape);
    if (!way || is(behind, "bpmn:Gateway")) return this.wayTo(behind, shape);
    const gateway = way.target!;
    const branches = flows.length === 1 && is(gateway, "bpmn:ExclusiveGateway") && gateway.outgoing.length > 1;
    if (branches && part.group !== "way") return this.branch(gateway, shape);
    if (!is(shape, "bpmn:EndEvent")) return this.into(way, shape);
    return this.branchOff(this.into(way, this.make(partOf("choice"))[0]!), shape);
  }

  /** Behind a step whose outcomes part: a way of its own for the outcome that has none, else into the first way. */
  private branch(gateway: Element, shape: Element): Element {
    const isEnd = is(shape, "bpmn:EndEvent");
    if (!isEnd && !this.openOutcome(gateway)) return this.into(gateway.outgoing[0]!, shape);
    return this.branchOff(gateway, shape);
  }

  /** One more way out of a choice: the first way becomes the usual one, this one is for the outcome that has none. */
  private branchOff(gateway: Element, shape: Element): Element {
    const first = gateway.outgoing[0];
    if (first && !gateway.businessObject["default"] && !first.businessObject["conditionExpression"]) {
      this.modeling.updateProperties(gateway, { default: first.businessObject });
    }
    const outcome = gateway.outgoing.length ? this.openOutcome(gateway) : undefined;
    const added = this.wayTo(gateway, shape);
    const flow = added.incoming[0] as unknown as Drawn | undefined;
    if (outcome && flow) {
      this.book.growing.condition(flow, [outcome.key]);
      this.book.rename(flow, outcome.label);
    }
    return added;
  }

  /** The outcome of the step before a choice that has no way yet; the first that no way names goes the usual one. */
  private openOutcome(gateway: Element): Outcome | undefined {
    const step = gateway.incoming.length === 1 ? (gateway.incoming[0]!.source as unknown as Drawn) : undefined;
    if (!step || !isStep(step)) return undefined;
    const flows = this.book.flows(gateway as unknown as Drawn);
    const named = flows.map((flow) => flow.condition).join(" ");
    const isUsual = flows.some((flow) => !flow.condition);
    const unnamed = this.book.read(step).outcomes.filter((outcome) => !named.includes(`"${outcome.key}"`));
    return unnamed[isUsual ? 1 : 0];
  }

  /** A new step stands in the stage of the one it follows. */
  private keepStage(behind: Element, shape: Element): void {
    const seen = new Set<Element>();
    let at: Element | undefined = behind;
    while (at && !seen.has(at)) {
      seen.add(at);
      const stage = this.book.stageOf(at as unknown as Drawn);
      if (stage) shape.businessObject.set("kniga:stage", stage);
      at = stage ? undefined : (at.host ?? at.source ?? at.incoming[0]?.source);
    }
  }

  /** Put the shape into a way. */
  private into(way: Element, shape: Element): Element {
    const { target } = way;
    const at = this.book.placing.on(way as unknown as Drawn, shape);
    const put = this.modeling.createShape(shape, at, way.parent!);
    this.modeling.reconnectEnd(way, put, { x: put.x + put.width / 2, y: put.y + put.height / 2 });
    this.modeling.connect(put, target!);
    return put;
  }

  /** Put the shape at the end of one more way: right behind what leads nowhere yet, else beside it. */
  private wayTo(source: Element, shape: Element): Element {
    const from = source as unknown as Drawn;
    const { placing } = this.book;
    const isFirst = !source.outgoing.some((flow) => is(flow, "bpmn:SequenceFlow"));
    const at = isFirst ? placing.behind(from, shape) : placing.beside(from, shape);
    const put = this.modeling.createShape(shape, at, scopeOf(from) as unknown as Element);
    this.modeling.connect(source, put);
    return put;
  }

  private noteTo(source: Element, shape: Element): Element {
    const from = source as unknown as Drawn;
    const put = this.modeling.createShape(shape, this.book.placing.note(from, shape), scopeOf(from) as unknown as Element);
    this.modeling.connect(source, put);
    return put;
  }

  private joins(part: Part, behind: Element): boolean {
    if (part.key === "start") return false;
    if (is(behind, "bpmn:SequenceFlow")) return part.group !== "end" && part.key !== "note";
    return part.key === "note" || (is(behind, "bpmn:FlowNode") && !is(behind, "bpmn:EndEvent"));
  }

  private source(): Element | undefined {
    const selected = this.modeler.get<Selection>("selection").get();
    if (selected.length === 1) return selected[0]?.labelTarget ?? selected[0];
    const loose = this.modeler.get<Registry>("elementRegistry").filter(
      (element) => is(element, "bpmn:FlowNode") && !element.labelTarget && !is(element, "bpmn:EndEvent")
        && !is(element, "bpmn:SubProcess") && !element.outgoing.length,
    );
    return loose.length === 1 ? loose[0] : undefined;
  }

  private free(shape: Element): Element {
    const canvas = this.modeler.get<Canvas>("canvas");
    const { x, y, width, height } = canvas.viewbox();
    const root = canvas.getRootElement();
    const at = this.book.placing.free(root as unknown as Drawn, { x: Math.round(x + width / 2), y: Math.round(y + height / 2) }, shape);
    return this.modeling.createShape(shape, at, root);
  }
}
