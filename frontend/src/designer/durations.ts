/* Durations: ISO 8601 in the file, a number and a unit in the form. */
import { say, unitsWords, type Texts } from "./texts";

export type Unit = "minute" | "hour" | "day" | "week";
export const UNITS: Unit[] = ["minute", "hour", "day", "week"];

export interface Span {
  amount: number;
  unit: Unit;
}

const PATTERN = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const MINUTES: Record<string, Record<Unit, number>> = {
  working: { minute: 1, hour: 60, day: 8 * 60, week: 40 * 60 },
  absolute: { minute: 1, hour: 60, day: 24 * 60, week: 7 * 24 * 60 },
};

/** The number and unit of a duration; one of several units in the largest that holds it whole. Null if it is none. */
export function spanOf(duration: string, calendar: string): Span | null {
  const found = PATTERN.exec(duration.trim());
  if (!found || duration.trim() === "P" || duration.trim().endsWith("T")) return null;
  const [weeks, days, hours, minutes, seconds] = found.slice(1).map((digits) => Number(digits ?? 0)) as [number, number, number, number, number];
  const given = ([["week", weeks], ["day", days], ["hour", hours], ["minute", minutes]] as [Unit, number][]).filter(([, amount]) => amount);
  if (given.length === 1 && !seconds) return { unit: given[0]![0], amount: given[0]![1] };
  const size = MINUTES[calendar] ?? MINUTES.working!;
  const total = weeks * size.week + days * size.day + hours * 60 + minutes + Math.ceil(seconds / 60);
  const unit = (["week", "day", "hour"] as Unit[]).find((one) => total && total % size[one] === 0) ?? "minute";
  return { unit, amount: total / size[unit] };
}

export function durationOf({ amount, unit }: Span): string {
  const letters: Record<Unit, string> = { week: `P${amount}W`, day: `P${amount}D`, hour: `PT${amount}H`, minute: `PT${amount}M` };
  return letters[unit];
}

/** "2 working days", "4 hours": a duration as people say it; as it stands when it is none. */
export function durationWords(duration: string, calendar: string, texts: Texts): string {
  const span = spanOf(duration, calendar);
  if (!span) return duration;
  const units = unitsWords(texts, span.unit, span.amount);
  return say(texts, calendar === "absolute" ? "spanAbsolute" : "spanWorking", { units });
}
