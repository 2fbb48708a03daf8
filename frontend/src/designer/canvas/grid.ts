/* Where the elements of one scope stand: in layers from left to right, each flow in cells of its own, loops below.
   After Sugiyama, Tagawa and Toda (1981): break loops, layer by the longest path, order each layer by its neighbours. */

export interface Node {
  id: string;
  width: number;
  height: number;
  /** The lane it stands in, from the top: rows of one lane lie above all rows of the next. */
  band?: number;
}

export interface Edge {
  id: string;
  from: string;
  to: string;
}

/** A node's layer and row, and for every edge the row it keeps in each layer it passes. */
export interface Grid {
  layer: Map<string, number>;
  row: Map<string, number>;
  passes: Map<string, { layer: number; row: number }[]>;
  back: Set<string>;
  /** The first and the last row of each lane. */
  bands: { first: number; last: number }[];
}

export function arrange(nodes: readonly Node[], edges: readonly Edge[], bands = 1): Grid {
  const back = loops(nodes, edges);
  const forward = edges.filter((edge) => !back.has(edge.id));
  const layer = layers(nodes, forward);
  return { layer, back, ...rows(nodes, forward, layer, bands) };
}

/** The edges that lead back: what a walk in the order of the nodes meets again while it is still on its way. */
function loops(nodes: readonly Node[], edges: readonly Edge[]): Set<string> {
  const out = grouped(edges, (edge) => edge.from);
  const entered = new Set(edges.map((edge) => edge.to));
  const state = new Map<string, "open" | "done">();
  const back = new Set<string>();
  const visit = (id: string): void => {
    state.set(id, "open");
    for (const edge of out.get(id) ?? []) {
      if (state.get(edge.to) === "open") back.add(edge.id);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(id, "done");
  };
  const roots = nodes.filter((node) => !entered.has(node.id));
  for (const node of [...roots, ...nodes]) if (!state.has(node.id)) visit(node.id);
  return back;
}

function layers(nodes: readonly Node[], forward: readonly Edge[]): Map<string, number> {
  const layer = new Map(nodes.map((node) => [node.id, 0]));
  const waiting = new Map(nodes.map((node) => [node.id, 0]));
  for (const edge of forward) waiting.set(edge.to, waiting.get(edge.to)! + 1);
  const out = grouped(forward, (edge) => edge.from);
  const ready = nodes.filter((node) => !waiting.get(node.id)).map((node) => node.id);
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const edge of out.get(id) ?? []) {
      layer.set(edge.to, Math.max(layer.get(edge.to)!, layer.get(id)! + 1));
      const left = waiting.get(edge.to)! - 1;
      waiting.set(edge.to, left);
      if (!left) ready.push(edge.to);
    }
  }
  return layer;
}

interface Place {
  layer: number;
  row: number;
  band: number;
}

/** Rows: a node stands where its first way in comes from, or the nearest free row of its lane; long edges hold their
    cells, too. Rows are counted within each lane, and put one lane below another at the end. */
function rows(nodes: readonly Node[], forward: readonly Edge[], layer: Map<string, number>, bands: number): Pick<Grid, "row" | "passes" | "bands"> {
  const band = new Map(nodes.map((node) => [node.id, node.band ?? 0]));
  const row = new Map<string, number>();
  const passes = new Map<string, Place[]>(forward.map((edge) => [edge.id, []]));
  const taken = new Map<string, Set<number>>();
  const place = (at: number, lane: number, wish: number): number => {
    const used = taken.get(`${at},${lane}`) ?? new Set();
    taken.set(`${at},${lane}`, used);
    let found = wish;
    for (let step = 1; used.has(found); step += 1) found = wish + (step % 2 ? (step + 1) / 2 : -step / 2);
    used.add(found);
    return found;
  };
  const last = Math.max(0, ...layer.values());
  const into = grouped(forward, (edge) => edge.to);
  const out = grouped(forward, (edge) => edge.from);
  for (let at = 0; at <= last; at += 1) {
    const here = nodes.filter((node) => layer.get(node.id) === at);
    const inLane = (id: string, edges: readonly Edge[]): Edge[] => edges.filter((edge) => band.get(edge.from) === band.get(id));
    const wishes = here.map((node) => ({ id: node.id, wish: wishOf(inLane(node.id, into.get(node.id) ?? []), row, passes, out) }));
    wishes.sort((a, b) => a.wish - b.wish);
    for (const { id, wish } of wishes) row.set(id, place(at, band.get(id)!, wish));
    for (const edge of forward.filter((one) => layer.get(one.from)! < at && layer.get(one.to)! > at)) {
      const before = passes.get(edge.id)!;
      const wish = before.at(-1)?.row ?? wishOf([edge], row, passes, out);
      before.push({ layer: at, band: band.get(edge.from)!, row: place(at, band.get(edge.from)!, wish) });
    }
  }
  return stacked(row, passes, band, bands);
}

/** The rows of all lanes, counted through: the first lane keeps its numbers. */
function stacked(row: Map<string, number>, passes: Map<string, Place[]>, band: Map<string, number>, bands: number): Pick<Grid, "row" | "passes" | "bands"> {
  const found: { first: number; last: number }[] = [];
  const moved: number[] = [];
  for (let lane = 0; lane < bands; lane += 1) {
    const own = [...[...row].filter(([id]) => band.get(id) === lane).map(([, at]) => at), ...[...passes.values()].flat().filter((pass) => pass.band === lane).map((pass) => pass.row)];
    const [top, bottom] = [Math.min(...(own.length ? own : [0])), Math.max(...(own.length ? own : [0]))];
    const first = lane ? found[lane - 1]!.last + 1 : Math.min(0, top);
    moved.push(lane ? first - top : 0);
    found.push({ first, last: bottom + moved[lane]! });
  }
  return {
    row: new Map([...row].map(([id, at]) => [id, at + moved[band.get(id)!]!])),
    passes: new Map([...passes].map(([id, all]) => [id, all.map((pass) => ({ layer: pass.layer, row: pass.row + moved[pass.band]! }))])),
    bands: found,
  };
}

/** The row from which a node is entered first; a second way out of the same node wants a row of its own. */
function wishOf(into: readonly Edge[], row: Map<string, number>, passes: Map<string, Place[]>, out: Map<string, Edge[]>): number {
  const from = into.map((edge) => {
    const own = passes.get(edge.id)?.at(-1)?.row ?? row.get(edge.from) ?? 0;
    const place = passes.get(edge.id)?.length ? 0 : (out.get(edge.from) ?? []).indexOf(edge);
    return own + place;
  });
  return from.length ? Math.min(...from) : 0;
}

export function grouped<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}
