/* After something was added: what it was put over moves on, ways go round what stands in their way, names take a free
   place. All of it belongs to the command that added it. What was there and is not in the way stays as it was drawn. */
import { isA, type Drawn, type Services } from "../moddle";
import { centre, cuts, grown, isLevel, isUpright, meets, runsOf, shared, type Box, type Run } from "./geometry";
import { isHeld } from "./keeping";
import { besideElement, besideWay, freePlace, isFree, leastBad } from "./names";
import { route, type Port } from "./routing";
import { linesOf, namesIn, push, scopeOf, standing, waysIn } from "./scene";

const REPLACE = "shape.replace";
const LAST = 10;
const APART = 40;
const CLOSE = 12;
/** How long two ways may lie on each other. */
const TOGETHER = 14;

interface Done {
  command: string;
  context: Record<string, unknown>;
}

export class Settling {
  private depth = 0;
  private outermost = "";
  private isAtWork = false;
  private isAsked = false;
  private replacing = 0;
  /** What stands now where something stood that became another kind. */
  private instead = new Map<Drawn, Drawn>();
  private nodes = new Set<Drawn>();
  private grown = new Set<Drawn>();
  private ways = new Set<Drawn>();
  private made = new Set<Drawn>();
  private names = new Set<Drawn>();

  /** `byProgram`: the commands that put their parts where there is room themselves; `whole`: those that lay out all. */
  constructor(
    private readonly services: Services,
    private readonly byProgram: string,
    private readonly whole: string,
  ) {
    const { eventBus } = services;
    eventBus.on("commandStack.preExecute", ({ command }) => this.begin(String(command)));
    eventBus.on("commandStack.postExecuted", LAST, (event) => this.end(event as unknown as Done));
    eventBus.on(["commandStack.changed", "diagram.clear"], () => this.forget());
  }

  private begin(command: string): void {
    this.depth += 1;
    if (this.depth === 1) this.outermost = command;
    if (command === REPLACE) this.replacing += 1;
  }

  private end(done: Done): void {
    if (done.command === REPLACE) this.noteReplaced(done.context);
    else if (!this.isAtWork && !this.replacing) this.note(done);
    this.noteChange(done);
    this.depth -= 1;
    if (this.depth > 0 || this.isAtWork) return;
    this.isAtWork = true;
    this.depth = 1;
    try {
      if (this.outermost === this.whole) this.settleAll();
      else if (this.isAsked || this.outermost === this.byProgram) this.settle(this.outermost !== this.byProgram);
    } finally {
      this.isAtWork = false;
      this.forget();
    }
  }

  private forget(): void {
    this.depth = 0;
    this.replacing = 0;
    this.isAsked = false;
    this.instead.clear();
    for (const found of [this.nodes, this.grown, this.ways, this.made, this.names]) found.clear();
  }

  /** What giving room itself changes counts, too. */
  private noteChange({ command, context }: Done): void {
    const shape = context.shape as Drawn | undefined;
    const connection = context.connection as Drawn | undefined;
    if (connection && /^connection\.(create|layout|reconnect|updateWaypoints)$/.test(command)) this.ways.add(connection);
    if (command === "shape.resize" && shape && isA(shape, "bpmn:SubProcess")) this.grown.add(shape);
  }

  /** An element of another kind is nothing added; it takes room only when it is larger than what it was. */
  private noteReplaced({ oldShape, newShape }: Record<string, unknown>): void {
    this.replacing -= 1;
    const [before, after] = [oldShape as Drawn, newShape as Drawn];
    this.instead.set(before, after);
    if (this.isAtWork || after.labelTarget || (after.width <= before.width && after.height <= before.height)) return;
    this.nodes.add(after);
    this.isAsked = true;
  }

  private note({ command, context }: Done): void {
    const shape = context.shape as Drawn | undefined;
    const connection = context.connection as Drawn | undefined;
    if (command === "shape.create" && shape && !shape.labelTarget) this.nodes.add(shape);
    if (command === "label.create" && shape) this.names.add(shape);
    if (command === "element.updateLabel") {
      const named = context.element as Drawn;
      const name = named.labelTarget ? named : named.label;
      if (name) this.names.add(name);
    }
    if (connection && command === "connection.create") this.made.add(connection);
    if (/^(shape|connection|label)\.create$|^connection\.reconnect$|^element\.updateLabel$/.test(command)) this.isAsked = true;
    const isDropped = this.outermost === "elements.move" && command === "elements.move";
    if (isDropped && this.isAsked) for (const one of context.shapes as Drawn[]) if (!one.labelTarget) this.nodes.add(one);
  }

  private settle(isByHand: boolean): void {
    const now = [...this.nodes].map((one) => this.instead.get(one) ?? one);
    const nodes = [...new Set(now)].filter((one) => one.parent && isA(one, "bpmn:FlowNode", "bpmn:TextAnnotation") && !one.host);
    const own = new Set(nodes);
    const uppermost = nodes.filter((one) => !own.has(one.parent!));
    // Much that is pasted at once stays as the hand put it down.
    if (!isByHand || uppermost.length < 2) for (const node of uppermost) this.giveRoom(node);
    const moved = [...nodes, ...this.giveRoomToGrown()];
    const scopes = new Set([...moved, ...this.ways, ...this.names].filter((one) => one.parent).map((one) => one.parent!));
    for (const scope of scopes) this.settleIn(scope, new Set(moved.filter((one) => one.parent === scope)));
  }

  private settleAll(): void {
    const { elementRegistry } = this.services;
    for (const name of elementRegistry.filter((one) => !!one.labelTarget)) this.names.add(name);
    for (const way of elementRegistry.filter((one) => isA(one, "bpmn:SequenceFlow") && !!one.waypoints)) this.ways.add(way);
    const scopes = new Set([...this.names, ...this.ways].map((one) => one.parent!));
    for (const scope of scopes) this.settleIn(scope, new Set());
  }

  /** Ways and names of a scope; where a name finds no place the way gets longer, once, and all is looked at again. */
  private settleIn(scope: Drawn, added: ReadonlySet<Drawn>): void {
    const crowded = this.arrange(scope, added);
    const lacking = crowded.filter((name) => this.lengthen(name, scope));
    if (lacking.length) this.arrange(scope, added);
  }

  /** A way gets as long as its name needs: what it leads to moves on with all behind. */
  private lengthen(name: Drawn, scope: Drawn): boolean {
    const way = name.labelTarget!;
    const last = runsOf(way.waypoints ?? []).at(-1);
    if (!last || !isLevel(last) || last.end.x <= last.start.x || way.target!.x < way.source!.x) return false;
    push(this.services, scope, "right", way.target!.x - 4, Math.max(24, Math.ceil(name.width + 28 - last.end.x + last.start.x)));
    return true;
  }

  /** The names for which there was no free place. */
  private arrange(scope: Drawn, added: ReadonlySet<Drawn>): Drawn[] {
    const crowded: Drawn[] = [];
    const touched = waysIn(scope).filter((way) => isA(way, "bpmn:SequenceFlow") && (this.ways.has(way) || [...added].some((one) => isThrough(way, one))));
    const ownNames = new Set(touched.map((way) => way.label).filter((name) => name !== undefined));
    for (const name of namesIn(scope)) {
      const target = name.labelTarget!;
      if (target.waypoints || !(this.names.has(name) || added.has(target) || this.isCovered(name, scope, added))) continue;
      this.placeName(name, scope, new Set([...ownNames]));
    }
    const led = new Set<Drawn>();
    for (const way of this.newestFirst(touched)) {
      if (!this.isBad(way, scope, ownNames)) continue;
      this.lead(way, scope, ownNames);
      if (way.label) led.add(way.label);
    }
    for (const name of namesIn(scope)) {
      const way = name.labelTarget!;
      if (!way.waypoints) {
        if (this.isCovered(name, scope, added)) this.placeName(name, scope, new Set());
      } else if (led.has(name) || this.names.has(name) || ownNames.has(name) || this.isCovered(name, scope, added)) {
        if (!this.placeName(name, scope, new Set(), led.has(name))) crowded.push(name);
      }
    }
    return crowded;
  }

  /** A new way may have been laid over old ones: it goes round them, not they round it. */
  private newestFirst(ways: readonly Drawn[]): Drawn[] {
    return [...ways].sort((a, b) => Number(this.made.has(b)) - Number(this.made.has(a)) || Number(isBack(b)) - Number(isBack(a)));
  }

  /** What a sub-process grows over moves on, too; the inner ones first, for they make the outer ones grow. */
  private giveRoomToGrown(): Drawn[] {
    const done: Drawn[] = [];
    for (let turn = 0; this.grown.size && turn < 20; turn += 1) {
      const node = [...this.grown].sort((a, b) => depthOf(b) - depthOf(a))[0]!;
      this.grown.delete(node);
      if (!node.parent) continue;
      done.push(node);
      this.giveRoom(node);
    }
    return done;
  }

  /** Others move on until nothing lies over this element: those behind it to the right or down, whichever is less. */
  private giveRoom(node: Drawn): void {
    const scope = scopeOf(node);
    for (let turn = 0; turn < 12; turn += 1) {
      const over = standing(scope).filter((one) => one !== node && one.host !== node && node.host !== one && meets(one, grown(node, this.ways.size ? CLOSE : 0)));
      const other = over.sort((a, b) => a.x - b.x)[0];
      if (!other) return;
      const before = { x: other.x < node.x, y: other.y < node.y };
      const lack = {
        x: before.x ? other.x + other.width + APART - node.x : node.x + node.width + APART - other.x,
        y: before.y ? other.y + other.height + APART - node.y : node.y + node.height + APART - other.y,
      };
      const axis = lack.y < lack.x ? "y" : "x";
      const start = (before[axis] ? node : other)[axis] - 1;
      push(this.services, scope, axis === "x" ? "right" : "down", start, Math.ceil(lack[axis]), before[axis] ? undefined : node);
    }
  }

  /** Whether a name that was there before lies under what is new. */
  private isCovered(name: Drawn, scope: Drawn, added: ReadonlySet<Drawn>): boolean {
    if ([...added].some((one) => meets(one, name))) return true;
    const lines = linesOf(waysIn(scope).filter((way) => this.ways.has(way)));
    return lines.some((run) => cuts(run, name));
  }

  private isBad(way: Drawn, scope: Drawn, ownNames: ReadonlySet<Drawn>): boolean {
    const runs = runsOf(way.waypoints!);
    if (runs.some((run) => !isLevel(run) && !isUpright(run))) return true;
    if (!isHeld(way) || standing(scope).some((one) => isThrough(way, one))) return true;
    if ([way.source!, way.target!].some((own) => runs.some((run) => cuts(run, grown(own, -3))))) return true;
    if (namesIn(scope).some((name) => !ownNames.has(name) && name.labelTarget !== way && runs.some((run) => cuts(run, name)))) return true;
    const others = linesOf(waysIn(scope).filter((one) => !isKin(one, way)));
    return runs.some((run) => others.some((other) => shared(run, other) > TOGETHER));
  }

  private lead(way: Drawn, scope: Drawn, ownNames: ReadonlySet<Drawn>): void {
    const [source, target] = [way.source!, way.target!];
    const ways = waysIn(scope).filter((one) => one !== way);
    const lines = linesOf(ways.filter((one) => !isKin(one, way)));
    const joined = linesOf(ways.filter((one) => isKin(one, way)));
    const elements: Box[] = standing(scope).filter((one) => one.host !== source && one.host !== target && one !== source.host);
    const names = namesIn(scope).filter((name) => !ownNames.has(name) && name.labelTarget !== way);
    if (source.host) elements.push(source.host);
    const ends = { from: leaving(source, isBack(way), lines), to: entering(target, isBack(way), lines) };
    const walls = [...elements, ...names];
    const found = route(ends.from, ends.to, { walls, lines, joined }) ?? route(ends.from, ends.to, { walls: elements, lines, joined });
    if (found) this.services.modeling.updateWaypoints(way, found, { labelBehavior: false });
  }

  /** Whether there was a free place. */
  private placeName(name: Drawn, scope: Drawn, passable: ReadonlySet<Drawn>, isAnew = false): boolean {
    const target = name.labelTarget!;
    const others = namesIn(scope).filter((one) => one !== name && !passable.has(one));
    const lines = linesOf(waysIn(scope));
    const taken = { boxes: [...standing(scope), ...others], lines };
    if (!isAnew && isFree(name, taken)) return true;
    const places = target.waypoints ? besideWay(target.waypoints, name) : besideElement(target, name);
    const free = freePlace(places, taken);
    const place = free ?? leastBad([name, ...places], taken);
    const by = { x: place.x - name.x, y: place.y - name.y };
    if (by.x || by.y) this.services.modeling.moveShape(name, by);
    return free !== null;
  }
}

/** Ways out of one element or into one may lie on each other where they part or come together. */
function isKin(one: Drawn, other: Drawn): boolean {
  return one.source === other.source || one.target === other.target;
}

function isBack(way: Drawn): boolean {
  return way.target!.x < way.source!.x + way.source!.width;
}

function depthOf(element: Drawn): number {
  return element.parent ? 1 + depthOf(element.parent) : 0;
}

/** Whether a way goes through an element that it neither leaves nor enters. */
function isThrough(way: Drawn, element: Drawn): boolean {
  if ([way.source, way.target, way.source?.host].includes(element)) return false;
  if (element.host && (element.host === way.source || element.host === way.target)) return false;
  return runsOf(way.waypoints!).some((run) => cuts(run, grown(element, 2)));
}

function leaving(source: Drawn, leadsBack: boolean, lines: readonly Run[]): Port[] {
  if (source.host) return ports(source, { right: 40, bottom: 0, left: 40, top: 200 }, lines);
  return ports(source, leadsBack ? { right: 25, bottom: 5, left: 20, top: 12 } : { right: 0, bottom: 12, left: 90, top: 18 }, lines);
}

function entering(target: Drawn, leadsBack: boolean, lines: readonly Run[]): Port[] {
  return ports(target, leadsBack ? { right: 30, bottom: 5, left: 10, top: 12 } : { right: 120, bottom: 24, left: 0, top: 24 }, lines);
}

/** The middles of the sides; one that is taken by a way elsewhere costs more. */
function ports(element: Drawn, price: Record<"right" | "bottom" | "left" | "top", number>, lines: readonly Run[]): Port[] {
  const { x, y, width, height } = element;
  const middle = centre(element);
  const all: Port[] = [
    { x: x + width, y: middle.y, dx: 1, dy: 0, price: price.right },
    { x: middle.x, y: y + height, dx: 0, dy: 1, price: price.bottom },
    { x, y: middle.y, dx: -1, dy: 0, price: price.left },
    { x: middle.x, y, dx: 0, dy: -1, price: price.top },
  ];
  const isTaken = (port: Port): boolean => lines.some((run) => [run.start, run.end].some((end) => Math.hypot(end.x - port.x, end.y - port.y) < 8));
  return all.map((port) => ({ ...port, price: port.price + (isTaken(port) ? 160 : 0) }));
}
