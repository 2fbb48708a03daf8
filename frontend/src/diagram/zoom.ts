/* A diagram in a scrolled box: its size is the svg's width, its place the box's scrolling. */

const SMALLEST = 0.1;
const LARGEST = 2.5;
const STEP = 1.2;
/** Below this labels of 12 units cannot be read. */
const READABLE = 0.85;
/** Numbers on the corners keep about this size of theirs when the diagram is small. */
const BADGE = 0.8;
/** What is left free above the uppermost thing in view. */
const MARGIN = 20;

export class Zoom {
  private scale = 1;
  private readonly width: number;
  private readonly height: number;
  private readonly listeners: (() => void)[] = [];

  constructor(
    readonly box: HTMLElement,
    readonly svg: SVGSVGElement,
  ) {
    this.width = svg.viewBox.baseVal.width;
    this.height = svg.viewBox.baseVal.height;
    box.addEventListener("scroll", () => this.tell(), { passive: true });
  }

  get now(): number {
    return this.scale;
  }

  /** The scale at which all of it is seen. */
  get whole(): number {
    return Math.min((this.box.clientWidth - 16) / this.width, 1);
  }

  get readable(): number {
    return Math.max(this.whole, READABLE);
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Set the scale; the point (in the box) stays where it is, the middle if none is given. */
  to(scale: number, x = this.box.clientWidth / 2, y = this.box.clientHeight / 2): void {
    const before = this.scale;
    this.scale = Math.min(Math.max(scale, SMALLEST), LARGEST);
    const [left, top] = [(this.box.scrollLeft + x) / before, (this.box.scrollTop + y) / before];
    this.svg.setAttribute("width", String(Math.round(this.width * this.scale)));
    this.svg.setAttribute("height", String(Math.round(this.height * this.scale)));
    this.svg.style.setProperty("--grow", String(Math.min(Math.max(BADGE / this.scale, 1), 3.4)));
    this.box.scrollLeft = left * this.scale - x;
    this.box.scrollTop = top * this.scale - y;
    this.tell();
  }

  by(steps: number, x?: number, y?: number): void {
    this.to(this.scale * STEP ** steps, x, y);
  }

  /** Scroll so that an element stands in the middle. */
  show(element: Element): void {
    const [place, frame] = [element.getBoundingClientRect(), this.box.getBoundingClientRect()];
    this.box.scrollLeft += place.left + place.width / 2 - frame.left - frame.width / 2;
    this.box.scrollTop += place.top + place.height / 2 - frame.top - frame.height / 2;
  }

  /** Scroll down past what is blank above the part in view: a flow or a step far to the right may make it high. */
  pastBlank(): void {
    const { box, svg } = this;
    const view = svg.viewBox.baseVal;
    const left = view.x + box.scrollLeft / this.scale;
    const right = left + box.clientWidth / this.scale;
    const tops = [...svg.querySelectorAll<SVGGraphicsElement>("rect, circle, path, polyline, text")]
      .filter((one) => !one.closest("defs"))
      .flatMap((one) => (one instanceof SVGPolylineElement ? runs(one) : [edges(one, svg)]))
      .filter((one) => one.right > left && one.left < right)
      .map((one) => one.top);
    if (tops.length) box.scrollTop = Math.max(box.scrollTop, (Math.min(...tops) - view.y) * this.scale - MARGIN);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

interface Span {
  left: number;
  right: number;
  top: number;
}

/** Where a shape stands, in the units of the drawing. */
function edges(shape: SVGGraphicsElement, svg: SVGSVGElement): Span {
  const [at, frame] = [shape.getBoundingClientRect(), svg.getBoundingClientRect()];
  const view = svg.viewBox.baseVal;
  const unit = view.width / frame.width;
  const left = view.x + (at.left - frame.left) * unit;
  return { left, right: left + at.width * unit, top: view.y + (at.top - frame.top) * unit };
}

/** The straight runs of a flow. */
function runs(flow: SVGPolylineElement): Span[] {
  const points = [...flow.points];
  return points.slice(1).map((to, at) => {
    const from = points[at] ?? to;
    return { left: Math.min(from.x, to.x), right: Math.max(from.x, to.x), top: Math.min(from.y, to.y) };
  });
}

/** The mouse drags the diagram; a drag is no click on what it began on. Fingers scroll as everywhere. */
export function dragged(zoom: Zoom, frame: HTMLElement): void {
  let from: { x: number; y: number; left: number; top: number } | null = null;
  let moved = false;
  const { box } = zoom;
  box.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop };
    moved = false;
  });
  window.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!moved && Math.hypot(dx, dy) < 5) return;
    moved = true;
    frame.classList.add("k-diagram-box--dragged");
    box.scrollLeft = from.left - dx;
    box.scrollTop = from.top - dy;
  });
  window.addEventListener("pointerup", () => {
    from = null;
    frame.classList.remove("k-diagram-box--dragged");
  });
  box.addEventListener("dragstart", (event) => event.preventDefault());
  box.addEventListener("click", (event) => {
    if (moved) event.preventDefault(), event.stopPropagation();
    moved = false;
  }, true);
}

/** Ctrl and the wheel, or two fingers on a pad, zoom at the pointer; + − 0 1 Home from the keyboard. */
export function turned(zoom: Zoom): void {
  const { box } = zoom;
  box.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = box.getBoundingClientRect();
    zoom.by(-Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY) / 60, 1), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { "+": "in", "=": "in", "-": "out", "0": "whole", "1": "readable", Home: "beginning" }[event.key];
    if (!act) return;
    event.preventDefault();
    pressed(zoom, act);
  });
}

export function pressed(zoom: Zoom, act: string): void {
  if (act === "in") zoom.by(1);
  else if (act === "out") zoom.by(-1);
  else zoom.to(act === "whole" ? zoom.whole : zoom.readable);
  if (act !== "beginning") return;
  zoom.show(zoom.svg.querySelector("[data-begins]") ?? zoom.svg);
  zoom.pastBlank();
}
