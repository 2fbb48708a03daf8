/* The whole of a wide diagram in a strip above it, with a frame around what is seen. */
import type { Zoom } from "./zoom";

export function overview(strip: HTMLElement, zoom: Zoom): void {
  const copy = zoom.svg.cloneNode(true) as SVGSVGElement;
  for (const element of copy.querySelectorAll("[id]")) element.removeAttribute("id");
  for (const link of copy.querySelectorAll("a")) link.removeAttribute("href");
  for (const title of copy.querySelectorAll("title")) title.remove();
  for (const attribute of ["id", "width", "height"]) copy.removeAttribute(attribute);
  copy.setAttribute("aria-hidden", "true");
  const frame = document.createElement("div");
  frame.className = "k-diagram__window";
  strip.replaceChildren(copy, frame);
  const draw = (): void => {
    strip.hidden = zoom.now <= zoom.whole * 1.15;
    if (strip.hidden) return;
    const small = place(copy);
    const { box } = zoom;
    copy.style.setProperty("--grow", String(Math.min(Math.max(0.62 / small.scale, 1), 3.4)));
    const part = small.scale / zoom.now;
    const left = small.left + Math.max(0, box.scrollLeft - 8) * part;
    const top = Math.max(0, box.scrollTop - 8) * part;
    frame.style.left = `${left}px`;
    frame.style.top = `${top}px`;
    frame.style.width = `${Math.min(box.clientWidth * part, strip.clientWidth - left)}px`;
    frame.style.height = `${Math.min(box.clientHeight * part, strip.clientHeight - top)}px`;
  };
  const jump = (event: PointerEvent): void => {
    if (event.type === "pointermove" && event.buttons !== 1) return;
    const small = place(copy);
    const at = strip.getBoundingClientRect();
    zoom.box.scrollLeft = ((event.clientX - at.left - small.left) / small.scale) * zoom.now - zoom.box.clientWidth / 2;
    zoom.box.scrollTop = ((event.clientY - at.top) / small.scale) * zoom.now - zoom.box.clientHeight / 2;
  };
  strip.addEventListener("pointerdown", jump);
  strip.addEventListener("pointermove", jump);
  zoom.onChange(draw);
  new ResizeObserver(draw).observe(zoom.box);
  draw();
}

/** How large the strip's picture is and where it begins: it is centred when its height is bounded. */
function place(copy: SVGSVGElement): { scale: number; left: number } {
  const view = copy.viewBox.baseVal;
  const scale = Math.min(copy.clientWidth / view.width, copy.clientHeight / view.height);
  return { scale, left: (copy.clientWidth - view.width * scale) / 2 };
}
