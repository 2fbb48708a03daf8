/* What of the drawing is in sight: all of it, or its beginning at a scale at which words can be read. */
import { is, type Canvas, type Element, type Modeler, type Registry } from "./services";

const READABLE = 0.75;
/* Down to here the whole process is shown on opening: its words can just be made out. */
const WHOLE = 0.5;
/* Nothing touches the edge of what is shown. */
const MARGIN = 0.95;
/* Left of the beginning, and above the uppermost thing in sight: there stands the map, on a phone the buttons. */
const BEFORE = 60;
const ABOVE = 230;
const ABOVE_NARROW = 76;
export const NARROW = "(max-width: 760px)";

/** All of it, no larger than it was drawn. */
export function showAll(modeler: Modeler): void {
  const canvas = modeler.get<Canvas>("canvas");
  if (!canvas.getContainer().clientWidth) return; // while the book is shown
  canvas.resized(); // how large the drawing is was kept from before it changed
  canvas.zoom("fit-viewport", "auto");
  // A second zoom would start from where the browser last drew the picture, not from where it was just put.
  const { x, y, width, height } = canvas.viewbox();
  const edge = { x: (width / MARGIN - width) / 2, y: (height / MARGIN - height) / 2 };
  canvas.viewbox({ x: x - edge.x, y: y - edge.y, width: width / MARGIN, height: height / MARGIN });
}

/** The beginning, readable; the uppermost thing beside it at the upper edge. */
export function showBeginning(modeler: Modeler, first: Element): void {
  const canvas = modeler.get<Canvas>("canvas");
  const { outer } = canvas.viewbox();
  if (!outer.width) return; // on a phone the book is shown first
  const [width, height] = [outer.width / READABLE, outer.height / READABLE];
  const x = Math.min(first.x, first.label?.x ?? first.x) - BEFORE / READABLE;
  const above = topBetween(modeler, x, x + width) - (matchMedia(NARROW).matches ? ABOVE_NARROW : ABOVE) / READABLE;
  const y = Math.max(above, first.y + first.height - height * 0.7);
  canvas.viewbox({ x, y, width, height });
}

/** The first look: the whole process; its beginning, beside a map of all, where that would be too small. */
export function firstLook(modeler: Modeler, first: Element | undefined): void {
  showAll(modeler);
  const isSmall = modeler.get<Canvas>("canvas").zoom() < (matchMedia(NARROW).matches ? READABLE : WHOLE);
  if (!isSmall || !first) return;
  showBeginning(modeler, first);
  modeler.get<{ open(): void }>("minimap").open();
}

function topBetween(modeler: Modeler, left: number, right: number): number {
  const shown = modeler.get<Registry>("elementRegistry").filter((one) => !one.waypoints && one.width > 0 && !is(one, "bpmn:Participant") && !is(one, "bpmn:Lane"));
  const ways = modeler.get<Registry>("elementRegistry").filter((one) => !!one.waypoints);
  const tops = shown.filter((one) => one.x < right && one.x + one.width > left).map((one) => one.y);
  for (const way of ways) {
    for (const [at, end] of way.waypoints!.slice(1).entries()) {
      const start = way.waypoints![at]!;
      if (Math.min(start.x, end.x) < right && Math.max(start.x, end.x) > left) tops.push(Math.min(start.y, end.y));
    }
  }
  return Math.min(...tops);
}
