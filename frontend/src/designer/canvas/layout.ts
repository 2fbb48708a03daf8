/* From cells to places and lines. Lines run between the layers and the rows only, so none goes through an element. */
import { arrange, grouped, type Edge, type Grid, type Node } from "./grid";
import type { Box, Point } from "./services";

const BETWEEN_ROWS = 46;
/** How much more between two lanes: names and loops find place there. */
const BETWEEN_LANES = 34;
const BETWEEN_LAYERS = 56;
const FOR_A_NAME = 74;
const TRACK = 12;
/** How high above the first row a loop may run: what holds a scope has so much room inside. */
const HIGHEST = -36;

export interface Wire extends Edge {
  /** Whether a name stands on it: then it gets room. */
  named: boolean;
  /** Whether it starts at a gateway: then it may leave above or below it. */
  parts?: boolean;
  /** Where it leaves the lower edge of its element instead of the right one: it starts at a boundary event. */
  below?: number;
}

export interface Places {
  boxes: Map<string, Box>;
  lines: Map<string, Point[]>;
  width: number;
  height: number;
  /** From where to where each lane reaches, the edges of the rows: what is above the first and below the last is free. */
  lanes: Span[];
}

interface Tracks {
  /** The next free line in the gap right of a layer, below a row, below all that stands between two layers. */
  gap(layer: number): number;
  under(row: number): number;
  loop(from: number, to: number): number;
  /** The same above them; null when there is no more room. */
  over(from: number, to: number): number | null;
}

interface Uprights {
  /** Whether the column of an element is free from its row to another: its side there is not in use, and nothing stands there. */
  isFree(id: string, use: Use, to: number): boolean;
  take(id: string, use: Use, to: number): void;
  /** The rows below and above all others. */
  lowest: number;
  highest: number;
}

type Use = "out" | "in";

/** Places for all of a scope; its nodes say in which of its lanes they stand. */
export function layOut(nodes: readonly Node[], wires: readonly Wire[], lanes = 1): Places {
  const grid = arrange(nodes, wires, lanes);
  const columns = columnsOf(nodes, wires, grid);
  const lines = rowsOf(nodes, grid);
  const boxes = new Map(nodes.map((node) => [node.id, boxOf(node, grid, columns, lines)]));
  const bottom = lines.at(-1)!.end;
  const uprights = uprightsOf(wires, grid);
  const tracks = tracksOf(columns, lines, used(grid, lines));
  const drawn = new Map(shortLoopsFirst(wires, grid).map((wire) => [wire.id, lineOf(wire, grid, boxes, columns, lines, { ...tracks, ...uprights })]));
  const lowest = Math.max(bottom, ...[...drawn.values()].flat().map((point) => point.y + TRACK));
  return { boxes, lines: drawn, width: columns.at(-1)!.end, height: lowest, lanes: lanesOf(grid, lines, lowest) };
}

function lanesOf(grid: Grid, lines: Row[], lowest: number): Span[] {
  const at = (row: number): Row => lines.find((line) => line.row === row)!;
  const between = (upper: number, lower: number): number => Math.round((at(upper).end + at(lower).start) / 2);
  return grid.bands.map(({ first, last }, lane) => ({
    start: lane ? between(grid.bands[lane - 1]!.last, first) : 0,
    end: lane < grid.bands.length - 1 ? between(last, grid.bands[lane + 1]!.first) : lowest,
  }));
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

interface Row extends Span {
  row: number;
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
function rowsOf(nodes: readonly Node[], grid: Grid): Row[] {
  const passing = [...grid.passes.values()].flat().map((pass) => pass.row);
  const used = [...grid.row.values(), ...passing, ...grid.bands.flatMap(({ first, last }) => [first, last])];
  const spans: Row[] = [];
  let y = 0;
  for (let row = Math.min(0, ...used); row <= Math.max(0, ...used); row += 1) {
    if (y && grid.bands.some(({ first }) => first === row)) y += BETWEEN_LANES;
    const inRow = nodes.filter((node) => grid.row.get(node.id) === row);
    const height = Math.max(inRow.length ? 80 : 20, ...inRow.map((node) => node.height));
    spans.push({ start: y, end: y + height, row });
    y += height + BETWEEN_ROWS;
  }
  return spans;
}

function boxOf(node: Node, grid: Grid, columns: Span[], lines: Row[]): Box {
  const column = columns[grid.layer.get(node.id)!]!;
  const x = middle(column) - node.width / 2;
  return { x: Math.round(x), y: Math.round(rowMiddle(lines, grid.row.get(node.id)!) - node.height / 2), width: node.width, height: node.height };
}

/** From where to where each layer is in use. */
function used(grid: Grid, lines: Row[]): Span[] {
  const found: Span[] = [];
  const use = (layer: number, row: number): void => {
    const { start, end } = lines.find((line) => line.row === row)!;
    found[layer] = { start: Math.min(found[layer]?.start ?? start, start), end: Math.max(found[layer]?.end ?? end, end) };
  };
  for (const [id, row] of grid.row) use(grid.layer.get(id)!, row);
  for (const pass of [...grid.passes.values()].flat()) use(pass.layer, pass.row);
  return found;
}

function tracksOf(columns: Span[], lines: Row[], inUse: Span[]): Tracks {
  const counts = new Map<string, number>();
  const next = (key: string): number => {
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return count;
  };
  return {
    gap: (layer) => (layer < 0 ? -24 - TRACK * next("gap-1") : columns[layer]!.end + 22 + TRACK * next(`gap${layer}`)),
    under: (row) => lines.find((line) => line.row === row)!.end + 14 + (TRACK / 2) * next(`under${row}`),
    loop: (from, to) => {
      const span = inUse.slice(Math.min(from, to), Math.max(from, to) + 1);
      const y = Math.max(...span.map((one) => one.end)) + 22;
      for (const one of span) one.end = y;
      return y;
    },
    over: (from, to) => {
      const span = inUse.slice(Math.min(from, to), Math.max(from, to) + 1);
      const y = Math.min(...span.map((one) => one.start)) - 18;
      if (y < HIGHEST) return null;
      for (const one of span) one.start = y;
      return y;
    },
  };
}

/** Each side of an element is taken once, but for loops that come in there together. */
function uprightsOf(wires: readonly Wire[], grid: Grid): Uprights {
  const passes = [...grid.passes.values()].flat();
  const cell = (layer: number, row: number): string => `${layer},${row}`;
  const taken = new Set([...[...grid.row].map(([id, row]) => cell(grid.layer.get(id)!, row)), ...passes.map((pass) => cell(pass.layer, pass.row))]);
  const rows = [...grid.row.values(), ...passes.map((pass) => pass.row)];
  const below = new Set(wires.filter((wire) => wire.below !== undefined).map((wire) => wire.from));
  const sides = new Map<string, Use>();
  const sideOf = (id: string, to: number): string => `${id} ${to < grid.row.get(id)! ? "above" : "below"}`;
  const cells = (id: string, to: number): string[] => {
    const row = grid.row.get(id)!;
    return Array.from({ length: Math.abs(to - row) }, (_, at) => cell(grid.layer.get(id)!, row + (to < row ? -1 : 1) * (at + 1)));
  };
  return {
    isFree: (id, use, to) => {
      const before = sides.get(sideOf(id, to));
      if (before) return use === "in" && before === "in";
      return !(below.has(id) && to > grid.row.get(id)!) && !cells(id, to).some((one) => taken.has(one));
    },
    take: (id, use, to) => {
      sides.set(sideOf(id, to), use);
      for (const one of cells(id, to)) taken.add(one);
    },
    lowest: Math.max(0, ...rows) + 1,
    highest: Math.min(0, ...rows) - 1,
  };
}

function lineOf(wire: Wire, grid: Grid, boxes: Map<string, Box>, columns: Span[], lines: Row[], tracks: Tracks & Uprights): Point[] {
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
    const over = wire.parts && !isFreeBothWays(wire, tracks.lowest, tracks) && isFreeBothWays(wire, tracks.highest, tracks) ? tracks.over(fromLayer, toLayer) : null;
    const side = over === null ? tracks.lowest : tracks.highest;
    const y = over ?? tracks.loop(fromLayer, toLayer);
    if (wire.parts && tracks.isFree(wire.from, "out", side)) {
      tracks.take(wire.from, "out", side);
      points.splice(0, 1, sideOf(from, y), { x: middleOf(from), y });
    } else turn(fromLayer, y);
    if (wire.from !== wire.to && tracks.isFree(wire.to, "in", side)) {
      tracks.take(wire.to, "in", side);
      return simplified([...points, { x: middleOf(to), y }, sideOf(to, y)]);
    }
    turn(toLayer - 1, end.y);
  } else {
    const first = grid.passes.get(wire.id)?.[0]?.row;
    const [row, next] = [grid.row.get(wire.from)!, first ?? grid.row.get(wire.to)!];
    if (wire.parts && next !== row && tracks.isFree(wire.from, "out", next)) {
      tracks.take(wire.from, "out", next);
      const y = first === undefined ? end.y : Math.round(rowMiddle(lines, first));
      points.splice(0, 1, sideOf(from, y), { x: middleOf(from), y });
    }
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

function isFreeBothWays(wire: Wire, side: number, uprights: Uprights): boolean {
  return uprights.isFree(wire.from, "out", side) && uprights.isFree(wire.to, "in", side);
}

function middleOf(box: Box): number {
  return box.x + box.width / 2;
}

/** The middle of the upper or lower side, whichever is towards `y`. */
function sideOf(box: Box, y: number): Point {
  return { x: middleOf(box), y: y < box.y ? box.y : box.y + box.height };
}

function middle(span: Span): number {
  return (span.start + span.end) / 2;
}

function rowMiddle(lines: Row[], row: number): number {
  return middle(lines.find((line) => line.row === row)!);
}
