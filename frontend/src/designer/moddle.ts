/* The little that the designer needs to know of bpmn-js: its elements, the objects behind them, their parts. */

/** An object of the file: an element of BPMN or of our extension. */
export interface Moddle {
  $type: string;
  $parent?: Moddle;
  id?: string;
  get(name: string): unknown;
  $instanceOf(type: string): boolean;
}

/** What stands on the canvas: a shape, a connection, or the canvas itself. */
export interface Drawn {
  id: string;
  type: string;
  businessObject: Moddle;
  parent?: Drawn;
  host?: Drawn;
  attachers?: Drawn[];
  children?: Drawn[];
  incoming: Drawn[];
  outgoing: Drawn[];
  source?: Drawn;
  target?: Drawn;
  labelTarget?: Drawn;
  label?: Drawn;
  waypoints?: Position[];
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Position {
  x: number;
  y: number;
}

export interface Modeling {
  updateProperties(element: Drawn, properties: Record<string, unknown>): void;
  updateModdleProperties(element: Drawn, part: Moddle, properties: Record<string, unknown>): void;
  connect(source: Drawn, target: Drawn, attributes?: Record<string, unknown>): Drawn;
  moveElements(shapes: Drawn[], delta: Position): void;
  moveShape(shape: Drawn, delta: Position): void;
  createSpace(moving: Drawn[], resizing: Drawn[], delta: Position, direction: "e" | "s", start: number): void;
  updateWaypoints(connection: Drawn, waypoints: Position[], hints?: Record<string, unknown>): void;
  layoutConnection(connection: Drawn): void;
  reconnectEnd(connection: Drawn, target: Drawn, docking: Position): void;
  createShape(shape: Drawn, position: Position, parent: Drawn, hints?: Record<string, unknown>): Drawn;
  removeElements(elements: Drawn[]): void;
}

export interface CommandStack {
  registerHandler(command: string, handler: new () => object): void;
  execute(command: string, context: object): void;
}

export interface EventBus {
  on(events: string | string[], listener: (event: Record<string, unknown>) => void): void;
  on(events: string | string[], priority: number, listener: (event: Record<string, unknown>) => void): void;
  off(events: string | string[], listener: (event: Record<string, unknown>) => void): void;
}

export interface Services {
  modeling: Modeling;
  commandStack: CommandStack;
  eventBus: EventBus;
  elementRegistry: { get(id: string): Drawn | undefined; filter(test: (element: Drawn) => boolean): Drawn[] };
  elementFactory: { createShape(attributes: Record<string, unknown>): Drawn };
  bpmnFactory: { create(type: string, attributes?: Record<string, unknown>): Moddle };
  canvas: { getRootElement(): Drawn };
  selection: { get(): Drawn[]; select(element: Drawn | null): void };
  moddle: { createAny(name: string, uri: string, properties: Record<string, unknown>): Moddle };
  spaceTool: {
    calculateAdjustments(elements: Drawn[], axis: "x" | "y", delta: number, start: number): { movingShapes: Drawn[]; resizingShapes: Drawn[] };
  };
  autoPlace: { append(source: Drawn, shape: Drawn, hints?: Record<string, unknown>): Drawn };
}

export interface Modeler {
  get<Name extends keyof Services>(name: Name): Services[Name];
}

/** An attribute or text of an object; the empty text when it is not there. */
export function text(object: Moddle | undefined, name: string): string {
  const value = object?.get(name);
  return typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);
}

export function list(object: Moddle | undefined, name: string): Moddle[] {
  const value = object?.get(name);
  return Array.isArray(value) ? (value as Moddle[]) : [];
}

export function part(object: Moddle | undefined, name: string): Moddle | undefined {
  const value = object?.get(name);
  return value && typeof value === "object" && !Array.isArray(value) ? (value as Moddle) : undefined;
}

/** Our extension elements of this type, such as `kniga:Question`. */
export function extensions(object: Moddle, type: string): Moddle[] {
  return list(part(object, "extensionElements"), "values").filter((value) => value.$type === type);
}

export function isA(element: Drawn | Moddle, ...types: string[]): boolean {
  const object = "businessObject" in element ? element.businessObject : element;
  return types.some((type) => object.$instanceOf(type));
}
