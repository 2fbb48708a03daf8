/* "Tidy up": lay the diagram out anew. Places change and nothing else; one undo brings the old ones back. */
import { layOut, type Places, type Wire } from "./layout";
import { is, type Box, type Canvas, type CommandStack, type Element, type Modeler, type Point, type Registry } from "./services";

const PADDING = 40;
const NAME = { width: 90, height: 20 };

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

/** Whether the diagram can be laid out: lanes and pools say by their place what belongs to whom and stay as drawn. */
export function tidy(modeler: Modeler): boolean {
  const registry = modeler.get<Registry>("elementRegistry");
  if (registry.getAll().some((one) => is(one, "bpmn:Participant") || is(one, "bpmn:Lane"))) return false;
  const root = modeler.get<Canvas>("canvas").getRootElement();
  const moves = new Map<Element, Move>();
  scope(root, { x: 160, y: 100 }, moves);
  for (const element of registry.getAll()) follow(element, moves);
  const stack = modeler.get<CommandStack>("commandStack");
  stack.execute("kniga.tidy", { moves: [...moves.values()] });
  return true;
}

export function registerTidy(modeler: Modeler): void {
  modeler.get<CommandStack>("commandStack").registerHandler("kniga.tidy", TidyHandler);
}

/** Lay out what lies in `parent`, its upper left corner at `origin`; returns the room it takes. */
function scope(parent: Element, origin: Point, moves: Map<Element, Move>): { width: number; height: number } {
  const inside = (parent.children ?? []).filter((one) => is(one, "bpmn:FlowNode") && !one.labelTarget && !one.host);
  if (!inside.length) return { width: 0, height: 0 };
  const inner = new Map<Element, Map<Element, Move>>();
  const nodes = byPlace(inside).map((element) => ({ id: element.id, ...sizeOf(element, inner) }));
  const places = layOut(nodes, wires(parent, new Set(nodes.map((node) => node.id))));
  for (const element of inside) place(element, places, origin, inner, moves);
  for (const wire of parent.children ?? []) {
    const line = places.lines.get(wire.id);
    if (line) moves.set(wire, { element: wire, line: docked(wire, line.map((point) => shifted(point, origin)), moves) });
  }
  return { width: places.width, height: places.height };
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
