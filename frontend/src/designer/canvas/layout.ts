/* From cells to places and lines. Lines run between the layers and the rows only, so none goes through an element. */
import { arrange, grouped, type Edge, type Grid, type Node } from "./grid";
import type { Box, Point } from "./services";

const BETWEEN_ROWS = 46;
const BETWEEN_LAYERS = 56;
const FOR_A_NAME = 74;
const TRACK = 12;

export interface Wire extends Edge {
  /** Whether a name stands on it: then it gets room. */
  named: boolean;
  /** Where it leaves the lower edge of its element instead of the right one: it starts at a boundary event. */
  below?: number;
}

export interface Places {
  boxes: Map<string, Box>;
  lines: Map<string, Point[]>;
  width: number;
  height: number;
}

interface Tracks {
  /** The next free line in the gap right of a layer, below a row, below all that stands between two layers. */
  gap(layer: number): number;
  under(row: number): number;
  loop(from: number, to: number): number;
}

export function layOut(nodes: readonly Node[], wires: readonly Wire[]): Places {
  const grid = arrange(nodes, wires);
  const columns = columnsOf(nodes, wires, grid);
  const lines = rowsOf(nodes, grid);
  const boxes = new Map(nodes.map((node) => [node.id, boxOf(node, grid, columns, lines)]));
  const bottom = lines.at(-1)!.end;
  const tracks = tracksOf(columns, lines, floors(grid, lines));
  const drawn = new Map(shortLoopsFirst(wires, grid).map((wire) => [wire.id, lineOf(wire, grid, boxes, columns, lines, tracks)]));
  const lowest = Math.max(bottom, ...[...drawn.values()].flat().map((point) => point.y + TRACK));
  return { boxes, lines: drawn, width: columns.at(-1)!.end, height: lowest };
}

/** Shorter loops run nearer to what they go round. */
function shortLoopsFirst(wires: readonly Wire[], grid: Grid): Wire[] {
  const length = (wire: Wire): number => (grid.back.has(wire.id) ? grid.layer.get(wire.from)! - grid.layer.get(wire.to)! : 0);
  return [...wires].sort((a, b) => length(a) - length(b));
}

interface Span {
  start: number;
  end: number;
}

function columnsOf(nodes: readonly Node[], wires: readonly Wire[], grid: Grid): Span[] {
  const byLayer = grouped(nodes, (node) => String(grid.layer.get(node.id)));
  const spans: Span[] = [];
  let x = 0;
  for (let layer = 0; layer <= Math.max(0, ...grid.layer.values()); layer += 1) {
    const width = Math.max(36, ...(byLayer.get(String(layer)) ?? []).map((node) => node.width));
    spans.push({ start: x, end: x + width });
    const leaving = wires.filter((wire) => grid.layer.get(wire.from) === layer || grid.layer.get(wire.to) === layer + 1);
    const bends = leaving.filter((wire) => grid.back.has(wire.id) || grid.row.get(wire.from) !== grid.row.get(wire.to));
    x += width + BETWEEN_LAYERS + TRACK * bends.length + (leaving.some((wire) => wire.named) ? FOR_A_NAME : 0);
  }
  return spans;
}

/** The rows from the topmost on; index 0 is the smallest row number in use. */
function rowsOf(nodes: readonly Node[], grid: Grid): (Span & { row: number })[] {
  const passing = [...grid.passes.values()].flat().map((pass) => pass.row);
  const used = [...grid.row.values(), ...passing];
  const spans: (Span & { row: number })[] = [];
  let y = 0;
  for (let row = Math.min(0, ...used); row <= Math.max(0, ...used); row += 1) {
    const inRow = nodes.filter((node) => grid.row.get(node.id) === row);
    const height = Math.max(inRow.length ? 80 : 20, ...inRow.map((node) => node.height));
    spans.push({ start: y, end: y + height, row });
    y += height + BETWEEN_ROWS;
  }
  return spans;
}

function boxOf(node: Node, grid: Grid, columns: Span[], lines: (Span & { row: number })[]): Box {
  const column = columns[grid.layer.get(node.id)!]!;
  const x = middle(column) - node.width / 2;
  return { x: Math.round(x), y: Math.round(rowMiddle(lines, grid.row.get(node.id)!) - node.height / 2), width: node.width, height: node.height };
}

/** How far down each layer is in use. */
function floors(grid: Grid, lines: (Span & { row: number })[]): number[] {
  const found: number[] = [];
  const use = (layer: number, row: number): void => {
    found[layer] = Math.max(found[layer] ?? 0, lines.find((line) => line.row === row)!.end);
  };
  for (const [id, row] of grid.row) use(grid.layer.get(id)!, row);
  for (const pass of [...grid.passes.values()].flat()) use(pass.layer, pass.row);
  return found;
}

function tracksOf(columns: Span[], lines: (Span & { row: number })[], floor: number[]): Tracks {
  const used = new Map<string, number>();
  const next = (key: string): number => {
    const count = used.get(key) ?? 0;
    used.set(key, count + 1);
    return count;
  };
  return {
    gap: (layer) => (layer < 0 ? -24 - TRACK * next("gap-1") : columns[layer]!.end + 22 + TRACK * next(`gap${layer}`)),
    under: (row) => lines.find((line) => line.row === row)!.end + 14 + (TRACK / 2) * next(`under${row}`),
    loop: (from, to) => {
      const span = floor.slice(Math.min(from, to), Math.max(from, to) + 1);
      const y = Math.max(...span.map((one) => one ?? 0)) + 22;
      for (let layer = Math.min(from, to); layer <= Math.max(from, to); layer += 1) floor[layer] = y;
      return y;
    },
  };
}

function lineOf(wire: Wire, grid: Grid, boxes: Map<string, Box>, columns: Span[], lines: (Span & { row: number })[], tracks: Tracks): Point[] {
  const from = boxes.get(wire.from)!;
  const to = boxes.get(wire.to)!;
  const start = startOf(wire, from, grid, tracks);
  const end = { x: to.x, y: to.y + to.height / 2 };
  const [fromLayer, toLayer] = [grid.layer.get(wire.from)!, grid.layer.get(wire.to)!];
  const points = [...start];
  const turn = (layer: number, y: number): void => {
    const at = points.at(-1)!;
    if (at.y === y) return;
    const x = tracks.gap(layer);
    points.push({ x, y: at.y }, { x, y });
  };
  if (grid.back.has(wire.id)) {
    turn(fromLayer, tracks.loop(fromLayer, toLayer));
    turn(toLayer - 1, end.y);
  } else {
    let layer = fromLayer;
    for (const pass of grid.passes.get(wire.id) ?? []) {
      turn(layer, Math.round(rowMiddle(lines, pass.row)));
      layer = pass.layer;
    }
    turn(Math.max(layer, Math.min(toLayer - 1, columns.length - 1)), end.y);
  }
  return simplified([...points, end]);
}

function startOf(wire: Wire, from: Box, grid: Grid, tracks: Tracks): Point[] {
  if (wire.below === undefined) return [{ x: from.x + from.width, y: from.y + from.height / 2 }];
  const x = from.x + wire.below;
  return [{ x, y: from.y + from.height + 18 }, { x, y: Math.max(tracks.under(grid.row.get(wire.from)!), from.y + from.height + 28) }];
}

/** Without the points that lie on a straight line. */
function simplified(points: Point[]): Point[] {
  return points.filter((point, place) => {
    const before = points[place - 1];
    const after = points[place + 1];
    if (!before || !after) return true;
    return !((before.x === point.x && point.x === after.x) || (before.y === point.y && point.y === after.y));
  });
}

function middle(span: Span): number {
  return (span.start + span.end) / 2;
}

function rowMiddle(lines: (Span & { row: number })[], row: number): number {
  return middle(lines.find((line) => line.row === row)!);
}
