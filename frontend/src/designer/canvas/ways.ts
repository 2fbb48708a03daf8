/* Which way a gateway takes after an outcome, as far as the outcome alone decides it. Kleene's logic: true, false, null. */
import type { Element, Moddle } from "./services";

type Truth = boolean | null;
type Rule = Record<string, unknown>;

export interface Way {
  flow: Element;
  isDefault: boolean;
}

/** The ways that may be taken: one when the outcome decides, else those that it does not rule out. */
export function openWays(gateway: Element, outcome: string | null): Way[] {
  const fallback = gateway.businessObject["default"] as Moddle | undefined;
  const ways = gateway.outgoing.map((flow) => ({ flow, isDefault: flow.businessObject === fallback }));
  const open: Way[] = [];
  for (const way of ways.filter((one) => !one.isDefault)) {
    const truth = holds(ruleOf(way.flow), outcome);
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

function holds(rule: Rule | null, outcome: string | null): Truth {
  if (!rule) return null;
  if (Array.isArray(rule["all"])) return conjunction((rule["all"] as Rule[]).map((one) => holds(one, outcome)));
  if (Array.isArray(rule["any"])) return negation(conjunction((rule["any"] as Rule[]).map((one) => negation(holds(one, outcome)))));
  if (rule["not"]) return negation(holds(rule["not"] as Rule, outcome));
  if (rule["field"] !== "outcome" || outcome === null) return null;
  const { op, value } = rule;
  if (op === "eq") return value === outcome;
  if (op === "ne") return value !== outcome;
  if (op === "in" && Array.isArray(value)) return value.includes(outcome);
  if (op === "not_in" && Array.isArray(value)) return !value.includes(outcome);
  return null;
}

function conjunction(truths: Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

function negation(truth: Truth): Truth {
  return truth === null ? null : !truth;
}
