/* Boxes, lines and whether they meet, in the diagram's units. */

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

/** A straight piece of a line. */
export interface Run {
  start: Point;
  end: Point;
}

export function centre(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

export function grown(box: Box, by: number, down = by): Box {
  return { x: box.x - by, y: box.y - down, width: box.width + 2 * by, height: box.height + 2 * down };
}

/** Whether two boxes share more than their edges. */
export function meets(one: Box, other: Box): boolean {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
}

export function runsOf(points: readonly Point[]): Run[] {
  return points.slice(1).map((end, at) => ({ start: points[at]!, end }));
}

export function isLevel({ start, end }: Run): boolean {
  return Math.abs(start.y - end.y) < 1;
}

export function isUpright({ start, end }: Run): boolean {
  return Math.abs(start.x - end.x) < 1;
}

export function lengthOf({ start, end }: Run): number {
  return Math.hypot(end.x - start.x, end.y - start.y);
}

/** Whether a run, slanting ones too, goes through the inside of a box: what is left of it between the four edges. */
export function cuts({ start, end }: Run, box: Box): boolean {
  let [from, to] = [0, 1];
  const by = { x: end.x - start.x, y: end.y - start.y };
  for (const [step, distance] of [
    [-by.x, start.x - box.x],
    [by.x, box.x + box.width - start.x],
    [-by.y, start.y - box.y],
    [by.y, box.y + box.height - start.y],
  ] as const) {
    if (Math.abs(step) < 1e-9) {
      if (distance <= 0) return false;
    } else if (step < 0) from = Math.max(from, distance / step);
    else to = Math.min(to, distance / step);
  }
  return from < to;
}

/** How long two level or two upright runs lie on, or all but on, each other. */
export function shared(one: Run, other: Run, near = 4): number {
  const along = (axis: "x" | "y", across: "x" | "y"): number => {
    if (Math.abs(one.start[across] - other.start[across]) >= near) return 0;
    const [low, high] = [Math.min(one.start[axis], one.end[axis]), Math.max(one.start[axis], one.end[axis])];
    const [from, to] = [Math.min(other.start[axis], other.end[axis]), Math.max(other.start[axis], other.end[axis])];
    return Math.max(0, Math.min(high, to) - Math.max(low, from));
  };
  if (isLevel(one) && isLevel(other)) return along("x", "y");
  return isUpright(one) && isUpright(other) ? along("y", "x") : 0;
}

/** Without the points that lie on a straight line, or on each other. */
export function simplified(points: readonly Point[]): Point[] {
  const apart = points.filter((point, at) => at === 0 || Math.hypot(point.x - points[at - 1]!.x, point.y - points[at - 1]!.y) >= 1);
  return apart.filter((point, at) => {
    const [before, after] = [apart[at - 1], apart[at + 1]];
    if (!before || !after) return true;
    return !((before.x === point.x && point.x === after.x) || (before.y === point.y && point.y === after.y));
  });
}

/** The first of the places that lies least over others; what is out of the frame counts as covered, too. */
export function leastOver(places: readonly Box[], others: readonly Box[], frame: Box): Box {
  const cost = (place: Box): number => {
    const outside = place.width * place.height - common(place, frame);
    return 4 * outside + others.reduce((sum, other) => sum + common(place, other), 0);
  };
  return places.reduce((best, place) => (cost(place) < cost(best) - 1 ? place : best));
}

function common(one: Box, other: Box): number {
  const across = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const down = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(0, across) * Math.max(0, down);
}
