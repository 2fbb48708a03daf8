/* Where a new part stands: in the row of what it follows, for which others are pushed on, or in a free row beside it. */
import { isA, type Drawn, type Services } from "../moddle";
import { centre, cuts, grown, isLevel, lengthOf, meets, runsOf, type Box, type Point } from "./geometry";
import { laneAt, linesOf, namesIn, push, scopeOf, standing, waysIn } from "./scene";

/** Room for the pad beside what was just put down, and for the name of the way into it. */
export const GAP = 96;
const ROW = 110;
const APART = 20;
const ROWS = 40;
const EDGE = 12;

interface Size {
  width: number;
  height: number;
}

export class Placing {
  constructor(private readonly services: Services) {}

  /** The middle of a free place right behind an element, in its row: what stands there is pushed on. */
  behind(source: Drawn, size: Size): Point {
    if (source.host) return this.beside(source, size);
    return this.inRow(source, size, centre(source).y);
  }

  /** The same on a way: in the row in which most of the way runs, and before what it leads to. */
  on(way: Drawn, size: Size): Point {
    const [source, target] = [way.source!, way.target!];
    if (target.x < source.x + source.width) return this.onTheWayBack(way, size) ?? this.beside(source, size);
    const level = runsOf(way.waypoints ?? []).filter(isLevel);
    const longest = level.reduce<{ y: number; length: number }>(
      (best, run) => (lengthOf(run) > best.length ? { y: run.start.y, length: lengthOf(run) } : best),
      { y: centre(source).y, length: source.host ? -1 : 24 },
    );
    const row = Math.abs(longest.y - centre(source).y) < size.height / 2 ? centre(source).y : longest.y;
    return this.inRow(source, size, row, target);
  }

  /** The middle of a free place for one more way out of an element: a row below it, else above, where nothing stands.
      `next`, to which it leads on, comes to stand behind it if it stood behind the element. */
  beside(source: Drawn, size: Size, next?: Drawn | null): Point {
    const { host } = source;
    const scope = scopeOf(source);
    const x = (host ? centre(source).x + 40 : source.x + source.width + GAP) + size.width / 2;
    const lack = next ? Math.round(x + size.width / 2 + GAP / 2 - next.x) : 0;
    if (next && next.parent === scope && next.x > source.x + source.width && lack > 0) push(this.services, scope, "right", next.x - 4, lack);
    const row = Math.max(ROW, size.height + 2 * APART);
    const first = host ? host.y + host.height + 46 + size.height / 2 : centre(source).y;
    const isFirst = host || !source.outgoing.some((way) => isA(way, "bpmn:SequenceFlow"));
    const turns = [...(isFirst ? [0] : []), ...Array.from({ length: ROWS }, (_none, at) => at + 1)];
    const rows = turns.flatMap((turn) => (turn < 2 || host ? [first + turn * row] : [first + turn * row, first - (turn - 1) * row]));
    const lane = laneAt(scope, centre(host ?? source));
    const inside = rows.filter((y) => !lane || (y - size.height / 2 >= lane.y + EDGE && y + size.height / 2 <= lane.y + lane.height - EDGE));
    const found = inside.find((y) => this.isFree(scope, box({ x, y }, size)));
    if (found !== undefined || !lane) return { x, y: found ?? first + ROWS * row };
    return { x, y: this.growLane(scope, lane, x, size) };
  }

  /** The middle of a free place for a note: above an element, to its right, else below it. */
  note(source: Drawn, size: Size): Point {
    const x = Math.round(source.x + source.width + size.width / 2);
    const heights = Array.from({ length: ROWS }, (_none, turn) => 40 + 50 * turn);
    const places = heights.flatMap((by) => [source.y - by - size.height / 2, source.y + source.height + by + size.height / 2].map((y) => ({ x, y: Math.round(y) })));
    return places.find((place) => this.isFree(scopeOf(source), box(place, size))) ?? places[0]!;
  }

  /** The middle of the nearest free place below a point. */
  free(scope: Drawn, at: Point, size: Size): Point {
    const rows = Array.from({ length: ROWS }, (_none, turn) => at.y + turn * (size.height + 2 * APART));
    return { x: at.x, y: rows.find((y) => this.isFree(scope, box({ x: at.x, y }, size))) ?? at.y };
  }

  private inRow(source: Drawn, size: Size, y: number, target?: Drawn): Point {
    const scope = scopeOf(source);
    const right = source.x + source.width;
    const x = right + GAP + size.width / 2;
    const place = box({ x, y }, size);
    const ahead = standing(scope).filter((one) => one !== source && one.x >= right - 1 && !one.host && (one === target || inTheRow(one, place)));
    const nearest = Math.min(...ahead.map((one) => one.x));
    const lack = Math.round(place.x + place.width + GAP - nearest);
    if (ahead.length && lack > 0) push(this.services, scope, "right", Math.max(nearest - 4, right - 1), lack);
    this.keepInside(scope, place);
    return { x, y };
  }

  /** A lane, or the pool, ends behind what is put into it. */
  private keepInside(scope: Drawn, place: Box): void {
    if (!isA(scope, "bpmn:Participant")) return;
    const lack = Math.round(place.x + place.width + GAP / 2 - scope.x - scope.width);
    if (lack > 0) push(this.services, scope, "right", scope.x + scope.width - 1, lack);
  }

  /** On the level stretch of a way that leads back, if there is room for the part on it. */
  private onTheWayBack(way: Drawn, size: Size): Point | null {
    const runs = runsOf(way.waypoints ?? []).filter((run) => isLevel(run) && lengthOf(run) > size.width + 60);
    const others = standing(way.parent!);
    for (const run of runs.sort((a, b) => lengthOf(b) - lengthOf(a))) {
      const [left, end] = [Math.min(run.start.x, run.end.x), Math.max(run.start.x, run.end.x)];
      for (const part of [0.5, 0.7, 0.3, 0.85, 0.15]) {
        const at = { x: Math.round(left + (end - left) * part), y: run.start.y };
        const place = grown(box(at, size), APART);
        const isIn = place.x > left && place.x + place.width < end;
        const lines = linesOf(waysIn(way.parent!).filter((one) => one !== way));
        if (isIn && !others.some((one) => meets(one, place)) && !lines.some((line) => cuts(line, place))) return at;
      }
    }
    return null;
  }

  private isFree(scope: Drawn, place: Box): boolean {
    const room = grown(place, APART);
    const others = [...standing(scope), ...namesIn(scope)];
    return !others.some((one) => meets(one, room)) && !linesOf(waysIn(scope)).some((line) => cuts(line, grown(place, 8)));
  }

  /** A row more at the foot of a lane, which grows: what lies below it is pushed down. */
  private growLane(scope: Drawn, lane: Drawn, x: number, size: Size): number {
    const column = { x: x - size.width / 2 - APART, y: lane.y, width: size.width + 2 * APART, height: lane.height };
    const floor = Math.max(lane.y, ...[...standing(scope), ...namesIn(scope)].filter((one) => meets(one, column)).map((one) => one.y + one.height));
    const y = Math.round(floor + 2 * APART + size.height / 2);
    const lack = Math.round(y + size.height / 2 + 2 * APART - lane.y - lane.height);
    if (lack > 0) push(this.services, scope, "down", lane.y + lane.height - 1, lack);
    return y;
  }
}

function box(middle: Point, { width, height }: Size): Box {
  return { x: middle.x - width / 2, y: middle.y - height / 2, width, height };
}

function inTheRow(one: Box, place: Box): boolean {
  return one.y < place.y + place.height + APART && one.y + one.height > place.y - APART;
}
