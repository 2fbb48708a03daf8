/* Which way a gateway takes after an outcome, as far as the outcome and what tables answered decide it. Kleene's logic: true, false, null. */
import type { Element, Moddle } from "./services";

type Truth = boolean | null;
type Rule = Record<string, unknown>;

export interface Way {
  flow: Element;
  isDefault: boolean;
}

/** The ways that may be taken: one when what is known decides, else those that it does not rule out. `answers` are those of
    decision tables, by the names of their fields. */
export function openWays(gateway: Element, outcome: string | null, answers: ReadonlyMap<string, string> = new Map()): Way[] {
  const known = new Map([...answers, ...(outcome === null ? [] : [["outcome", outcome] as const])]);
  const fallback = gateway.businessObject["default"] as Moddle | undefined;
  const ways = gateway.outgoing.map((flow) => ({ flow, isDefault: flow.businessObject === fallback }));
  const open: Way[] = [];
  for (const way of ways.filter((one) => !one.isDefault)) {
    const truth = holds(ruleOf(way.flow), known);
    if (truth !== false) open.push(way);
    if (truth === true) return open;
  }
  return [...open, ...ways.filter((one) => one.isDefault)];
}

function ruleOf(flow: Element): Rule | null {
  const body = (flow.businessObject["conditionExpression"] as { body?: string } | undefined)?.body;
  try {
    return body ? (JSON.parse(body) as Rule) : null;
  } catch {
    return null;
  }
}

function holds(rule: Rule | null, known: ReadonlyMap<string, string>): Truth {
  if (!rule) return null;
  if (Array.isArray(rule["all"])) return conjunction((rule["all"] as Rule[]).map((one) => holds(one, known)));
  if (Array.isArray(rule["any"])) return negation(conjunction((rule["any"] as Rule[]).map((one) => negation(holds(one, known)))));
  if (rule["not"]) return negation(holds(rule["not"] as Rule, known));
  const given = known.get(String(rule["field"]));
  return given === undefined ? null : compared(given, rule["op"], rule["value"]);
}

function compared(given: string, op: unknown, value: unknown): Truth {
  if (Array.isArray(value)) {
    const isOne = value.some((one) => isSame(given, one));
    return op === "in" ? isOne : op === "not_in" ? !isOne : null;
  }
  if (typeof value === "object" || value === undefined) return null;
  if (op === "eq") return isSame(given, value);
  if (op === "ne") return !isSame(given, value);
  const [one, other] = [Number(given), Number(value)];
  if (Number.isNaN(one) || Number.isNaN(other)) return null;
  if (op === "lt") return one < other;
  if (op === "le") return one <= other;
  if (op === "gt") return one > other;
  return op === "ge" ? one >= other : null;
}

function isSame(given: string, value: unknown): boolean {
  const isNumber = given.trim() !== "" && !Number.isNaN(Number(given));
  return isNumber ? Number(given) === Number(value) : given === String(value);
}

function conjunction(truths: Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

function negation(truth: Truth): Truth {
  return truth === null ? null : !truth;
}
