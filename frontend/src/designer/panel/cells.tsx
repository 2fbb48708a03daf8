/* The cells of a decision table: what a row asks of a field, and what it answers, each by inputs of its type. */
import { useState } from "preact/hooks";
import { answerCell, answerIn, cellOf, cellOperators, isRange, testOf, type CellTest } from "../feel";
import type { KnownField } from "../model";
import { figure, isNumber, pageLanguage } from "../numbers";
import { firstValue, ruleSentence, type Comparison } from "../rules";
import type { Texts } from "../texts";
import { useDesk, type Words } from "./context";
import { Select, TextInput } from "./inputs";
import { Constant, operatorLabel, Value } from "./rule";

interface CellProps {
  label: string;
  field: KnownField;
  cell: string;
  onWrite: (cell: string) => void;
}

/** What a row asks of a field. What the form cannot hold is kept as the text it is, and can be changed as one. */
export function InputCell({ label, field, cell, onWrite }: CellProps) {
  const { t, texts } = useDesk();
  const [begun, begin] = useState<Comparison | null>(null);
  const [isText, showText] = useState(false);
  const read = testOf(cell, field.name, field.type);
  const test: CellTest | null = begun ?? read;
  const asText = (isText && !begun) || test === null;
  const op = asText ? "text" : test === "anything" ? "anything" : test.op;
  const options = [
    { key: "anything", label: t("cellAnything") },
    ...cellOperators(field.type, op === "anything" ? "" : op).map((key) => ({ key, label: operatorLabel(key, field.type, texts) })),
    { key: "text", label: t("cellText") },
  ];
  /* Half a test is kept here alone: nothing that cannot be read comes into the file. */
  const write = (next: CellTest): void => {
    const words = cellOf(next, field.type);
    begin(words === null && next !== "anything" ? next : null);
    if (words !== null && words !== cell) onWrite(words);
  };
  const operate = (next: string): void => {
    showText(next === "text");
    if (next === "text") begin(null);
    else if (next === "anything") write("anything");
    else write({ field: field.name, op: next, value: carried(test, next, field) });
  };
  return (
    <fieldset class="kp-cell">
      <legend>{field.label}</legend>
      <Select label={label} hidden value={op} options={options} onWrite={operate} />
      {asText || test === "anything" ? null : (
        <Value isPlain term={{ ...test, op: formOp(test.op) }} field={field} fields={[]} onWrite={(value) => write({ ...test, value })} />
      )}
      {asText ? <TextInput label={label} hidden value={cell} help={t(read === null ? "cellForeign" : "cellTextHelp")} onWrite={onWrite} /> : null}
    </fieldset>
  );
}

interface AnswerProps {
  label: string;
  /** What is written before the input; the label alone is for screen readers. */
  title?: string;
  type: string;
  values: string[] | null;
  cell: string;
  onWrite: (cell: string) => void;
}

/** What a row answers. */
export function AnswerCell({ label, title, type, values, cell, onWrite }: AnswerProps) {
  const { t } = useDesk();
  const value = answerIn(cell, type);
  if (value === null) return <TextInput label={title ?? label} value={cell} help={t("cellForeign")} onWrite={onWrite} />;
  const write = (next: unknown): void => onWrite(answerCell(String(next), type));
  const choices = values?.map((one) => ({ key: one, label: one })) ?? [];
  const yesNo = [{ key: "true", label: t("yes") }, { key: "false", label: t("no") }];
  return (
    <fieldset class="kp-cell">
      <legend>{title}</legend>
      {type === "boolean" || choices.length ? <Select label={label} hidden value={value} empty={t("cellNothing")} options={type === "boolean" ? yesNo : choices} onWrite={write} /> : (
        <Constant label={label} value={value} field={{ name: "", label, type }} onWrite={write} />
      )}
    </fieldset>
  );
}

/** A test in words; "" where anything will do. */
export function testWords(cell: string, field: KnownField, texts: Texts): string {
  const test = testOf(cell, field.name, field.type);
  if (test === "anything") return "";
  return test ? ruleSentence(test, [field], texts) : `${field.label}: ${cell}`;
}

/** An answer in words. */
export function answerWords(cell: string, type: string, t: Words): string {
  const value = answerIn(cell, type);
  if (value === null) return cell;
  if (type === "boolean" && value) return t(value === "true" ? "yes" : "no");
  if (isNumber(type)) return figure(value, type, pageLanguage()) || "…";
  return value || "…";
}

/* The inputs of a test are those of the comparison it is nearest to. */
function formOp(op: string): string {
  return isRange(op) ? "between" : op === "other" ? "in" : op;
}

/* A value that was given already stays when only the comparison changes. */
function carried(test: CellTest | null, op: string, field: KnownField): Comparison["value"] {
  const given = test === null || test === "anything" || test.value === undefined ? [] : [test.value].flat();
  const first = firstValue(field, formOp(op));
  if (!given.length || first === undefined) return first;
  if (isRange(op)) return [given[0]!, given[1] ?? ""] as string[];
  return Array.isArray(first) ? (given as string[]) : given[0]!;
}
