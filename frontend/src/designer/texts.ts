/* The words of the page's language, and what the page offers to choose from. */
import type { KnownField } from "./model";
import { pageLanguage } from "./numbers";

export type Texts = Record<string, string>;

export interface Option {
  key: string;
  name: string;
}

export interface ActionParam {
  name: string;
  label: string;
  type: string;
  required: boolean;
  literal?: boolean;
  choices?: Option[] | null;
}

/** The answer of `GET drafts/catalog/`. */
export interface Catalog {
  roles: Option[];
  skills: string[];
  stages: Option[];
  templates: { document: Option[]; letter: Option[] };
  fields: (Omit<KnownField, "choices"> & { choices?: Option[] })[];
  actions: { name: string; label: string; params: ActionParam[] }[];
  processes: Option[];
  placeholders: { name: string; label: string }[];
  process_kinds: Option[];
}

/** A text of the page with its gaps filled; its own name when the page does not have it. */
export function say(texts: Texts, name: string, gaps: Record<string, string | number> = {}): string {
  return (texts[name] ?? name).replace(/\{(\w+)\}/g, (all, gap: string) => String(gaps[gap] ?? all));
}

/** "2 days" in the page's language. A quarter is no unit of the browser's, so the page says it. */
export function unitsWords(texts: Texts, unit: string, number: number): string {
  if (unit === "quarter") return say(texts, "quarters", { number });
  return unitFormat(unit).format(number);
}

/** "days" in the page's language, as it stands after this number. */
export function unitWord(texts: Texts, unit: string, number: number): string {
  if (unit === "quarter") return say(texts, "quarter");
  return unitFormat(unit).formatToParts(number).find((piece) => piece.type === "unit")?.value ?? unit;
}

function unitFormat(unit: string): Intl.NumberFormat {
  return new Intl.NumberFormat(pageLanguage(), { style: "unit", unit, unitDisplay: "long" });
}
