/* Conditions in the page: the JSON of the rules language, the operators of each type, and a rule told as a sentence. */
import type { KnownField } from "./model";
import { figure, isNumber, pageLanguage } from "./numbers";
import { say, unitsWords, type Texts } from "./texts";

export type Operand = string | number | boolean | { field: string } | FromNow | Period;

export interface FromNow {
  from_now: number;
  unit: string;
}

export interface Period {
  period: string;
  unit: string;
  count?: number;
}

export interface Comparison {
  field: string;
  type?: string;
  op: string;
  value?: Operand | Operand[];
}

export type Rule = Comparison | { all: Rule[] } | { any: Rule[] } | { not: Rule };

/** How the terms of a group count: all of them, one of them, none of them, not all of them. */
export type Mode = "all" | "any" | "none" | "notall";

const EQUAL = ["eq", "ne", "in", "not_in"];
const ORDERED = ["gt", "ge", "lt", "le", "eq", "ne", "between", "in", "not_in"];
const KNOWN = ["is_known", "is_unknown"];
const MANY = ["contains", "not_contains", "any_of", "all_of", "none_of"];
const OPERATORS: Record<string, string[]> = {
  text: ["eq", "ne", "contains", "not_contains", "starts_with", "ends_with", "in", "not_in", ...KNOWN],
  number: [...ORDERED, ...KNOWN],
  money: [...ORDERED, ...KNOWN],
  date: [...ORDERED, "within", "not_within", ...KNOWN],
  datetime: [...ORDERED, "within", "not_within", ...KNOWN],
  choice: [...EQUAL, ...KNOWN],
  multi_choice: [...MANY, ...KNOWN],
  boolean: ["eq", "ne", ...KNOWN],
  reference: [...EQUAL, ...KNOWN],
  multi_reference: [...MANY, ...KNOWN],
};
const LISTS = ["in", "not_in", "any_of", "all_of", "none_of"];
export const OTHER_FIELD_OPERATORS = ["eq", "ne", "lt", "le", "gt", "ge"];
export const CALENDAR_UNITS = ["day", "week", "month", "quarter", "year"];

/** The operators of a type, the usual ones first; `current` stays among them even if it is rare. */
export function operatorsOf(type: string, current = ""): string[] {
  const found = OPERATORS[type] ?? KNOWN;
  return current && !found.includes(current) ? [...found, current] : found;
}

export function takesList(op: string): boolean {
  return LISTS.includes(op);
}

export function takesNothing(op: string): boolean {
  return KNOWN.includes(op);
}

export function takesPeriod(op: string): boolean {
  return op === "within" || op === "not_within";
}

/** A rule from its JSON text; null when it is none, so that the form shows the text and leaves it alone. */
export function parseRule(text: string): Rule | null {
  try {
    const found: unknown = JSON.parse(text);
    return isRule(found) ? found : null;
  } catch {
    return null;
  }
}

function isRule(found: unknown): found is Rule {
  if (!found || typeof found !== "object" || Array.isArray(found)) return false;
  const rule = found as Record<string, unknown>;
  if (typeof rule.field === "string") return typeof rule.op === "string";
  if (Object.keys(rule).length !== 1) return false;
  const terms = rule.all ?? rule.any;
  return Array.isArray(terms) ? terms.every(isRule) : isRule(rule.not);
}

export function isComparison(rule: Rule): rule is Comparison {
  return "field" in rule;
}

/** A rule as a group with a mode; a single comparison is a group of one. */
export function groupOf(rule: Rule): { mode: Mode; terms: Rule[] } {
  if (isComparison(rule)) return { mode: "all", terms: [rule] };
  if ("all" in rule) return { mode: "all", terms: rule.all };
  if ("any" in rule) return { mode: "any", terms: rule.any };
  if (!isComparison(rule.not) && "all" in rule.not) return { mode: "notall", terms: rule.not.all };
  if (!isComparison(rule.not) && "any" in rule.not) return { mode: "none", terms: rule.not.any };
  return { mode: "none", terms: [rule.not] };
}

/** The rule of a group, written as short as it can be; null when nothing is left in it. */
export function ruleOf(mode: Mode, terms: Rule[]): Rule | null {
  const [first] = terms;
  if (!first) return null;
  const isOne = terms.length === 1;
  if (mode === "all") return isOne ? first : { all: terms };
  if (mode === "any") return { any: terms };
  if (mode === "none") return { not: isOne && isComparison(first) ? first : { any: terms } };
  return { not: { all: terms } };
}

/** A comparison to begin with for a field: the first operator of its type and no value yet. */
export function comparisonOf(field: KnownField): Comparison {
  const op = operatorsOf(field.type)[0]!;
  return { field: field.name, op, value: firstValue(field, op) };
}

/** What a comparison of this field and operator holds before anybody chose. */
export function firstValue(field: KnownField, op: string): Comparison["value"] {
  if (takesNothing(op)) return undefined;
  if (takesPeriod(op)) return { period: "this", unit: "week" };
  const one = field.type === "boolean" ? true : (field.choices?.[0]?.key ?? "");
  if (op === "between") return ["", ""];
  return takesList(op) ? (one === "" ? [] : [one]) : one;
}

/** A rule in words, with the labels of the fields. */
export function ruleSentence(rule: Rule, fields: KnownField[], texts: Texts): string {
  if (isComparison(rule)) return comparisonSentence(rule, fields, texts);
  if ("not" in rule) return say(texts, "ruleNot", { term: ruleSentence(rule.not, fields, texts) });
  const terms = "all" in rule ? rule.all : rule.any;
  const told = terms.map((term) => {
    const sentence = ruleSentence(term, fields, texts);
    return isComparison(term) || "not" in term || groupOf(term).terms.length < 2 ? sentence : `(${sentence})`;
  });
  return told.join(say(texts, "all" in rule ? "ruleAnd" : "ruleOr"));
}

function comparisonSentence(rule: Comparison, fields: KnownField[], texts: Texts): string {
  const field = fields.find((known) => known.name === rule.field);
  const type = rule.type ?? field?.type ?? "text";
  const values = Array.isArray(rule.value) ? rule.value : rule.value === undefined ? [] : [rule.value];
  const shown = values.map((value) => operandWords(value, field, type, fields, texts));
  const gaps = { field: field?.label ?? rule.field, value: shown.join(", "), low: shown[0] ?? "", high: shown[1] ?? "" };
  const isDate = type === "date" || type === "datetime";
  const isMany = type.startsWith("multi_");
  const kinds = [isMany ? `ruleMany_${rule.op}` : "", isDate ? `ruleDate_${rule.op}` : "", `rule_${rule.op}`];
  return say(texts, kinds.find((kind) => kind && texts[kind] !== undefined) ?? `rule_${rule.op}`, gaps);
}

function operandWords(value: Operand, field: KnownField | undefined, type: string, fields: KnownField[], texts: Texts): string {
  if (typeof value === "boolean") return say(texts, value ? "yes" : "no");
  if (typeof value === "object") {
    if ("field" in value) return say(texts, "ruleField", { field: fields.find((one) => one.name === value.field)?.label ?? value.field });
    if ("from_now" in value) return fromNowWords(value, type, texts);
    return periodWords(value, texts);
  }
  const label = field?.choices?.find((choice) => choice.key === String(value))?.label;
  if (label) return say(texts, "quoted", { text: label });
  if (value === "") return "…";
  if (isNumber(type)) return figure(String(value), type, pageLanguage());
  if (type === "date" || type === "datetime") return dayWords(String(value), type);
  return say(texts, "quoted", { text: String(value) });
}

function dayWords(value: string, type: string): string {
  const at = new Date(type === "date" ? `${value}T12:00:00` : value);
  if (Number.isNaN(at.getTime())) return value;
  const style = type === "date" ? ({ dateStyle: "medium" } as const) : ({ dateStyle: "medium", timeStyle: "short" } as const);
  return new Intl.DateTimeFormat(pageLanguage(), style).format(at);
}

function fromNowWords(value: FromNow, type: string, texts: Texts): string {
  if (!Number(value.from_now)) return say(texts, type === "datetime" ? "now" : "today");
  const units = unitsWords(texts, value.unit, Math.abs(Number(value.from_now)));
  return say(texts, Number(value.from_now) > 0 ? "unitsAhead" : "unitsAgo", { units });
}

function periodWords(value: Period, texts: Texts): string {
  if (["this", "previous", "next"].includes(value.period)) return say(texts, `period_${value.period}_${value.unit}`);
  return say(texts, `period_${value.period}`, { units: unitsWords(texts, value.unit, Number(value.count ?? 1)) });
}
