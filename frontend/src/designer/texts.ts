/* The words of the page's language, and what the page offers to choose from. */
import type { KnownField } from "./model";

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
  choices?: { key: string; label: string }[];
}

/** The answer of `GET drafts/catalog/`. */
export interface Catalog {
  roles: Option[];
  skills: string[];
  stages: Option[];
  templates: { document: Option[]; letter: Option[] };
  fields: KnownField[];
  actions: { name: string; label: string; params: ActionParam[] }[];
  processes: Option[];
}

export const EMPTY_CATALOG: Catalog = {
  roles: [],
  skills: [],
  stages: [],
  templates: { document: [], letter: [] },
  fields: [],
  actions: [],
  processes: [],
};

/** A text of the page with its gaps filled; its own name when the page does not have it. */
export function say(texts: Texts, name: string, gaps: Record<string, string | number> = {}): string {
  return (texts[name] ?? name).replace(/\{(\w+)\}/g, (all, gap: string) => String(gaps[gap] ?? all));
}

/** A text with a number: `name_one`, `name_few`, `name_many`, `name_other` as the language has them. */
export function sayNumber(texts: Texts, name: string, number: number): string {
  const form = new Intl.PluralRules(document.documentElement.lang || "en").select(number);
  const found = texts[`${name}_${form}`] === undefined ? `${name}_other` : `${name}_${form}`;
  return say(texts, found, { number });
}
