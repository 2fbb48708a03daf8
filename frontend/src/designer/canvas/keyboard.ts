/* Keys by their place, so that a Russian layout works as a Latin one does. They hold while the diagram has the focus. */
import type { Adding } from "./adding";
import { PARTS } from "./parts";
import type { EditorActions, EventBus, Modeler, Selection } from "./services";

interface KeyEvent {
  keyEvent: KeyboardEvent;
}

/* Ctrl (or ⌘) and the key. */
const WITH_CONTROL: Record<string, string> = {
  KeyZ: "undo", KeyY: "redo", KeyC: "copy", KeyX: "cut", KeyV: "paste", KeyD: "duplicate", KeyA: "selectElements", KeyF: "find",
};
const ALONE: Record<string, string> = {
  Delete: "removeSelection", Backspace: "removeSelection", KeyE: "directEditing", F2: "directEditing", Enter: "directEditing",
  KeyH: "handTool", KeyL: "lassoTool", KeyS: "spaceTool", KeyC: "globalConnectTool", KeyR: "replaceElement",
};
const BEFORE_THE_LIBRARY = 3000;

export interface Acts {
  /** What the page does itself; `true` when it was done. */
  [name: string]: (() => void) | undefined;
}

export function bindKeys(modeler: Modeler, adding: Adding, acts: Acts): void {
  const actions = modeler.get<EditorActions>("editorActions");
  const run = (name: string | undefined, event: KeyboardEvent): boolean | undefined => {
    const act = name && acts[name];
    if (act) act();
    else if (name && actions.isRegistered(name)) actions.trigger(name, event);
    else return undefined;
    return true;
  };
  const onKey = ({ keyEvent: event }: KeyEvent): boolean | undefined => {
    if (event.altKey) return undefined;
    if (event.ctrlKey || event.metaKey) {
      if (event.code === "KeyZ" && event.shiftKey) return run("redo", event);
      if (event.code === "Digit0") return run("fit", event);
      if (event.code === "Equal") return run("closer", event);
      if (event.code === "Minus") return run("farther", event);
      return event.shiftKey ? undefined : run(WITH_CONTROL[event.code], event);
    }
    if (event.shiftKey) return undefined;
    const part = PARTS.find((one) => one.code && one.code === event.code);
    if (part) {
      adding.appendAndName(part);
      event.preventDefault(); // the letter itself belongs to no name
      return true;
    }
    if (event.code === "Tab") return undefined;
    if (event.code === "Enter" && !modeler.get<Selection>("selection").get().length) return undefined;
    return run(ALONE[event.code], event);
  };
  modeler.get<EventBus>("eventBus").on("keyboard.keydown", BEFORE_THE_LIBRARY, onKey);
}
