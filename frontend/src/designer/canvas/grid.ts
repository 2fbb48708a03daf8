/* Where the elements of one scope stand: in layers from left to right, each flow in cells of its own, loops below.
   After Sugiyama, Tagawa and Toda (1981): break loops, layer by the longest path, order each layer by its neighbours. */

export interface Node {
  id: string;
  width: number;
  height: number;
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
}

export function arrange(nodes: readonly Node[], edges: readonly Edge[]): Grid {
  const back = loops(nodes, edges);
  const forward = edges.filter((edge) => !back.has(edge.id));
  const layer = layers(nodes, forward);
  const { row, passes } = rows(nodes, forward, layer);
  return { layer, row, passes, back };
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

/** Rows: a node stands where its first way in comes from, or the nearest free row; long edges hold their cells, too. */
function rows(nodes: readonly Node[], forward: readonly Edge[], layer: Map<string, number>): Pick<Grid, "row" | "passes"> {
  const row = new Map<string, number>();
  const passes = new Map<string, { layer: number; row: number }[]>(forward.map((edge) => [edge.id, []]));
  const taken: Set<number>[] = [];
  const place = (at: number, wish: number): number => {
    const used = (taken[at] ??= new Set());
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
    const wishes = here.map((node) => ({ id: node.id, wish: wishOf(into.get(node.id) ?? [], row, passes, out) }));
    wishes.sort((a, b) => a.wish - b.wish);
    for (const { id, wish } of wishes) row.set(id, place(at, wish));
    for (const edge of forward.filter((one) => layer.get(one.from)! < at && layer.get(one.to)! > at)) {
      const before = passes.get(edge.id)!;
      const wish = before.at(-1)?.row ?? wishOf([edge], row, passes, out);
      before.push({ layer: at, row: place(at, wish) });
    }
  }
  return { row, passes };
}

/** The row from which a node is entered first; a second way out of the same node wants a row of its own. */
function wishOf(into: readonly Edge[], row: Map<string, number>, passes: Grid["passes"], out: Map<string, Edge[]>): number {
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
