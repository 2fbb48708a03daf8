/* What stands in one scope of the drawing: what takes room, the names, the ways, and how others are pushed on. */
import { isA, type Drawn, type Services } from "../moddle";
import { lengthOf, runsOf, type Box, type Run } from "./geometry";

export type Side = "right" | "down";

/** The elements of a scope that take room; lanes and frames are ground to stand on. */
export function standing(scope: Drawn): Drawn[] {
  return (scope.children ?? []).filter((one) => !one.labelTarget && !one.waypoints && !isA(one, "bpmn:Lane", "bpmn:Participant", "bpmn:Group"));
}

export function namesIn(scope: Drawn): Drawn[] {
  return (scope.children ?? []).filter((one) => one.labelTarget);
}

export function waysIn(scope: Drawn): Drawn[] {
  return (scope.children ?? []).filter((one) => one.waypoints);
}

export function linesOf(ways: readonly Drawn[]): Run[] {
  return ways.flatMap((way) => runsOf(way.waypoints ?? [])).filter((run) => lengthOf(run) >= 1);
}

/** The lane, else the pool, in which a point lies; undefined on free ground. */
export function laneAt(scope: Drawn, at: { x: number; y: number }): Drawn | undefined {
  const lanes = below(scope).filter((one) => isA(one, "bpmn:Lane") && holds(one, at));
  const smallest = lanes.sort((a, b) => a.width * a.height - b.width * b.height)[0];
  return smallest ?? (isA(scope, "bpmn:Participant") ? scope : undefined);
}

function holds(box: Box, { x, y }: { x: number; y: number }): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

/** All that begins behind a line moves on, with what it holds; lanes, and what holds the scope, grow where the line goes
    through them, all else stays. `stays` does not move. */
export function push(services: Services, scope: Drawn, side: Side, start: number, by: number, stays?: Drawn): void {
  const whole = isA(scope, "bpmn:Participant") ? (scope.parent ?? scope) : scope;
  const all = [...(whole.parent ? [whole] : []), ...ground(whole)];
  const found = services.spaceTool.calculateAdjustments(all, side === "right" ? "x" : "y", by, start);
  const kept = new Set(stays ? [stays, ...below(stays), ...(stays.attachers ?? []), stays.label] : []);
  const moving = new Set(found.movingShapes.flatMap((one) => [one, ...below(one).filter((inner) => !inner.waypoints)]));
  const resizing = found.resizingShapes.filter((one) => one === whole || isA(one, "bpmn:Lane", "bpmn:Participant"));
  const delta = side === "right" ? { x: by, y: 0 } : { x: 0, y: by };
  services.modeling.createSpace([...moving].filter((one) => !kept.has(one)), resizing, delta, side === "right" ? "e" : "s", start);
}

/** What stands on the ground of a scope; lanes and pools are ground, too. */
function ground(scope: Drawn): Drawn[] {
  return (scope.children ?? []).flatMap((one) => (isA(one, "bpmn:Lane", "bpmn:Participant") ? [one, ...ground(one)] : [one]));
}

/** The plane, sub-process or pool in which something new behind this element stands. */
export function scopeOf(element: Drawn): Drawn {
  const parent = element.host?.parent ?? element.parent!;
  return isA(parent, "bpmn:Lane") ? scopeOf(parent) : parent;
}

function below(scope: Drawn): Drawn[] {
  return (scope.children ?? []).flatMap((one) => [one, ...below(one)]);
}

