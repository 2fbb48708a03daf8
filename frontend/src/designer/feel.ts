/* The cells of decision tables as comparisons of one field, and back: the part of FEEL (DMN 1.3, 10.3) that a form can
   hold. What is more than that is null here, and stays the text it is. */
import type { Comparison } from "./rules";

/** A cell that anything meets has no comparison. */
export type CellTest = Comparison | "anything";

type Found = { kind: string; value: string };

const KINDS: Record<string, string> = { text: "text", choice: "text", number: "number", money: "number", boolean: "boolean", date: "date", datetime: "datetime" };
const SIGNS: Record<string, string> = { "<": "lt", "<=": "le", ">": "gt", ">=": "ge" };
const RANGES: Record<string, string> = { "[]": "between", "[)": "from_below", "(]": "above_to", "()": "inside" };
const KNOWN = ["is_known", "is_unknown"];
const ORDERED = ["gt", "ge", "lt", "le", "between", "from_below"];
const OPERATORS: Record<string, string[]> = {
  text: ["eq", "in", "other", ...KNOWN],
  choice: ["eq", "in", "other", ...KNOWN],
  number: [...ORDERED, "eq", "in", "other", ...KNOWN],
  money: [...ORDERED, "eq", "in", "other", ...KNOWN],
  date: [...ORDERED, "eq", ...KNOWN],
  datetime: [...ORDERED, ...KNOWN],
  boolean: ["eq", ...KNOWN],
};
/* Outside of quotes a literal has no bracket, comma or sign. */
const LITERAL = String.raw`"(?:[^"\\]|\\.)*"|-?(?:\d+(?:\.\d+)?|\.\d+)|true|false|null|(?:date|date\s+and\s+time)\s*\(\s*"[^"\\]*"\s*\)|@\s*"[^"\\]*"`;
const EVERY = new RegExp(LITERAL, "gs");
const ONE = new RegExp(String.raw`^\s*(${LITERAL})\s*$`, "s");
const NEXT = new RegExp(String.raw`\s*(${LITERAL})\s*(,|$)`, "sy");
const SIGNED = new RegExp(String.raw`^\s*(<=|>=|<|>)\s*(${LITERAL})\s*$`, "s");
const RANGE = new RegExp(String.raw`^\s*([[(\]])\s*(${LITERAL})\s*\.\.\s*(${LITERAL})\s*([\])[])\s*$`, "s");
const NEGATED = /^\s*not\s*\((.*)\)\s*$/s;
const ESCAPES: Record<string, string> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/* Behind it Unicode has no characters. */
const LAST_POINT = 0x10ffff;
const ESCAPED: Record<string, string> = { n: "\n", r: "\r", t: "\t", '"': '"', "'": "'", "\\": "\\" };

/** What a cell of a field of this type can be asked; one that stands there already is among them. */
export function cellOperators(type: string, current = ""): string[] {
  const found = OPERATORS[type] ?? [];
  return current && current !== "text" && !found.includes(current) ? [...found, current] : found;
}

/** Whether a comparison has two ends. */
export function isRange(op: string): boolean {
  return Object.values(RANGES).includes(op);
}

/** What a cell asks of a field of this type; null when it is more than the form holds. */
export function testOf(cell: string, field: string, type: string): CellTest | null {
  const words = cell.trim();
  if (words === "" || words === "-" || words === "–") return "anything";
  const negated = NEGATED.exec(words);
  if (negated) return negation(negated[1]!, field, type);
  const signed = SIGNED.exec(words);
  if (signed) return compared(SIGNS[signed[1]!]!, [signed[2]!], field, type);
  const range = RANGE.exec(words);
  if (range) {
    const op = RANGES[`${range[1] === "[" ? "[" : "("}${range[4] === "]" ? "]" : ")"}`]!;
    return compared(op, [range[2]!, range[3]!], field, type);
  }
  const items = itemsOf(words);
  if (!items) return null;
  if (items.length === 1 && items[0] === "null") return { field, op: "is_unknown" };
  return compared(items.length > 1 ? "in" : "eq", items, field, type);
}

/** A comparison as a cell; null while it has no value yet. */
export function cellOf(test: CellTest, type: string): string | null {
  if (test === "anything") return "-";
  if (test.op === "is_unknown") return "null";
  if (test.op === "is_known") return "not(null)";
  const values = (Array.isArray(test.value) ? test.value : [test.value]).map((value) => feelOf(String(value ?? ""), type));
  if (!values.length || values.some((value) => value === null)) return null;
  const range = Object.entries(RANGES).find(([, op]) => op === test.op)?.[0];
  if (range) return values.length === 2 ? `${range[0]}${values[0]}..${values[1]}${range[1]}` : null;
  const sign = Object.entries(SIGNS).find(([, op]) => op === test.op)?.[0];
  if (sign) return `${sign} ${values[0]}`;
  const all = values.join(", ");
  if (test.op === "other") return `not(${all})`;
  return test.op === "ne" || test.op === "not_in" ? `not(null, ${all})` : all;
}

/** A plain value of this type that a cell of answers holds, "" for none; null when it is something else. */
export function answerIn(cell: string, type: string): string | null {
  if (!cell.trim() || cell.trim() === "null") return "";
  const found = ONE.exec(cell);
  const literal = found && literalOf(found[1]!);
  return literal && literal.kind === KINDS[type] ? literal.value : null;
}

/** A value as a cell of answers. */
export function answerCell(value: string, type: string): string {
  return feelOf(value, type) ?? "";
}

/** The texts of a list such as that of the values an output may have; null when it holds anything else. */
export function textsIn(cell: string): string[] | null {
  if (!cell.trim()) return [];
  const literals = itemsOf(cell)?.map(literalOf);
  return literals?.every((one) => one?.kind === "text") ? literals.map((one) => one!.value) : null;
}

export function textsCell(values: string[]): string {
  return values.map((value) => feelOf(value, "text")).filter(Boolean).join(", ");
}

/** The type that all literals of these cells have; null when they have none, or several. */
export function typeIn(cells: string[]): string | null {
  const kinds = new Set(cells.flatMap((cell) => [...cell.matchAll(EVERY)].map((found) => literalOf(found[0])?.kind)));
  kinds.delete("null");
  const [only] = kinds;
  return kinds.size === 1 && only ? only : null;
}

function negation(inside: string, field: string, type: string): CellTest | null {
  const items = itemsOf(inside);
  if (!items) return null;
  const values = items.filter((item) => item !== "null");
  if (!values.length) return { field, op: "is_known" };
  if (values.length === items.length) return compared("other", values, field, type);
  return compared(values.length > 1 ? "not_in" : "ne", values, field, type);
}

function compared(op: string, items: string[], field: string, type: string): CellTest | null {
  const literals = items.map(literalOf);
  if (literals.some((one) => !one || one.kind !== KINDS[type])) return null;
  if (ORDER.has(op) && !["number", "money", "date", "datetime"].includes(type)) return null;
  const values = literals.map((one) => (type === "boolean" ? one!.value === "true" : one!.value));
  if (values.includes("")) return null;
  // A list is typed with commas between its values: a value with one of its own has no place in it.
  const isList = op === "in" || op === "not_in" || op === "other";
  if (isList && values.some((value) => /[,;\n]/.test(String(value)))) return null;
  return { field, op, value: isList || isRange(op) ? values : values[0]! };
}

const ORDER = new Set([...Object.values(SIGNS), ...Object.values(RANGES)]);

function itemsOf(words: string): string[] | null {
  const found: string[] = [];
  NEXT.lastIndex = 0;
  while (NEXT.lastIndex < words.length) {
    const at = NEXT.lastIndex;
    const next = NEXT.exec(words);
    if (!next) return null;
    found.push(next[1]!);
    if (next[2] === "") return found;
    if (NEXT.lastIndex === at) return null;
  }
  return null;
}

function literalOf(word: string): Found | null {
  if (word === "null") return { kind: "null", value: "" };
  if (word === "true" || word === "false") return { kind: "boolean", value: word };
  if (word.startsWith('"')) {
    const plain = unquoted(word);
    return plain === null ? null : { kind: "text", value: plain };
  }
  const quoted = /"([^"]*)"/.exec(word)?.[1];
  if (quoted === undefined) return { kind: "number", value: word };
  const isMoment = word.startsWith("@") ? quoted.includes("T") : /^date\s+and/.test(word);
  if (isMoment) return /(Z|[+-]\d\d:\d\d)$/.test(quoted) && !Number.isNaN(Date.parse(quoted)) ? { kind: "datetime", value: quoted } : null;
  return /^\d{4}-\d\d-\d\d$/.test(quoted) ? { kind: "date", value: quoted } : null;
}

function unquoted(word: string): string | null {
  let isPlain = true;
  const text = word.slice(1, -1).replace(/\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{6}|.)/gs, (_all, code: string) => {
    if (code.length > 1) {
      const point = Number.parseInt(code.slice(1), 16);
      isPlain &&= point <= LAST_POINT;
      return isPlain ? String.fromCodePoint(point) : "";
    }
    isPlain &&= code in ESCAPED;
    return ESCAPED[code] ?? "";
  });
  return isPlain ? text : null;
}

function feelOf(value: string, type: string): string | null {
  if (value.trim() === "") return null;
  const kind = KINDS[type];
  if (kind === "text") return `"${value.replace(/["\\\n\r\t]/g, (one) => ESCAPES[one]!)}"`;
  if (kind === "date") return `date("${value}")`;
  if (kind === "datetime") return `date and time("${value}")`;
  return value;
}
