/* Our palette: buttons with names. A press adds the part behind the selected element, dragging puts it where one wants. */
import type { Adding } from "./adding";
import { PARTS } from "./parts";
import type { Canvas, Modeler } from "./services";
import type { Say } from "./words";

interface Tool {
  key: string;
  icon: string;
  start: (modeler: Modeler, event: Event) => void;
}

const TOOLS: readonly Tool[] = [
  { key: "hand", icon: "bpmn-icon-hand-tool", start: (modeler, event) => modeler.get<{ activateHand(e: Event): void }>("handTool").activateHand(event) },
  { key: "lasso", icon: "bpmn-icon-lasso-tool", start: (modeler, event) => modeler.get<{ activateSelection(e: Event): void }>("lassoTool").activateSelection(event) },
  { key: "space", icon: "bpmn-icon-space-tool", start: (modeler, event) => modeler.get<{ activateSelection(e: Event): void }>("spaceTool").activateSelection(event) },
  { key: "connect", icon: "bpmn-icon-connection-multi", start: (modeler, event) => modeler.get<{ start(e: Event): void }>("globalConnect").start(event) },
];

export function drawPalette(host: HTMLElement, modeler: Modeler, adding: Adding, say: Say): void {
  const tools = group("tools");
  for (const tool of TOOLS) {
    const made = button(tool.icon, say(`tool_${tool.key}`), say(`tool_${tool.key}_hint`));
    made.classList.add("k-parts__tool");
    made.addEventListener("click", (event) => tool.start(modeler, event));
    tools.append(made);
  }
  host.append(tools);
  for (const name of ["do", "way", "wait", "end", "note"] as const) {
    const parts = group(name);
    for (const part of PARTS.filter((one) => one.group === name)) {
      const made = button(part.icon, say(`part_${part.key}`), hint(say, part.key, part.code));
      made.draggable = true;
      made.dataset.part = part.key;
      made.addEventListener("click", (event) => {
        // After a press with the mouse the keys go on at the diagram; whoever came by the keyboard stays in the row.
        if (event.detail > 0) {
          modeler.get<Canvas>("canvas").focus();
          adding.appendAndName(part);
        } else adding.append(part);
      });
      made.addEventListener("dragstart", (event) => {
        event.preventDefault();
        adding.drag(part, event);
      });
      parts.append(made);
    }
    host.append(parts);
  }
}

function hint(say: Say, key: string, code: string): string {
  const letter = code.replace("Key", "");
  return letter ? `${say(`part_${key}_hint`)} (${letter})` : say(`part_${key}_hint`);
}

function group(name: string): HTMLElement {
  const element = document.createElement("div");
  element.className = `k-parts__group k-parts__group--${name}`;
  return element;
}

function button(icon: string, name: string, title: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "k-parts__entry";
  element.title = title;
  const picture = document.createElement("span");
  picture.className = icon;
  picture.setAttribute("aria-hidden", "true");
  const label = document.createElement("span");
  label.className = "k-parts__name";
  label.textContent = name;
  element.append(picture, label);
  return element;
}
