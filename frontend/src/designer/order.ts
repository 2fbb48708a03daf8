/* Which way is tried first is the order of the file, and undo puts back what was taken out at the end of it. So the
   order that was there at each place of the history is kept, and put back with it. */
import { isA, list, type Moddle, type Services } from "./moddle";

type Orders = Map<Moddle, Moddle[]>;

export function keepOrder({ eventBus, commandStack, canvas, elementRegistry }: Services): void {
  const history = commandStack as unknown as { _stackIdx: number };
  let kept = new Map<number, Orders>();
  const scopes = (): Moddle[] => {
    const found = elementRegistry.filter((element) => isA(element, "bpmn:SubProcess")).map((element) => element.businessObject);
    const root = canvas.getRootElement().businessObject;
    const processes = list(root, "participants").map((one) => one.get("processRef") as Moddle | undefined);
    return [root, ...processes, ...found].filter((one): one is Moddle => one !== undefined);
  };
  const note = (): void => {
    kept.set(history._stackIdx, new Map(scopes().map((scope) => [scope, [...list(scope, "flowElements")]])));
  };
  const restore = (): void => {
    for (const [scope, order] of kept.get(history._stackIdx) ?? []) {
      const places = new Map(order.map((object, at) => [object, at]));
      list(scope, "flowElements").sort((one, other) => (places.get(one) ?? order.length) - (places.get(other) ?? order.length));
    }
  };
  eventBus.on("import.done", () => {
    kept = new Map();
    note();
  });
  eventBus.on("commandStack.changed", ({ trigger }) => {
    if (trigger === "execute") note();
    else if (trigger === "undo" || trigger === "redo") restore();
  });
}
