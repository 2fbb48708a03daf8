/* Tidying up pools and lanes: pools stand one under another, equally wide; a lane is as high as its rows need, and what
   stands in it stays in it. */
import { runsOf, type Box, type Point } from "../room/geometry";
import { route, type Port } from "../room/routing";
import { is, type Element } from "./services";

/** The strip on the left in which the name of a pool or lane stands. */
export const HEADER = 30;
const EMPTY = 60;

/** From the upper edge to the lower one, from where what stands in the lanes begins. */
export interface Span {
  start: number;
  end: number;
}

/** The lanes of a pool that hold no other lanes, from the top. */
export function leafLanes(scope: Element): Element[] {
  const lanes = byHeight((scope.children ?? []).filter((one) => is(one, "bpmn:Lane")));
  return lanes.flatMap((lane) => {
    const inner = leafLanes(lane);
    return inner.length ? inner : [lane];
  });
}

/** How many strips with names stand before what is in the lanes. */
export function depthOf(scope: Element): number {
  const lanes = (scope.children ?? []).filter((one) => is(one, "bpmn:Lane"));
  return lanes.length ? 1 + Math.max(...lanes.map(depthOf)) : 0;
}

/** In which of these lanes an element stands: the one whose it is by the file, else the nearest. */
export function laneOf(element: Element, lanes: readonly Element[]): number {
  const own = lanes.findIndex((lane) => ((lane.businessObject["flowNodeRef"] as unknown[] | undefined) ?? []).includes(element.businessObject));
  if (own >= 0 || !lanes.length) return Math.max(0, own);
  const middle = element.y + element.height / 2;
  const away = (lane: Element): number => Math.max(lane.y - middle, middle - lane.y - lane.height, 0);
  return lanes.reduce((best, lane, at) => (away(lane) < away(lanes[best]!) ? at : best), 0);
}

/** The boxes of all lanes of a scope in a frame; `spans` are those of the leaves. */
export function laneBoxes(scope: Element, frame: Box, spans: readonly Span[]): Map<Element, Box> {
  const boxes = new Map<Element, Box>();
  const leaves = leafLanes(scope);
  const put = (of: Element, x: number): void => {
    for (const lane of (of.children ?? []).filter((one) => is(one, "bpmn:Lane"))) {
      const own = leafLanes(lane);
      const held = (own.length ? own : [lane]).map((one) => spans[leaves.indexOf(one)]!);
      const [top, bottom] = [Math.min(...held.map((one) => one.start)), Math.max(...held.map((one) => one.end))];
      boxes.set(lane, { x, y: top, width: frame.x + frame.width - x, height: bottom - top });
      put(lane, x + HEADER);
    }
  };
  put(scope, frame.x + (is(scope, "bpmn:Participant") ? HEADER : 0));
  return boxes;
}

/** Where lanes of these rows begin and end in a frame: none is lower than its name needs. */
export function laneSpans(rows: readonly Span[], origin: number, padding: number): Span[] {
  return rows.map(({ start, end }, at) => ({
    start: origin + start - (at ? 0 : padding),
    end: Math.max(origin + end + (at === rows.length - 1 ? padding : 0), origin + start + EMPTY),
  }));
}

/** What stays as it was drawn, because what it says by its place is not known: upright pools and lanes. */
export function uprightOnes(all: readonly Element[]): Element[] {
  return all.filter((one) => is(one, "bpmn:Participant") || is(one, "bpmn:Lane")).filter((one) => one.di["isHorizontal"] === false);
}

export function byHeight(elements: readonly Element[]): Element[] {
  const top = (one: Element): number => one.y ?? Math.min(...(one.children ?? []).filter((child) => !is(child, "bpmn:Participant")).map((child) => child.y ?? Infinity));
  return [...elements].sort((a, b) => top(a) - top(b) || a.x - b.x);
}

/** A message flow between two pools, round everything that stands in them. */
export function messageLine(ends: readonly [Element, Element], boxes: readonly [Box, Box], walls: readonly Box[], others: readonly Point[][]): Point[] {
  const [from, to] = boxes;
  const goesDown = from.y < to.y;
  const ports = ends.map((end, at) => (is(end, "bpmn:Participant") ? along(boxes[at]!, boxes[1 - at]!, (at === 0) === goesDown) : sides(boxes[at]!, (at === 0) === goesDown)));
  const lines = others.flatMap((points) => runsOf(points));
  const found = route(ports[0]!, ports[1]!, { walls, lines, joined: [] });
  return found ?? straight(ports[0]![0]!, ports[1]![0]!);
}

function straight(from: Point, to: Point): Point[] {
  const y = Math.round((from.y + to.y) / 2);
  return [from, { x: from.x, y }, { x: to.x, y }, to].map(({ x, y: at }) => ({ x, y: at }));
}

/** On the edge of a pool that is drawn without what is in it: as near to the other end as it reaches. */
function along(pool: Box, other: Box, below: boolean): Port[] {
  const x = Math.min(Math.max(other.x + other.width / 2, pool.x + HEADER + 10), pool.x + pool.width - 10);
  return [-30, -15, 0, 15, 30].map((by) => ({ x: x + by, y: below ? pool.y + pool.height : pool.y, dx: 0, dy: below ? 1 : -1, price: Math.abs(by) }));
}

/** Beside the middle of the side that is towards the other pool: the middle is where its own flows leave. */
function sides(box: Box, below: boolean): Port[] {
  const y = below ? box.y + box.height : box.y;
  const isWide = box.width > 60;
  const places = isWide ? [-20, 20, -35, 35, 0] : [0];
  const facing: Port[] = places.map((by, at) => ({ x: box.x + box.width / 2 + by, y, dx: 0, dy: below ? 1 : -1, price: 10 * at }));
  const middle = box.y + box.height / 2;
  return [...facing, { x: box.x + box.width, y: middle, dx: 1, dy: 0, price: 130 }, { x: box.x, y: middle, dx: -1, dy: 0, price: 130 }];
}
