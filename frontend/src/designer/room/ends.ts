/* Where a way meets the outline of what it leaves or enters: a box, a circle (events) or a rhombus (gateways). */
import { centre, isLevel, isUpright, type Box, type Point } from "./geometry";

export type Outline = "box" | "circle" | "rhombus";

export interface Outlined extends Box {
  outline: Outline;
}

/** How far from the outline a way may end: lines have a width and numbers are rounded. */
const NEAR = 3;

/** How far outside the outline a point lies; below zero inside. */
function reach(shape: Outlined, point: Point): number {
  const middle = centre(shape);
  const [x, y] = [Math.abs(point.x - middle.x), Math.abs(point.y - middle.y)];
  const [across, down] = [shape.width / 2, shape.height / 2];
  if (shape.outline === "circle") return Math.hypot(x, y) - across;
  if (shape.outline === "rhombus") return ((x / across + y / down - 1) * across * down) / Math.hypot(across, down);
  return x > across && y > down ? Math.hypot(x - across, y - down) : Math.max(x - across, y - down);
}

export function isAtEdge(shape: Outlined, point: Point): boolean {
  return Math.abs(reach(shape, point)) <= NEAR;
}

/** The points with the last of them on the outline and no other inside, in the direction that was drawn; null when that
    cannot be. */
export function landed(points: readonly Point[], shape: Outlined): Point[] | null {
  if (isAtEdge(shape, points.at(-1)!) && points.slice(0, -1).every((point) => reach(shape, point) > 0)) return [...points];
  const kept = points.slice(0, -1);
  let last = points.at(-1)!;
  while (kept.length > 1 && reach(shape, kept.at(-1)!) <= 0) last = kept.pop()!;
  const before = kept.at(-1);
  if (!before || reach(shape, before) <= 0) return null;
  const aim = aimed(before, last, shape);
  return aim && [...kept, outermost(before, aim, shape)];
}

/** A point inside, on the line that was drawn where it is level or upright. */
function aimed(before: Point, last: Point, shape: Outlined): Point | null {
  const middle = centre(shape);
  const run = { start: before, end: last };
  if (reach(shape, last) < 0) return last;
  const on = isLevel(run) ? { x: middle.x, y: last.y } : isUpright(run) ? { x: last.x, y: middle.y } : middle;
  return reach(shape, on) < 0 ? on : null;
}

/** Where the line from outside to a point inside comes to the outline, to a hundredth. */
function outermost(outside: Point, inside: Point, shape: Outlined): Point {
  let [from, to] = [0, 1];
  const at = (part: number): Point => ({ x: outside.x + (inside.x - outside.x) * part, y: outside.y + (inside.y - outside.y) * part });
  for (let turn = 0; turn < 24; turn += 1) {
    const middle = (from + to) / 2;
    if (reach(shape, at(middle)) > 0) from = middle;
    else to = middle;
  }
  const { x, y } = at(to);
  return { x: Math.round(x * 100) / 100, y: Math.round(y * 100) / 100 };
}
