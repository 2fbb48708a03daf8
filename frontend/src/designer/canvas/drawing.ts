/* The modeler in our clothes: our words, our parts, colours that follow the theme, and nothing that Kniga refuses. */
import BpmnModeler from "bpmn-js/lib/Modeler";
import minimapModule from "diagram-js-minimap";
import kniga from "../kniga.json";
import { Adding } from "./adding";
import { contextPadModule } from "./context_pad";
import { placePad } from "./pad_place";
import { replaceMenuModule } from "./replace_menu";
import type { Canvas, Element, EventBus, Modeler, Registry, Selection } from "./services";
import { sayer, translating, type Words } from "./words";

/** Colours by name, so that a change of the theme repaints without drawing anew; an export puts plain ones there. */
export const INK = "var(--d-ink)";
export const GROUND = "var(--d-ground)";
const IN_SIGHT = 80;
/* The library asks for the name at 500. */
const BEFORE_NAMING = 600;
const BEFORE_SELECTING = 1100;
/* A plain list: the library measures words in an element that stands outside of the page's styles. */
const FONT = "Arial, 'Liberation Sans', sans-serif";

export function makeModeler(container: HTMLElement, words: Words): { modeler: Modeler; adding: Adding } {
  const say = sayer(words);
  const made: { modeler: Modeler; adding: Adding } = {} as never;
  made.modeler = new BpmnModeler({
    container,
    moddleExtensions: { kniga },
    additionalModules: [
      translating(words),
      minimapModule,
      replaceMenuModule,
      contextPadModule(() => made.modeler, () => made.adding, say),
      { paletteProvider: ["value", {}] },
    ],
    bpmnRenderer: { defaultFillColor: GROUND, defaultStrokeColor: INK, defaultLabelColor: INK },
    textRenderer: { defaultStyle: { fontFamily: FONT, fontSize: 11 }, externalStyle: { fontSize: 11 } },
  } as never) as unknown as Modeler;
  made.adding = new Adding(made.modeler, say);
  colourEnds(made.modeler);
  placePad(made.modeler);
  keepSelected(made.modeler);
  nameAtOnce(made.modeler, [say("new_step")]);
  return made;
}

/** Ends that are won are green and lost ones red: the one difference a head of sales looks for. */
function colourEnds(modeler: Modeler): void {
  const canvas = modeler.get<Canvas>("canvas");
  const colour = (element: Element): void => {
    if (element.businessObject?.$type !== "bpmn:EndEvent" || element.labelTarget) return;
    const result = String(element.businessObject.get("kniga:result") ?? "");
    for (const one of ["won", "lost"]) {
      if (one === result) canvas.addMarker(element, `k-end--${one}`);
      else canvas.removeMarker(element, `k-end--${one}`);
    }
  };
  const bus = modeler.get<EventBus>("eventBus");
  bus.on(["shape.added", "element.changed"], 200, (({ element }: { element: Element }) => colour(element)) as (event: never) => unknown);
  bus.on("import.done", (() => modeler.get<Registry>("elementRegistry").getAll().forEach(colour)) as (event: never) => unknown);
}

/** A second click on what is selected leaves it selected; with Shift it is taken out of the selection. */
function keepSelected(modeler: Modeler): void {
  type Click = { element: Element; originalEvent: MouseEvent; stopPropagation(): void };
  const onClick = (event: Click): void => {
    const { button, shiftKey, ctrlKey, metaKey } = event.originalEvent;
    const selected = modeler.get<Selection>("selection").get();
    if (button === 0 && !shiftKey && !ctrlKey && !metaKey && selected.length === 1 && selected[0] === event.element) event.stopPropagation();
  };
  modeler.get<EventBus>("eventBus").on("element.click", BEFORE_SELECTING, onClick as (event: never) => unknown);
}

/** What was just put down comes into sight, then its name is asked for: typing replaces a name that is only a default.
    A browser scrolls the clipped picture when a field below its edge gets the focus; the picture never scrolls so. */
function nameAtOnce(modeler: Modeler, defaults: string[]): void {
  const canvas = modeler.get<Canvas>("canvas");
  const container = canvas.getContainer();
  const bus = modeler.get<EventBus>("eventBus");
  container.addEventListener("scroll", () => {
    container.scrollTop = 0;
    container.scrollLeft = 0;
  });
  const show = ({ shape, context }: { shape?: Element; context?: { shape?: Element } }): void => {
    const put = shape ?? context?.shape;
    if (put) canvas.scrollToElement(put, IN_SIGHT);
  };
  bus.on(["create.end", "autoPlace.end"], BEFORE_NAMING, show as (event: never) => unknown);
  bus.on("directEditing.activate", (() => {
    const field = container.querySelector<HTMLElement>(".djs-direct-editing-content");
    if (field && defaults.includes(field.innerText.trim())) window.getSelection()?.selectAllChildren(field);
  }) as (event: never) => unknown);
}
