/* When an element becomes another kind, its size and the ways to and from it stay as they were drawn; only a way that
   would end in the air is led to the new outline. */
import { isA, type Drawn, type Services } from "../moddle";
import { isAtEdge, landed, type Outlined } from "./ends";

interface Replacing {
  oldShape: Drawn;
  newShape?: Drawn;
  newData: { x: number; y: number; width?: number; height?: number; businessObject?: Drawn["businessObject"] };
  hints?: Record<string, unknown>;
}

export function outlined(element: Drawn): Outlined {
  const { x, y, width, height } = element;
  return { x, y, width, height, outline: isA(element, "bpmn:Gateway") ? "rhombus" : isA(element, "bpmn:Event") ? "circle" : "box" };
}

/** Whether both ends of a way are at the outlines of what it leaves and enters. */
export function isHeld(way: Drawn): boolean {
  return isAtEdge(outlined(way.source!), way.waypoints![0]!) && isAtEdge(outlined(way.target!), way.waypoints!.at(-1)!);
}

export function keepDrawn({ eventBus, modeling }: Services): void {
  eventBus.on("commandStack.shape.replace.preExecute", (event) => {
    const context = event.context as Replacing;
    context.hints = { ...context.hints, layoutConnection: false };
    const { oldShape, newData } = context;
    if (!isPlainStep(oldShape.businessObject) || !newData.businessObject || !isPlainStep(newData.businessObject)) return;
    const [x, y] = [oldShape.x + Math.round(oldShape.width / 2), oldShape.y + Math.round(oldShape.height / 2)];
    Object.assign(newData, { x, y, width: oldShape.width, height: oldShape.height });
  });
  eventBus.on("commandStack.shape.replace.postExecuted", (event) => {
    const { newShape } = event.context as Replacing;
    if (!newShape) return;
    for (const way of new Set([...newShape.incoming, ...newShape.outgoing])) land(modeling, way);
  });
}

function isPlainStep(object: Drawn["businessObject"]): boolean {
  return isA(object, "bpmn:Activity") && !isA(object, "bpmn:SubProcess");
}

function land(modeling: Services["modeling"], way: Drawn): void {
  if (!isA(way, "bpmn:SequenceFlow") || isHeld(way)) return;
  const atTarget = landed(way.waypoints!, outlined(way.target!));
  const atBoth = atTarget && landed(atTarget.reverse(), outlined(way.source!));
  if (atBoth) modeling.updateWaypoints(way, atBoth.reverse(), { labelBehavior: false });
  else modeling.layoutConnection(way);
}
