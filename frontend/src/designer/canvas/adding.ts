/* Adding a part: behind the selected element, behind the only loose end, or by hand where the mouse lets it go. */
import { partOf, type Part } from "./parts";
import { isStep } from "../meaning";
import type { BookModel, Drawn } from "../model";
import { is, type BpmnFactory, type Canvas, type Element, type ElementFactory, type Modeler, type Modeling, type Point, type Registry, type Selection } from "./services";
import type { Say } from "./words";

interface AutoPlace {
  append(source: Element, shape: Element, hints?: object): Element;
}

interface Create {
  start(event: Event, elements: Element | Element[], context?: object): void;
}

interface SpaceTool {
  calculateAdjustments(elements: Element[], axis: "x" | "y", delta: number, start: number): { movingShapes: Element[]; resizingShapes: Element[] };
}

interface Rewiring extends Modeling {
  createSpace(moving: Element[], resizing: Element[], delta: Point, direction: string, start: number): void;
  reconnectEnd(flow: Element, target: Element, docking: Point): void;
}

const GAP = 60;

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

  private get modeling(): Rewiring {
    return this.modeler.get<Rewiring>("modeling");
  }

  private behind(part: Part, behind: Element, shape: Element): Element {
    const append = (source: Element): Element => this.modeler.get<AutoPlace>("autoPlace").append(source, shape);
    if (part.key === "step") this.keepStage(behind, shape);
    if (is(behind, "bpmn:SequenceFlow")) return this.into(behind, shape);
    const flows = behind.outgoing.filter((flow) => is(flow, "bpmn:SequenceFlow"));
    const way = flows[0];
    if (!way || part.key === "note" || is(behind, "bpmn:Gateway")) return append(behind);
    const gateway = way.target!;
    const branches = flows.length === 1 && is(gateway, "bpmn:ExclusiveGateway") && gateway.outgoing.length > 1;
    if (branches && part.group !== "way") return this.branch(behind, gateway, shape);
    if (!is(shape, "bpmn:EndEvent")) return this.into(way, shape);
    return append(this.into(way, this.make(partOf("choice"))[0]!));
  }

  /** Behind a step whose outcomes part: the way of the outcome that leads nowhere yet, else into the first way. */
  private branch(step: Element, gateway: Element, shape: Element): Element {
    const book = this.book;
    const drawn = step as unknown as Drawn;
    const open = isStep(drawn) ? book.ways(drawn).find((way) => !way.target) : undefined;
    if (!open && !is(shape, "bpmn:EndEvent")) return this.into(gateway.outgoing[0]!, shape);
    const added = this.modeler.get<AutoPlace>("autoPlace").append(gateway, shape);
    const flow = added.incoming[0] as unknown as Drawn;
    if (open) book.growing.condition(flow, [open.outcome.key]);
    if (open) book.rename(flow, open.outcome.label);
    return added;
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

  /** Put the shape into a way, and push aside what stands where it has to. */
  private into(way: Element, shape: Element): Element {
    const [source, target] = [way.source!, way.target!];
    const right = source.x + source.width;
    const place = { x: right + GAP + shape.width / 2, y: source.y + source.height / 2 };
    const lack = right + 2 * GAP + shape.width - target.x;
    if (target.x >= right && lack > 0) this.pushAside(way.parent!, target.x - 4, lack);
    const put = this.modeling.createShape(shape, place, way.parent!);
    const middle = { x: put.x + put.width / 2, y: put.y + put.height / 2 };
    this.modeling.reconnectEnd(way, put, middle);
    this.modeling.connect(put, target);
    return put;
  }

  private pushAside(scope: Element, start: number, by: number): void {
    const tool = this.modeler.get<SpaceTool>("spaceTool");
    const { movingShapes, resizingShapes } = tool.calculateAdjustments(scope.children ?? [], "x", by, start);
    this.modeling.createSpace(movingShapes, resizingShapes, { x: by, y: 0 }, "e", start);
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
    return this.modeling.createShape(shape, { x: x + width / 2, y: y + height / 2 }, root);
  }
}
