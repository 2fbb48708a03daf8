/* The pad of the selected element stands where it lies over no other element and no name, not of an event at its edge either: right of it, else
   below, above, left, or further off. */
import { isA, type Drawn } from "../moddle";
import { leastOver, type Box } from "../room/geometry";
import type { Canvas, Element, Modeler, Registry } from "./services";

const APART = 10;
const GROUND = ["bpmn:Lane", "bpmn:Participant", "bpmn:Group"];

interface Pad {
  _current: { html?: HTMLElement } | null;
  _getPosition(target: Element | Element[]): { left: number; top: number };
}

export function placePad(modeler: Modeler): void {
  const pad = modeler.get<Pad>("contextPad");
  const usual = pad._getPosition.bind(pad);
  pad._getPosition = (target) => {
    const at = usual(target);
    const html = pad._current?.html;
    if (!html?.offsetWidth || Array.isArray(target) || target.waypoints) return at;
    const canvas = modeler.get<Canvas>("canvas");
    const frame = canvas.getContainer();
    const [width, height] = [html.offsetWidth, html.offsetHeight];
    const own = onScreen(target, canvas);
    const near = [target, ...(target.attachers ?? [])];
    const parts = [...near, ...near.flatMap((one) => (one.label?.width ? [one.label] : []))].map((one) => onScreen(one, canvas));
    const beside = parts.filter((one) => one.y < own.y + 2 * own.height && one.y + one.height > own.y - own.height);
    const [under, over] = [Math.max(...beside.map((one) => one.y + one.height)), Math.min(...beside.map((one) => one.y))];
    const [left, right] = [Math.min(...beside.map((one) => one.x)), Math.max(...beside.map((one) => one.x + one.width))];
    const places = [
      { x: at.left, y: at.top },
      { x: own.x, y: under + APART },
      { x: own.x, y: over - height - APART },
      { x: own.x - width - APART, y: own.y },
      { x: right + APART, y: own.y },
      { x: left - width - APART, y: own.y },
    ];
    const others = modeler.get<Registry>("elementRegistry").filter((one) => takesRoom(one, target)).map((one) => onScreen(one, canvas));
    const found = leastOver(places.map((place) => ({ ...place, width, height })), others, { x: 0, y: 0, width: frame.clientWidth, height: frame.clientHeight });
    return { left: found.x, top: found.y };
  };
}

/** What can be clicked on or read; the ground on which it stands, and what holds the element, can be clicked on elsewhere. */
function takesRoom(one: Element, target: Element): boolean {
  if (!one.parent || one.waypoints || one === target || (one.labelTarget && !one.width) || isA(one as unknown as Drawn, ...GROUND)) return false;
  for (let holder = target.parent; holder; holder = holder.parent) if (holder === one) return false;
  return true;
}

/** Where a shape stands in the frame, in pixels. */
function onScreen(shape: Element, canvas: Canvas): Box {
  const { x, y, scale } = canvas.viewbox();
  return { x: (shape.x - x) * scale, y: (shape.y - y) * scale, width: shape.width * scale, height: shape.height * scale };
}
