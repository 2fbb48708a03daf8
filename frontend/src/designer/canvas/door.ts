/* The server's answers about a draft. Nothing here knows the diagram. */

/* Bytes; browsers take 64 KB from a page that is going, headers and all. */
const KEPT_ALIVE = 60_000;
/* Characters, of two bytes mostly; the server takes ten million bytes. Of a larger file the bytes are not kept. */
const BOTH_AT_ONCE = 4_000_000;

export interface Problem {
  code: string;
  severity: "error" | "warning";
  element: string;
  place: string;
  message: string;
  cure: string;
  path: string[];
  /** The rows of a decision table it is about, counted from one. */
  rows: number[];
}

export interface State {
  id: number;
  key: string;
  name: string;
  revision: number;
  xml: string;
  updated_by: string;
  updated_at: string;
  /** Whether it was saved last by the reader: in another window. */
  own: boolean;
  published: number | null;
}

export interface Checked {
  verdict: string;
  problems: Problem[];
  seconds?: number;
}

export interface Difference {
  element: string;
  name: string;
  field: string;
  label: string;
  base: string | null;
  theirs: string | null;
  mine: string | null;
  both: boolean;
}

export interface Structural {
  element: string;
  name: string;
  field: string;
  kind: "added" | "removed" | "moved";
  whose: "theirs" | "mine";
  both: boolean;
}

export interface Choice {
  element: string;
  field: string;
  side: "mine" | "theirs";
}

export interface Conflict {
  revision: number;
  by: string;
  at: string;
  own: boolean;
  xml: string;
  differences: Difference[];
  structure: Structural[];
}

export type Answer =
  | { kind: "saved"; revision: number; checked: Checked; merged: string | null }
  | { kind: "conflict"; conflict: Conflict }
  | { kind: "refused"; message: string; cure: string }
  | { kind: "away"; reason: "offline" | "signed_out" | "failing" }
  | { kind: "gone"; end: End };

/** What became of a draft that is no longer open, what to do, and where it is now. */
export interface End {
  message: string;
  cure: string;
  url: string;
}

export interface Addresses {
  state: string;
  check: string;
  catalog: string;
}

export function headers(): Record<string, string> {
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") as Record<string, string>;
  return { "Content-Type": "application/json", Accept: "application/json", ...token };
}

export async function endOf(response: Response): Promise<End> {
  const told = (await response.json().catch(() => ({}))) as Partial<End>;
  return { message: told.message ?? "", cure: told.cure ?? "", url: told.url ?? "" };
}

export class Door {
  constructor(private readonly addresses: Addresses) {}

  async state(): Promise<State> {
    return (await fetch(this.addresses.state, { headers: headers() })).json() as Promise<State>;
  }

  async catalog(): Promise<unknown> {
    return (await fetch(this.addresses.catalog, { headers: headers() })).json();
  }

  async check(xml: string): Promise<Checked> {
    const response = await fetch(this.addresses.check, { method: "POST", headers: headers(), body: JSON.stringify({ xml }) });
    return response.json() as Promise<Checked>;
  }

  /** Why a file cannot be taken in, in the words of the page; "" when it can. */
  async hindrance(xml: string): Promise<string> {
    const response = await fetch(this.addresses.check, { method: "POST", headers: headers(), body: JSON.stringify({ xml }) });
    if (response.ok) return "";
    const told = (await response.json().catch(() => ({}))) as { message?: string; cure?: string };
    return `${told.message ?? response.statusText} ${told.cure ?? ""}`.trim();
  }

  /** Save what began as `revision`, which the designer writes as `before`; `choices` says whose change holds where the last answer was a conflict. */
  async save(revision: number, xml: string, choices: Choice[], before: string | null = null): Promise<Answer> {
    const isSmall = xml.length + (before?.length ?? 0) < BOTH_AT_ONCE;
    const body = JSON.stringify({ base_revision: revision, xml, choices, before: isSmall ? before : null });
    // What is small enough arrives even when the page is left at this moment.
    const keepalive = new Blob([body]).size < KEPT_ALIVE;
    let response: Response;
    try {
      response = await fetch(this.addresses.state, { method: "PUT", headers: headers(), body, keepalive });
    } catch {
      return { kind: "away", reason: "offline" };
    }
    const isJson = response.headers.get("Content-Type")?.includes("json") ?? false;
    if (response.redirected || response.status === 403 || response.status === 401) return { kind: "away", reason: "signed_out" };
    if (response.status === 404) return { kind: "gone", end: await endOf(response) };
    if (response.status >= 500) return { kind: "away", reason: "failing" };
    if (!isJson) return { kind: "away", reason: "offline" };
    const told = (await response.json()) as Record<string, unknown>;
    if (response.status === 409) return { kind: "conflict", conflict: told as unknown as Conflict };
    if (!response.ok) return { kind: "refused", message: String(told["message"] ?? ""), cure: String(told["cure"] ?? "") };
    return {
      kind: "saved",
      revision: Number(told["revision"]),
      checked: { verdict: String(told["verdict"] ?? ""), problems: (told["problems"] ?? []) as Problem[] },
      merged: told["merged"] ? String(told["xml"] ?? "") : null,
    };
  }
}
