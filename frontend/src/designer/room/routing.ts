/* A way between two elements around everything else: level and upright runs, few bends, few crossings.
   The cheapest path (Hart, Nilsson and Raphael 1968) over the lines beside what stands in the way. */
import { cuts, grown, isLevel, isUpright, shared, simplified, type Box, type Point, type Run } from "./geometry";

/** Where a way may leave or enter: a point of the outline, the direction away from it, what it costs more than the best. */
export interface Port extends Point {
  dx: -1 | 0 | 1;
  dy: -1 | 0 | 1;
  price: number;
}

export interface Surroundings {
  /** What no way goes through: elements, and names. */
  walls: readonly Box[];
  /** Ways that are there: crossing one costs something, lying on it much more. */
  lines: readonly Run[];
  /** Ways out of or into the same elements: lying on them where they part or come together is no fault. */
  joined: readonly Run[];
}

const STUB = 16;
const CLEAR = 7;
const TRACKS = [STUB, 28, 42];
const BEND = 45;
const CROSSING = 70;
const OVERLAP = 400;
const REACH = 260;
const DIRECTIONS = [{ dx: 1, dy: 0 }, { dx: 0, dy: 1 }, { dx: -1, dy: 0 }, { dx: 0, dy: -1 }] as const;

/** The points of the cheapest way from one of `from` to one of `to`; null when everything is walled in. */
export function route(from: readonly Port[], to: readonly Port[], around: Surroundings): Point[] | null {
  const frame = frameOf([...from, ...to]);
  return search(from, to, within(around, grown(frame, REACH))) ?? search(from, to, around);
}

function frameOf(points: readonly Point[]): Box {
  const [x, y] = [Math.min(...points.map((one) => one.x)), Math.min(...points.map((one) => one.y))];
  return { x, y, width: Math.max(...points.map((one) => one.x)) - x, height: Math.max(...points.map((one) => one.y)) - y };
}

/** Only what is near: further things cannot make a way longer that does not go there. */
function within({ walls, lines, joined }: Surroundings, frame: Box): Surroundings {
  const near = (box: Box): boolean => box.x < frame.x + frame.width && frame.x < box.x + box.width && box.y < frame.y + frame.height && frame.y < box.y + box.height;
  const close = (run: Run): boolean => near(grown(frameOf([run.start, run.end]), 1));
  return { walls: walls.filter(near), lines: lines.filter(close), joined: joined.filter(close) };
}

interface State {
  column: number;
  row: number;
  heading: number;
  price: number;
  rank: number;
  before: State | null;
  port: Port;
}

function search(from: readonly Port[], to: readonly Port[], around: Surroundings): Point[] | null {
  const walls = around.walls.map((wall) => grown(wall, CLEAR));
  const open = (port: Port): boolean =>
    !around.walls.some((wall, at) => !touches(wall, port) && cuts({ start: port, end: stub(port) }, walls[at]!));
  const [starts, ends] = [from.filter(open), to.filter(open)];
  const xs = sorted([...starts, ...ends].map((port) => stub(port).x), around, "x");
  const ys = sorted([...starts, ...ends].map((port) => stub(port).y), around, "y");
  const goals = new Map(ends.map((port) => [`${stub(port).x},${stub(port).y}`, port]));
  const queue = new Queue();
  const best = new Map<number, number>();
  const push = (state: State): void => {
    const key = (state.column * ys.length + state.row) * 4 + state.heading;
    if ((best.get(key) ?? Infinity) <= state.price) return;
    best.set(key, state.price);
    queue.add({ ...state, rank: state.price + nearest(ends, xs[state.column]!, ys[state.row]!) });
  };
  for (const port of starts) {
    const at = stub(port);
    const heading = DIRECTIONS.findIndex((one) => one.dx === port.dx && one.dy === port.dy);
    push({ column: xs.indexOf(at.x), row: ys.indexOf(at.y), heading, price: port.price, rank: 0, before: null, port });
  }
  for (let state = queue.take(); state; state = queue.take()) {
    const here = { x: xs[state.column]!, y: ys[state.row]! };
    if (state.column < 0) return pathOf(state, xs, ys);
    const goal = goals.get(`${here.x},${here.y}`);
    if (goal) {
      const { dx, dy } = DIRECTIONS[state.heading]!;
      if (dx !== goal.dx || dy !== goal.dy) {
        const bend = dx === -goal.dx && dy === -goal.dy ? 0 : BEND;
        queue.add({ ...state, column: -1, rank: state.price + goal.price + bend, before: state, port: goal });
      }
    }
    for (const [heading, { dx, dy }] of DIRECTIONS.entries()) {
      if (heading === (state.heading + 2) % 4) continue;
      const [column, row] = [state.column + dx, state.row + dy];
      if (xs[column] === undefined || ys[row] === undefined) continue;
      const run = { start: here, end: { x: xs[column]!, y: ys[row]! } };
      if (walls.some((wall) => cuts(run, wall))) continue;
      push({ column, row, heading, price: state.price + priceOf(run, around) + (heading === state.heading ? 0 : BEND), rank: 0, before: state, port: state.port });
    }
  }
  return null;
}

/** Whether a port lies on the outline of this box: its own element is no wall for its first step. */
function touches(box: Box, port: Point): boolean {
  return port.x >= box.x - 1 && port.x <= box.x + box.width + 1 && port.y >= box.y - 1 && port.y <= box.y + box.height + 1;
}

function stub(port: Port): Point {
  return { x: port.x + port.dx * STUB, y: port.y + port.dy * STUB };
}

/** The lines of the grid: beside every wall, beside every way, and where the ways begin and end. */
function sorted(own: readonly number[], { walls, lines }: Surroundings, axis: "x" | "y"): number[] {
  const size = axis === "x" ? "width" : "height";
  const beside = walls.flatMap((wall) => TRACKS.flatMap((by) => [wall[axis] - by, wall[axis] + wall[size] + by]));
  const along = lines.filter(axis === "x" ? isUpright : isLevel).flatMap((run) => [run.start[axis] - 12, run.start[axis] + 12]);
  return [...new Set([...own, ...beside, ...along])].sort((a, b) => a - b);
}

function nearest(ends: readonly Port[], x: number, y: number): number {
  return Math.min(...ends.map((port) => Math.abs(stub(port).x - x) + Math.abs(stub(port).y - y)));
}

function priceOf(run: Run, { lines, joined }: Surroundings): number {
  let price = Math.abs(run.end.x - run.start.x) + Math.abs(run.end.y - run.start.y);
  for (const line of lines) {
    if (shared(run, line) > 2) price += OVERLAP;
    else if (crosses(run, line)) price += CROSSING;
  }
  for (const line of joined) {
    if (shared(run, line) > 2) price += BEND / 2;
    else if (crosses(run, line)) price += CROSSING / 3;
  }
  return price;
}

/* Half open, so that a crossing on a point of the grid counts once. */
function crosses(one: Run, other: Run): boolean {
  if (isLevel(one) === isLevel(other)) return false;
  const [level, upright] = isLevel(one) ? [one, other] : [other, one];
  const between = (value: number, from: number, to: number): boolean => value > Math.min(from, to) && value <= Math.max(from, to);
  return between(upright.start.x, level.start.x, level.end.x) && between(level.start.y, upright.start.y, upright.end.y);
}

function pathOf(last: State, xs: readonly number[], ys: readonly number[]): Point[] {
  const points: Point[] = [{ x: last.port.x, y: last.port.y }];
  let first = last;
  for (let state = last.before; state; state = state.before) {
    points.push({ x: xs[state.column]!, y: ys[state.row]! });
    first = state;
  }
  points.push({ x: first.port.x, y: first.port.y });
  return simplified(points.reverse());
}

/** The cheapest state first. */
class Queue {
  private readonly heap: State[] = [];

  add(state: State): void {
    const { heap } = this;
    heap.push(state);
    for (let at = heap.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (heap[above]!.rank <= heap[at]!.rank) return;
      [heap[above], heap[at]] = [heap[at]!, heap[above]!];
      at = above;
    }
  }

  take(): State | undefined {
    const { heap } = this;
    const [first, last] = [heap[0], heap.pop()];
    if (!first || !last || !heap.length) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      const below = [2 * at + 1, 2 * at + 2].filter((one) => one < heap.length);
      const least = below.reduce((found, one) => (heap[one]!.rank < heap[found]!.rank ? one : found), at);
      if (least === at) return first;
      [heap[least], heap[at]] = [heap[at]!, heap[least]!];
      at = least;
    }
  }
}
