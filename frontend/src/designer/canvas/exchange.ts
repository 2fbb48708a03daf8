/* Files in and out: .bpmn, SVG, PNG. */
import { GROUND, INK } from "./drawing";
import type { Modeler } from "./services";

/* The colours of the printed page, whatever the theme: a variable of ours means nothing in another program. */
const PRINTED: Record<string, string> = { [INK]: "#1d2426", [GROUND]: "#ffffff" };
const ENDS = { won: "#22692f", lost: "#a93220" };
const SHARPER = 2;
const LARGEST_SIDE = 8000;

export async function xmlOf(modeler: Modeler): Promise<string> {
  return (await modeler.saveXML({ format: true })).xml ?? "";
}

export async function svgOf(modeler: Modeler): Promise<string> {
  let svg = clean((await modeler.saveSVG()).svg);
  for (const [ours, printed] of Object.entries(PRINTED)) svg = svg.replaceAll(ours, printed);
  return svg;
}

/** What the page's styles do to the drawing, done to the picture: no sign under a name of three lines, ends in colour,
    names readable where a way runs close by. */
function clean(svg: string): string {
  const picture = new DOMParser().parseFromString(svg, "image/svg+xml");
  if (picture.querySelector("parsererror")) return svg;
  for (const text of picture.querySelectorAll(".djs-visual > text")) {
    if (text.querySelectorAll("tspan").length < 3) continue;
    for (const sign of text.parentElement!.querySelectorAll(":scope > text ~ path:not([data-marker])")) sign.remove();
  }
  for (const [kind, colour] of Object.entries(ENDS)) {
    for (const ring of picture.querySelectorAll<SVGElement>(`.k-end--${kind} > .djs-visual > circle`)) ring.style.stroke = colour;
  }
  for (const name of picture.querySelectorAll<SVGElement>("[data-element-id$='_label'] text")) {
    name.setAttribute("paint-order", "stroke");
    Object.assign(name.style, { stroke: PRINTED[GROUND], strokeWidth: "4px", strokeLinejoin: "round" });
  }
  return new XMLSerializer().serializeToString(picture);
}

/** The picture that `svgOf` made, as points. */
export async function pngOf(svg: string): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(SHARPER, LARGEST_SIDE / Math.max(image.width, image.height, 1));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    const context = canvas.getContext("2d")!;
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("empty picture"))), "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}

export function download(content: Blob | string, name: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Take in a file that is dropped on `host` or chosen in `picker`. */
export function onFile(host: HTMLElement, picker: HTMLInputElement, take: (file: File) => void): void {
  host.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    host.classList.add("k-designer__canvas--drop");
  });
  host.addEventListener("dragleave", () => host.classList.remove("k-designer__canvas--drop"));
  host.addEventListener("drop", (event) => {
    host.classList.remove("k-designer__canvas--drop");
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  picker.addEventListener("change", () => {
    const file = picker.files?.[0];
    picker.value = "";
    if (file) take(file);
  });
}

/** The text of a BPMN file in the encoding it names; bpmn-js reads text, not bytes. */
export async function textOf(file: File): Promise<string> {
  const bytes = await file.arrayBuffer();
  const head = new TextDecoder("latin1").decode(bytes.slice(0, 200));
  const named = /encoding=["']([\w-]+)["']/.exec(head)?.[1] ?? "utf-8";
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(new Uint8Array(bytes)[0] === 0xff ? "utf-16le" : named);
  } catch {
    decoder = new TextDecoder();
  }
  return decoder.decode(bytes).replace(/encoding=["'][\w-]+["']/, 'encoding="UTF-8"');
}
