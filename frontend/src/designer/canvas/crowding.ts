/* Whether parts of the drawing lie over each other, or a way runs through what it does not lead to. */
import { is, type Box, type Element, type Modeler, type Point, type Registry } from "./services";

const INSIDE = 4;

/** How many elements lie over another or are run through. */
export function crowding(modeler: Modeler): number {
  const all = modeler.get<Registry>("elementRegistry").getAll();
  const nodes = all.filter((one) => is(one, "bpmn:FlowNode") && !one.labelTarget && !one.host);
  const over = nodes.filter((one, at) => nodes.slice(at + 1).some((other) => one.parent === other.parent && meets(one, other))).length;
  const flows = all.filter((one) => is(one, "bpmn:SequenceFlow") && one.waypoints);
  const through = nodes.filter((node) => flows.some((flow) => passes(flow, node))).length;
  return over + through;
}

function meets(one: Box, other: Box): boolean {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
}

/* Stretches that are not level are taken by the box around them only when they are upright: slanting ones are rare. */
function passes(flow: Element, node: Element): boolean {
  if (flow.parent !== node.parent || [flow.source, flow.target, flow.source?.host].includes(node)) return false;
  const core = { x: node.x + INSIDE, y: node.y + INSIDE, width: node.width - 2 * INSIDE, height: node.height - 2 * INSIDE };
  return flow.waypoints!.slice(1).some((end, at) => isStraight(flow.waypoints![at]!, end) && meets(core, boxOf(flow.waypoints![at]!, end)));
}

function isStraight(start: Point, end: Point): boolean {
  return Math.abs(start.x - end.x) < 1 || Math.abs(start.y - end.y) < 1;
}

function boxOf(start: Point, end: Point): Box {
  const [x, y] = [Math.min(start.x, end.x), Math.min(start.y, end.y)];
  return { x, y, width: Math.abs(start.x - end.x) + 1, height: Math.abs(start.y - end.y) + 1 };
}
