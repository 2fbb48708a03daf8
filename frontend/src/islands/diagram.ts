/* Diagrams of processes: zoomed, moved by hand, seen as a whole, with a card for what is pointed at. */
import { cards } from "../diagram/cards";
import { overview } from "../diagram/overview";
import { dragged, pressed, turned, Zoom } from "../diagram/zoom";
import { mount } from "../mount";

/** Below this labels are specks: names are told by the cards. */
const SMALL = 0.42;

function start(frame: HTMLElement): void {
  const box = frame.querySelector<HTMLElement>(".k-diagram");
  const svg = box?.querySelector("svg");
  if (!box || !svg) return;
  const zoom = new Zoom(box, svg);
  const tools = frame.querySelector<HTMLElement>(".k-diagram__tools");
  const scale = frame.querySelector("output");
  frame.classList.add("k-diagram-box--live");
  zoom.onChange(() => {
    if (scale) scale.textContent = `${Math.round(zoom.now * 100)} %`;
    frame.classList.toggle("k-diagram-box--small", zoom.now < SMALL);
  });
  zoom.to("whole" in frame.dataset ? zoom.whole : zoom.readable);
  turned(zoom);
  dragged(zoom, frame);
  if (tools) {
    tools.hidden = false;
    tools.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-zoom]") : null;
      if (button) pressed(zoom, button.dataset.zoom ?? "");
    });
  }
  const strip = frame.querySelector<HTMLElement>(".k-diagram__overview");
  if (strip) overview(strip, zoom);
  const card = frame.querySelector<HTMLElement>(".k-diagram__card");
  if (card) cards(frame, card);
  zoom.show(first(frame, svg));
  zoom.pastBlank();
}

/** What stands in view at first: what the page is about, what is picked out, else the beginning. */
function first(frame: HTMLElement, svg: SVGSVGElement): Element {
  const focus = frame.dataset.focus;
  return (
    (focus && svg.querySelector(`[data-element="${CSS.escape(focus)}"]`)) ||
    svg.querySelector(".k-diagram__element[data-marked]") ||
    svg.querySelector("[data-begins]") ||
    svg
  );
}

mount("[data-diagram]", start);
