/* The parts of bpmn-js that the designer uses, as far as it uses them: the library's own types stop at its doors. */

export interface Moddle {
  $type: string;
  id: string;
  name?: string;
  $parent?: Moddle;
  $instanceOf?: (type: string) => boolean;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  [property: string]: unknown;
}

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

export interface Element extends Box {
  id: string;
  type: string;
  businessObject: Moddle;
  di: Moddle;
  parent?: Element;
  host?: Element;
  children?: Element[];
  incoming: Element[];
  outgoing: Element[];
  attachers?: Element[];
  source?: Element;
  target?: Element;
  waypoints?: Point[];
  label?: Element;
  labels?: Element[];
  labelTarget?: Element;
  collapsed?: boolean;
}

export interface EventBus {
  on(events: string | string[], listener: (event: never) => unknown): void;
  on(events: string | string[], priority: number, listener: (event: never) => unknown): void;
  off(events: string | string[], listener: (event: never) => unknown): void;
  fire(event: string, context?: unknown): unknown;
}

export interface Canvas {
  zoom(level?: number | "fit-viewport", centre?: "auto" | Point): number;
  viewbox(box?: Box): Box & { scale: number; inner: Box; outer: Box };
  scrollToElement(element: Element | string, padding?: number): void;
  addMarker(element: Element | string, marker: string): void;
  removeMarker(element: Element | string, marker: string): void;
  getRootElement(): Element;
  setRootElement(element: Element): void;
  findRoot(element: Element | string): Element | undefined;
  getContainer(): HTMLElement;
  focus(): void;
  resized(): void;
}

export interface Registry {
  get(id: string): Element | undefined;
  getAll(): Element[];
  filter(keep: (element: Element) => boolean): Element[];
  getGraphics(element: Element | string): SVGElement | undefined;
}

export interface Overlays {
  add(element: string, type: string, overlay: { position: Record<string, number>; html: HTMLElement; show?: object }): string;
  remove(filter: { type?: string; element?: string }): void;
}

export interface Modeling {
  createShape(shape: Element, position: Point, parent: Element): Element;
  updateProperties(element: Element, properties: Record<string, unknown>): void;
  updateModdleProperties(element: Element, moddle: Moddle, properties: Record<string, unknown>): void;
  removeElements(elements: Element[]): void;
  connect(source: Element, target: Element): Element;
}

export interface CommandStack {
  execute(command: string, context: unknown): void;
  registerHandler(command: string, handler: unknown): void;
  undo(): void;
  redo(): void;
  canUndo(): boolean;
  canRedo(): boolean;
  clear(): void;
}

export interface ElementFactory {
  createShape(attributes: Record<string, unknown>): Element;
}

export interface BpmnFactory {
  create(type: string, attributes?: Record<string, unknown>): Moddle;
}

export interface EditorActions {
  isRegistered(action: string): boolean;
  trigger(action: string, options?: unknown): unknown;
}

export interface Selection {
  get(): Element[];
  select(elements: Element | Element[] | null): void;
}

export interface Modeler {
  get<T>(name: string): T;
  importXML(xml: string): Promise<{ warnings: { message: string }[] }>;
  saveXML(options: { format: boolean }): Promise<{ xml?: string }>;
  saveSVG(): Promise<{ svg: string }>;
  getDefinitions(): Moddle;
  on(event: string, listener: (event: never) => unknown): void;
  destroy(): void;
}

export function is(element: Element | Moddle, type: string): boolean {
  const moddle = ("businessObject" in element && element.businessObject ? element.businessObject : element) as Moddle;
  return moddle.$instanceOf?.(type) ?? false;
}
