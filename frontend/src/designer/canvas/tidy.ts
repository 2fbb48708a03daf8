/* "Tidy up": lay the diagram out anew. Places change and nothing else; one undo brings the old ones back. */
import { layOut, type Places, type Wire } from "./layout";
import { byHeight, depthOf, HEADER, laneBoxes, laneOf, laneSpans, leafLanes, messageLine, uprightOnes, type Span } from "./pools";
import { is, type Box, type Canvas, type CommandStack, type Element, type Modeler, type Point, type Registry } from "./services";

const START = { x: 160, y: 100 };
const PADDING = 40;
/** Room for the names of messages. */
const BETWEEN_POOLS = 60;
const NAME = { width: 90, height: 20 };
const LOOSE = ["bpmn:Artifact", "bpmn:DataObjectReference", "bpmn:DataStoreReference"];

interface Move {
  element: Element;
  box?: Box;
  line?: Point[];
}

interface Updater {
  updateBounds(shape: Element): void;
  updateConnectionWaypoints(connection: Element): void;
}

class TidyHandler {
  static $inject = ["bpmnUpdater"];

  constructor(private readonly updater: Updater) {}

  execute(context: { moves: Move[]; before?: Move[] }): Element[] {
    context.before = context.moves.map(({ element }) =>
      element.waypoints ? { element, line: element.waypoints } : { element, box: boxOf(element) },
    );
    return this.put(context.moves);
  }

  revert(context: { before: Move[] }): Element[] {
    return this.put(context.before);
  }

  private put(moves: Move[]): Element[] {
    for (const { element, box, line } of moves) {
      if (line) {
        element.waypoints = line;
        this.updater.updateConnectionWaypoints(element);
      } else if (box) {
        Object.assign(element, box);
        this.updater.updateBounds(element);
      }
    }
    return moves.map(({ element }) => element);
  }
}

/** Lay out all that is drawn; returns the names of what stays as it was drawn, or moves only with its pool. */
export function tidy(modeler: Modeler): string[] {
  const registry = modeler.get<Registry>("elementRegistry");
  const upright = uprightOnes(registry.getAll());
  if (upright.length) return named(upright);
  const root = modeler.get<Canvas>("canvas").getRootElement();
  const moves = new Map<Element, Move>();
  const holders = (root.children ?? []).filter((one) => is(one, "bpmn:Participant"));
  const isOpen = holders.length > 0 || depthOf(root) > 0;
  if (isOpen) stack(byHeight(standsIn(root) ? [...holders, root] : holders), moves);
  else scope(root, START, moves);
  for (const element of registry.getAll()) follow(element, moves);
  const left = registry.getAll().filter((one) => isLoose(one, moves));
  for (const element of left) withPool(element, moves);
  for (const flow of root.children ?? []) if (is(flow, "bpmn:MessageFlow") && flow.source && flow.target) connect(flow, moves);
  for (const element of registry.getAll()) follow(element, moves);
  const stackOfCommands = modeler.get<CommandStack>("commandStack");
  stackOfCommands.execute("kniga.tidy", { moves: [...moves.values()] });
  return named(left);
}

/** Pools one under another, as wide as the widest; one that is closed keeps its height. What stands outside of all of
    them, in lanes or not, is one more. */
function stack(holders: readonly Element[], moves: Map<Element, Move>): void {
  let y = START.y;
  const done = holders.map((holder) => {
    const strips = depthOf(holder) + (is(holder, "bpmn:Participant") ? 1 : 0);
    const made = standsIn(holder) ? filled(holder, { x: START.x + HEADER * strips, y }, moves) : null;
    const height = made ? made.spans.at(-1)!.end - y : holder.height;
    const found = { holder, y, height, right: made?.right ?? START.x + 300, spans: made?.spans ?? [] };
    y += height + BETWEEN_POOLS;
    return found;
  });
  const right = Math.max(...done.map((one) => one.right));
  for (const { holder, y: top, height, spans } of done) frame(holder, { x: START.x, y: top, width: right - START.x, height }, spans, moves);
}

/** Whether anything stands in a pool, or outside of all pools. */
function standsIn(holder: Element): boolean {
  return (holder.children ?? []).some((one) => is(one, "bpmn:FlowNode") && !one.labelTarget);
}

/** What stands in a pool or in lanes, its upper left corner at `corner`; how far it reaches, and the edges of the lanes. */
function filled(holder: Element, corner: Point, moves: Map<Element, Move>): { right: number; spans: Span[] } {
  const origin = { x: corner.x + PADDING, y: corner.y + PADDING };
  const { width, lanes } = scope(holder, origin, moves);
  return { right: origin.x + width + PADDING, spans: laneSpans(lanes, origin.y, PADDING) };
}

function frame(holder: Element, box: Box, spans: readonly Span[], moves: Map<Element, Move>): void {
  if (is(holder, "bpmn:Participant")) moves.set(holder, { element: holder, box });
  const leaves = leafLanes(holder);
  const known = spans.length === leaves.length ? spans : leaves.map((lane) => ({ start: box.y + lane.y - holder.y, end: box.y + lane.y - holder.y + lane.height }));
  for (const [lane, place] of laneBoxes(holder, box, known)) moves.set(lane, { element: lane, box: place });
}

/** A message flow goes round what stands in the pools, and round the messages before it. */
function connect(flow: Element, moves: Map<Element, Move>): void {
  const boxAt = (element: Element): Box => moves.get(element)?.box ?? boxOf(element);
  const all = [...moves.values()];
  const ends = [boxAt(flow.source!), boxAt(flow.target!)] as const;
  const walls = all.filter((one) => one.box && is(one.element, "bpmn:FlowNode") && !ends.includes(one.box) && !holds(one.element, flow)).map((one) => one.box!);
  const others = all.flatMap((one) => (one.line && one.element !== flow ? [one.line] : []));
  moves.set(flow, { element: flow, line: messageLine([flow.source!, flow.target!], ends, walls, others) });
}

/** A sub-process in which an end of the flow stands is no wall for it. */
function holds(scope: Element, flow: Element): boolean {
  const above = (element: Element | undefined): boolean => Boolean(element) && (element === scope || above(element!.parent));
  return above(flow.source?.parent) || above(flow.target?.parent);
}

/** What belongs to nothing that was laid out: a note nobody points at, a frame drawn round steps. */
function isLoose(element: Element, moves: Map<Element, Move>): boolean {
  return !moves.has(element) && !element.waypoints && !element.labelTarget && LOOSE.some((type) => is(element, type)) && Boolean(element.parent);
}

function withPool(element: Element, moves: Map<Element, Move>): void {
  const box = element.parent && moves.get(element.parent)?.box;
  if (!box) return;
  const by = { x: box.x - element.parent!.x, y: box.y - element.parent!.y };
  moves.set(element, { element, box: { ...boxOf(element), ...shifted(element, by) } });
}

function named(elements: readonly Element[]): string[] {
  const words = ({ businessObject: own, id }: Element): unknown => own.name ?? own["text"] ?? (own["categoryValueRef"] as { value?: string } | undefined)?.value ?? id;
  return [...new Set(elements.map((one) => String(words(one))))];
}

export function registerTidy(modeler: Modeler): void {
  modeler.get<CommandStack>("commandStack").registerHandler("kniga.tidy", TidyHandler);
}

/** Lay out what lies in `parent`, its upper left corner at `origin`; returns the room it takes, and the rows of its lanes. */
function scope(parent: Element, origin: Point, moves: Map<Element, Move>): Pick<Places, "width" | "height" | "lanes"> {
  const inside = (parent.children ?? []).filter((one) => is(one, "bpmn:FlowNode") && !one.labelTarget && !one.host);
  const lanes = leafLanes(parent);
  if (!inside.length) return { width: 0, height: 0, lanes: lanes.map((_lane, at) => ({ start: at * 80, end: at * 80 + 80 })) };
  const inner = new Map<Element, Map<Element, Move>>();
  const nodes = byPlace(inside).map((element) => ({ id: element.id, band: laneOf(element, lanes), ...sizeOf(element, inner) }));
  const places = layOut(nodes, wires(parent, new Set(nodes.map((node) => node.id))), Math.max(1, lanes.length));
  for (const element of inside) place(element, places, origin, inner, moves);
  for (const wire of parent.children ?? []) {
    const line = places.lines.get(wire.id);
    if (line) moves.set(wire, { element: wire, line: docked(wire, line.map((point) => shifted(point, origin)), moves) });
  }
  return { width: places.width, height: places.height, lanes: places.lanes };
}

function sizeOf(element: Element, inner: Map<Element, Map<Element, Move>>): { width: number; height: number } {
  const isOpen = is(element, "bpmn:SubProcess") && !element.collapsed && element.children?.length;
  if (!isOpen) return { width: element.width, height: element.height };
  const moves = new Map<Element, Move>();
  const { width, height } = scope(element, { x: 0, y: 0 }, moves);
  inner.set(element, moves);
  return { width: width + 2 * PADDING, height: height + 2 * PADDING };
}

function place(element: Element, places: Places, origin: Point, inner: Map<Element, Map<Element, Move>>, moves: Map<Element, Move>): void {
  const box = { ...places.boxes.get(element.id)!, ...shifted(places.boxes.get(element.id)!, origin) };
  moves.set(element, { element, box });
  const corner = { x: box.x + PADDING, y: box.y + PADDING };
  for (const [child, move] of inner.get(element) ?? []) {
    moves.set(child, {
      element: child,
      ...(move.box && { box: { ...move.box, ...shifted(move.box, corner) } }),
      ...(move.line && { line: move.line.map((point) => shifted(point, corner)) }),
    });
  }
  for (const [at, event] of (element.attachers ?? []).entries()) {
    moves.set(event, { element: event, box: { ...boxOf(event), x: box.x + offset(at), y: box.y + box.height - 18 } });
  }
}

/** How far from the left edge of its host the n-th boundary event stands. */
function offset(at: number): number {
  return 12 + at * 44;
}

function wires(parent: Element, known: Set<string>): Wire[] {
  const flows = (parent.children ?? []).filter((one) => is(one, "bpmn:SequenceFlow") && one.source && one.target);
  return flows.flatMap((flow) => {
    const host = flow.source!.host;
    const from = host ?? flow.source!;
    if (!known.has(from.id) || !known.has(flow.target!.id)) return [];
    const below = host ? { below: offset(host.attachers!.indexOf(flow.source!)) + 18 } : {};
    return [{ id: flow.id, from: from.id, to: flow.target!.id, named: Boolean(flow.businessObject.name), parts: is(flow.source!, "bpmn:Gateway"), ...below }];
  });
}

/** Names, notes and what hangs on them keep their place beside what they belong to. */
function follow(element: Element, moves: Map<Element, Move>): void {
  if (moves.has(element)) return;
  if (element.labelTarget) {
    const target = moves.get(element.labelTarget);
    if (target) moves.set(element, { element, box: nameBox(element, target) });
    return;
  }
  const owner = is(element, "bpmn:Association") || is(element, "bpmn:DataAssociation") ? element.source : ownerOf(element);
  const move = owner && (moves.get(owner) ?? moves.get(ownerOf(owner) ?? owner));
  if (!owner || !move?.box) return;
  const beside = moves.get(owner)?.box ? owner : ownerOf(owner)!;
  const by = { x: move.box.x - beside.x, y: move.box.y - beside.y };
  if (element.waypoints) moves.set(element, { element, line: element.waypoints.map((point) => shifted(point, by)) });
  else moves.set(element, { element, box: { ...boxOf(element), ...shifted(element, by) } });
}

function ownerOf(element: Element): Element | undefined {
  if (!is(element, "bpmn:TextAnnotation") && !is(element, "bpmn:DataObjectReference") && !is(element, "bpmn:DataStoreReference")) return undefined;
  const line = [...(element.incoming ?? []), ...(element.outgoing ?? [])].find((one) => !is(one, "bpmn:SequenceFlow"));
  return line?.source === element ? line.target : line?.source;
}

function nameBox(name: Element, target: Move): Box {
  const size = { width: name.width || NAME.width, height: name.height || NAME.height };
  if (target.box) return { ...size, x: target.box.x + target.box.width / 2 - size.width / 2, y: target.box.y + target.box.height + 4 };
  // On a line: above its longest level stretch, which is the one it has for itself.
  const line = target.line!;
  const stretches = line.slice(1).map((end, place) => ({ start: line[place]!, end }));
  const length = ({ start, end }: { start: Point; end: Point }): number => (start.y === end.y ? Math.abs(end.x - start.x) : -1);
  const found = stretches.reduce((best, one) => (length(one) >= length(best) ? one : best));
  // Upright from end to end: right of its middle.
  if (length(found) < 0) return { ...size, x: found.start.x + 10, y: (line[0]!.y + line.at(-1)!.y) / 2 - size.height / 2 };
  const right = Math.max(found.start.x, found.end.x);
  const left = Math.min(found.start.x, found.end.x);
  return { ...size, x: Math.max(left + 4, (left + right) / 2 - size.width / 2), y: found.start.y - size.height - 2 };
}

/** The ends of a line on the very outline of its shapes. */
function docked(wire: Element, line: Point[], moves: Map<Element, Move>): Point[] {
  const event = wire.source?.host ? moves.get(wire.source)?.box : undefined;
  if (event) line[0] = { x: event.x + event.width / 2, y: event.y + event.height };
  return line;
}

function byPlace(elements: Element[]): Element[] {
  return [...elements].sort((a, b) => a.x - b.x || a.y - b.y);
}

function boxOf({ x, y, width, height }: Box): Box {
  return { x, y, width, height };
}

function shifted(point: Point, by: Point): Point {
  return { x: point.x + by.x, y: point.y + by.y };
}
