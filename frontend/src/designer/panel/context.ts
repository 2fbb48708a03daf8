/* What every form of the designer has at hand: the model, the words, what can be chosen from. */
import { createContext } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";
import type { Findings, Found } from "../findings";
import type { BookModel, Drawn, KnownField } from "../model";
import { say, unitWord, type Catalog, type Option, type Texts } from "../texts";

export interface Desk {
  model: BookModel;
  texts: Texts;
  catalog: Catalog;
  /** Run a change of the drawing and lay it out with it; without, what is new stays where it was put. */
  arranged?: <Made>(run: () => Made) => Made;
  findings: Findings;
}

export const DeskContext = createContext<Desk | null>(null);

export interface Words {
  (name: string, gaps?: Record<string, string | number>): string;
}

export function useDesk(): Desk & { t: Words; unitName: (unit: string, number: number) => string } {
  const desk = useContext(DeskContext)!;
  const t: Words = (name, gaps) => say(desk.texts, name, gaps);
  return { ...desk, t, unitName: (unit, number) => unitWord(desk.texts, unit, number) };
}

/** Draw again after every change of the model. */
export function useModelChanges(model: BookModel): void {
  const [, again] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => model.onChange(() => again()), [model]);
}

/** What the last check found at an element. */
export function useFindings(element: Drawn): Found[] {
  const { findings } = useDesk();
  const [, again] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => findings.onChange(() => again()), [findings]);
  return findings.of(element.id);
}

/** The fields a condition may name at this place: the outcome, the answers of the book, the deal and the client. */
export function fieldsAt(desk: Desk, at: Drawn | null, withOutcome: boolean): KnownField[] {
  const { model, texts, catalog } = desk;
  const given = catalog.fields.map((field) => ({ ...field, choices: labelled(field.choices) }));
  const fields = [...model.answers(), ...given];
  if (!withOutcome || !at) return fields;
  const choices = model.outcomesBefore(at, say(texts, "plainOutcome"));
  return [{ name: "outcome", label: say(texts, "fieldOutcome"), type: "choice", choices }, ...fields];
}

/** What the catalogue calls a name is a label in a form. */
export function labelled(options: Option[] | null | undefined): { key: string; label: string }[] {
  return (options ?? []).map(({ key, name }) => ({ key, label: name }));
}
