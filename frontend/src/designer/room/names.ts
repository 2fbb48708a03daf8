/* Where a name stands: beside what it names, on a free place. */
import { cuts, grown, isLevel, isUpright, lengthOf, meets, runsOf, type Box, type Point, type Run } from "./geometry";

export interface Taken {
  /** Elements and other names. */
  boxes: readonly Box[];
  /** All the ways, its own one too. */
  lines: readonly Run[];
}

interface Size {
  width: number;
  height: number;
}

const APART = 2;
const SLIDE = 14;

/** The first free place; null when there is none. */
export function freePlace(places: readonly Box[], taken: Taken): Box | null {
  return places.find((place) => isFree(place, taken)) ?? null;
}

/** Of places of which none is free, the one that is the least in the way: on a way rather than on an element. */
export function leastBad(places: readonly Box[], taken: Taken): Box {
  const bad = (place: Box): number =>
    3 * taken.boxes.filter((box) => meets(place, box)).length + taken.lines.filter((run) => cuts(run, place)).length;
  return places.reduce((best, one) => (bad(one) < bad(best) ? one : best));
}

export function isFree(place: Box, { boxes, lines }: Taken): boolean {
  const room = grown(place, APART);
  return !boxes.some((box) => meets(room, box)) && !lines.some((run) => cuts(run, grown(place, 1)));
}

/** Places beside a way, those near its beginning first: above a level run, right of an upright one. */
export function besideWay(points: readonly Point[], { width, height }: Size): Box[] {
  const runs = runsOf(points);
  const level = (run: Run): Box[] => {
    const [left, right] = [Math.min(run.start.x, run.end.x), Math.max(run.start.x, run.end.x)];
    const xs = [left + 6, (left + right - width) / 2, right - width - 12, ...along(left - width / 2, right - width / 2)];
    return xs.flatMap((x) => [{ x, y: run.start.y - height - 4, width, height }, { x, y: run.start.y + 4, width, height }]);
  };
  const upright = (run: Run): Box[] => {
    const [top, bottom] = [Math.min(run.start.y, run.end.y), Math.max(run.start.y, run.end.y)];
    const ys = [top + 8, (top + bottom - height) / 2, bottom - height - 8, ...along(top, bottom - height)];
    return ys.flatMap((y) => [{ x: run.start.x + 6, y, width, height }, { x: run.start.x - width - 6, y, width, height }]);
  };
  const places = runs.map((run) => (isLevel(run) ? level(run) : isUpright(run) ? upright(run) : around(middle(run), { width, height })));
  const roomy = (run: Run): boolean => (isLevel(run) ? lengthOf(run) >= width + 8 : lengthOf(run) >= height + 12);
  const first = runs.map((run, at) => ({ run, at })).sort((a, b) => Number(roomy(b.run)) - Number(roomy(a.run)) || a.at - b.at);
  return first.flatMap(({ at }) => places[at]!).map(whole);
}

/** Places around an element: below it, above it, beside its corners, and further away. */
export function besideElement(box: Box, size: Size): Box[] {
  const { width, height } = size;
  const middle = box.x + box.width / 2 - width / 2;
  const places = [6, 18, 32].flatMap((by) => {
    const [below, above] = [box.y + box.height + by, box.y - height - by];
    const [left, right] = [box.x + box.width / 2 - width - by, box.x + box.width / 2 + by];
    return [[middle, below], [middle, above], [right, above], [right, below], [left, above], [left, below]] as const;
  });
  return places.map(([x, y]) => whole({ x, y, width, height }));
}

/** Every few units from one end to the other. */
function along(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor((to - from) / SLIDE) + 1) }, (_none, at) => from + at * SLIDE);
}

function around(at: Point, { width, height }: Size): Box[] {
  return [{ x: at.x + 6, y: at.y - height - 4, width, height }, { x: at.x - width - 6, y: at.y + 4, width, height }];
}

function middle({ start, end }: Run): Point {
  return { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
}

function whole(box: Box): Box {
  return { ...box, x: Math.round(box.x), y: Math.round(box.y) };
}
