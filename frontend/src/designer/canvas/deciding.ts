/* What a decision table answers on a walk by hand: the person says which row holds, and its answer decides the ways behind. */
import { answerIn } from "../feel";
import type { Drawn, KnownField } from "../model";
import { answerWords, testWords } from "../panel/cells";
import { readTables, type Table } from "../tables";
import { say, type Texts } from "../texts";
import type { Element } from "./services";

/** A row that may decide, in words, and what is known of the deal when it does: answers by the names of their fields. */
export interface Deciding {
  label: string;
  answers: Map<string, string>;
}

/* Only these answer with what stands in one row. */
const ONE_ROW = ["FIRST", "UNIQUE", "ANY", "PRIORITY"];

/** The rows of the table that a step decides by, and what is answered when none holds; none for a table elsewhere. */
export function decidings(task: Element, fields: KnownField[], texts: Texts): Deciding[] {
  const tables = readTables(task as unknown as Drawn);
  const table = tables.find((one) => one.id === task.businessObject.get("kniga:decision")) ?? tables[0];
  if (!table) return [];
  const rows = table.rows.map(({ cells }, at) => {
    const tests = cells.filter((cell) => cell.isInput).map((cell, place) => {
      const { field, label, type } = table.inputs[place]!;
      const known = fields.find((one) => one.name === field || one.name === `answer.${field}`);
      return testWords(cell.text, known ? { ...known, label: label || known.label } : { name: field, label: label || field, type }, texts);
    });
    const when = tests.filter(Boolean).join("; ") || say(texts, "rowAnything");
    return decidingOf(table, `${at + 1}. ${when}`, cells.filter((cell) => !cell.isInput).map((cell) => cell.text), texts);
  });
  const otherwise = decidingOf(table, say(texts, "tableOtherwise"), table.outputs.map((output) => output.otherwise), texts);
  return [...rows, otherwise];
}

function decidingOf(table: Table, when: string, cells: string[], texts: Texts): Deciding {
  const answers = new Map<string, string>();
  const told = table.outputs.map(({ key, type }, place) => {
    const value = answerIn(cells[place] ?? "", type);
    if (value && ONE_ROW.includes(table.policy)) answers.set(`answer.${key}`, value);
    return answerWords(cells[place] ?? "", type, (name) => say(texts, name));
  });
  return { label: `${when} → ${told.join(", ")}`, answers };
}
