/* A decision table in the panel: its rows are read as sentences, and each opens as a form. */
import { useRef, useState } from "preact/hooks";
import type { Found } from "../findings";
import { keyFor } from "../keys";
import type { Drawn, KnownField } from "../model";
import { canLookAt, makeTable } from "../new_tables";
import {
  addInput, addRow, moveRow, policiesFor, readTables, removeInput, removeRow, writeCell, writeOutput, writePolicy,
  type Table, type TableInput, type TableOutput, type TableRow,
} from "../tables";
import { AnswerCell, answerWords, InputCell, testWords } from "./cells";
import { fieldsAt, useDesk, useFindings, type Desk } from "./context";
import { Adder, Check, Fold, IconButton, Offer, Select, TextInput } from "./inputs";
import { Moves } from "./questions";

const TYPES = ["text", "choice", "number", "money", "boolean", "date"];

/* What is wrong with the step itself is told elsewhere. */
const OF_TABLES = /^(decision_|rows?_|bad_|wrong_row|dmn_|unknown_input)/;
/* What is collected or counted is there even if no row applies: an empty list, or none. */
const COLLECTED = ["COLLECT", "COUNT"];

export function TablesForm({ task }: { task: Drawn }) {
  return <>{readTables(task).map((table) => <TableForm key={table.id} task={task} table={table} />)}</>;
}

/** An empty table: what it looks at, what it answers. Its rows are written where every table's are. */
export function NewTableForm({ task }: { task: Drawn }) {
  const desk = useDesk();
  const { model, t } = desk;
  const [names, choose] = useState<string[]>([]);
  const [label, setLabel] = useState("");
  const [kept, keep] = useState("");
  const [type, setType] = useState("text");
  const [values, setValues] = useState<string[]>([]);
  const [policy, setPolicy] = useState("FIRST");
  const fields = fieldsAt(desk, task, false).filter(canLookAt);
  const inputs = names.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const name = model.name(task) || t("kind_BusinessRuleTask");
  const own = model.process().fields.filter((field) => TYPES.includes(field.type) && field.type !== "choice");
  const known = own.find((field) => field.key === kept);
  const answered = known?.type ?? type;
  const taken = model.answers().map((one) => one.name.slice("answer.".length));
  const make = (): void => {
    const title = label.trim() || name;
    const answer = known ? { name: known.key, label: known.label, type: known.type } : { name: keyFor(title, taken, "answer"), label: title, type: type === "choice" ? "text" : type };
    makeTable(model, task, { name, inputs, answer, values: !known && type === "choice" ? values : [], policy });
  };
  const output = { type: answered === "choice" ? "text" : answered, values: answered === "choice" ? values : [] } as TableOutput;
  const isReady = inputs.length > 0 && (answered !== "choice" || values.length > 0);
  return (
    <fieldset class="kp-checks">
      <legend>{t("tableNew")}</legend>
      {inputs.map((field) => (
        <div class="kp-row" key={field.name}>
          <span>{field.label}</span>
          <IconButton label={t("remove", { name: field.label })} sign="✕" onClick={() => choose(names.filter((one) => one !== field.name))} />
        </div>
      ))}
      <Offer label={t("tableInput")} button={t("add")} options={optionsOf(fields.filter((field) => !names.includes(field.name)), t)} onPick={(next) => choose([...names, next])} />
      {own.length ? <Select label={t("tableKeeps")} value={kept} empty={t("tableKeepsNew")} options={own.map((field) => ({ key: field.key, label: field.label || field.key }))} onWrite={keep} /> : null}
      {known ? null : <TextInput label={t("tableAnswer")} placeholder={name} value={label} onWrite={setLabel} />}
      {known ? null : <Select label={t("tableAnswerType")} value={type} options={TYPES.map((key) => ({ key, label: t(`type_${key}`) }))} onWrite={setType} />}
      {answered === "choice" ? <Values values={values} onWrite={setValues} /> : null}
      <Select label={t("policy")} value={policy} options={policiesFor({ outputs: [output], policy }).map((key) => ({ key, label: t(`policy_${key}`) }))} onWrite={setPolicy} />
      {inputs.length ? null : <p class="k-field__help">{t("tableInputFirst")}</p>}
      <button type="button" class="k-button k-button--plain k-button--small" disabled={!isReady} onClick={make}>{t("tableMake")}</button>
    </fieldset>
  );
}

function TableForm({ task, table }: { task: Drawn; table: Table }) {
  const desk = useDesk();
  const { model, t } = desk;
  const [fresh, setFresh] = useState(-1);
  const columns = table.inputs.map((input) => columnOf(desk, task, input));
  const found = useFindings(task).filter((one) => OF_TABLES.test(one.code));
  const policies = policiesFor(table).map((key) => ({ key, label: t(`policy_${key}`) }));
  const add = (): void => {
    setFresh(table.rows.length);
    addRow(model, task, table);
  };
  const ofRow = (at: number): Found[] => found.filter((one) => one.rows?.includes(at + 1));
  return (
    <div class="kp-table" role="group" aria-label={table.name}>
      <p class="kp-table__name">{table.name}</p>
      <Select label={t("policy")} value={table.policy} options={policies} onWrite={(policy) => writePolicy(model, task, table, policy)} />
      <ol class="kp-list">
        {table.rows.map((row, at) => (
          <li key={row.key}><RowForm task={task} table={table} row={row} at={at} columns={columns} found={ofRow(at)} isFresh={at === fresh} /></li>
        ))}
      </ol>
      <button type="button" class="k-button k-button--plain k-button--small" onClick={add}>{t("tableRowAdd")}</button>
      <Notes found={found.filter((one) => !one.rows?.length)} />
      {COLLECTED.includes(table.policy) ? null : <Otherwise task={task} table={table} />}
      <Columns task={task} table={table} columns={columns} />
    </div>
  );
}

interface RowProps {
  task: Drawn;
  table: Table;
  row: TableRow;
  at: number;
  columns: KnownField[];
  found: Found[];
  isFresh: boolean;
}

function RowForm({ task, table, row, at, columns, found, isFresh }: RowProps) {
  const { model, t, texts } = useDesk();
  const first = useRef(isFresh);
  const number = at + 1;
  const asked = row.cells.filter((cell) => cell.isInput);
  const answers = row.cells.filter((cell) => !cell.isInput);
  const tests = asked.map((cell, place) => (columns[place] ? testWords(cell.text, columns[place], texts) : cell.text)).filter(Boolean);
  const told = answers.map((cell, place) => answerWords(cell.text, table.outputs[place]?.type ?? "text", t));
  const worst = found.some((one) => one.severity === "error") ? "error" : "warning";
  return (
    <details class="kp-item" open={first.current}>
      <summary>
        <span><span class="kp-entry__number">{number}</span> {tests.join("; ") || t("rowAnything")} <span aria-hidden="true">→</span> <strong>{told.join(", ")}</strong></span>
        {found.length ? <span class={`k-mark k-mark--${worst}`} title={found.map((one) => one.message).join("\n")}>!</span> : null}
      </summary>
      <div class="kp-item__body">
        <Notes found={found} />
        {asked.map((cell, place) => (
          <InputCell key={`${place}${columns[place]?.name ?? ""}`} label={t("tableCell", { row: number, column: columns[place]?.label ?? "" })} field={columns[place] ?? UNKNOWN} cell={cell.text} onWrite={(words) => writeCell(model, task, cell.node, words)} />
        ))}
        <p class="kp-legend">{t("rowAnswers")}</p>
        {answers.map((cell, place) => (
          <AnswerCell key={place} label={t("tableCell", { row: number, column: table.outputs[place]?.label ?? "" })} title={table.outputs[place]?.label ?? ""}
            type={table.outputs[place]?.type ?? "text"} values={table.outputs[place]?.values ?? null} cell={cell.text} onWrite={(words) => writeCell(model, task, cell.node, words)} />
        ))}
        <Moves name={t("tableRow", { row: number })} isFirst={at === 0} isLast={at === table.rows.length - 1} needed={table.rows.length > 1 ? undefined : t("tableRowLast")}
          onMove={(by) => moveRow(model, task, table, at, by)} onRemove={() => removeRow(model, task, row)} />
      </div>
    </details>
  );
}

const UNKNOWN: KnownField = { name: "", label: "", type: "text" };

function Notes({ found }: { found: Found[] }) {
  if (!found.length) return null;
  return <ul class="kp-notes">{found.map((one, at) => <li key={at} class={`kp-note kp-note--${one.severity}`}>{one.message} {one.cure}</li>)}</ul>;
}

/* What is answered when no row applies. */
function Otherwise({ task, table }: { task: Drawn; table: Table }) {
  const { model, t } = useDesk();
  const given = table.outputs.filter((output) => output.otherwise).map((output) => answerWords(output.otherwise, output.type, t));
  return (
    <Fold title={t("tableOtherwise")} summary={given.join(", ")}>
      <p class="k-field__help">{t("tableOtherwiseHelp")}</p>
      {table.outputs.map((output) => (
        <AnswerCell key={output.key} label={t("tableOtherwiseOf", { column: output.label })} title={output.label} type={output.type} values={output.values} cell={output.otherwise} onWrite={(otherwise) => writeOutput(model, task, output, { otherwise })} />
      ))}
    </Fold>
  );
}

function Columns({ task, table, columns }: { task: Drawn; table: Table; columns: KnownField[] }) {
  const desk = useDesk();
  const { model, t } = desk;
  const fields = fieldsAt(desk, task, false).filter((field) => canLookAt(field) && !columns.some((one) => one.name === field.name));
  const add = (name: string): void => {
    const field = fields.find((one) => one.name === name);
    if (field) addInput(model, task, table, field);
  };
  return (
    <Fold title={t("tableColumns")} summary={columns.map((column) => column.label).join(", ")}>
      <div class="kp-list">
        {columns.map((column, at) => (
          <div class="kp-row" key={column.name}>
            <span>{column.label} <small>{t(`type_${column.type}`)}</small></span>
            <IconButton label={t("remove", { name: column.label })} sign="✕" disabled={columns.length < 2} onClick={() => removeInput(model, task, table, at)} />
          </div>
        ))}
        <Offer label={t("tableInput")} button={t("add")} options={optionsOf(fields, t)} onPick={add} />
      </div>
      {table.outputs.map((output) => <OutputForm key={output.key} task={task} output={output} />)}
    </Fold>
  );
}

function OutputForm({ task, output }: { task: Drawn; output: TableOutput }) {
  const { model, t } = useDesk();
  const [isListed, list] = useState(Boolean(output.values?.length));
  return (
    <div class="kp-list">
      <TextInput label={t("tableAnswer")} value={output.label} onWrite={(label) => label && writeOutput(model, task, output, { label })} />
      {output.type === "text" && output.values ? <Check label={t("tableListed")} checked={isListed || output.values.length > 0} onWrite={(on) => { list(on); if (!on) writeOutput(model, task, output, { values: [] }); }} /> : null}
      {output.values && (isListed || output.values.length) ? <Values values={output.values} onWrite={(values) => writeOutput(model, task, output, { values })} /> : null}
    </div>
  );
}

/* The texts an answer is chosen from, the most important first. */
function Values({ values, onWrite }: { values: string[]; onWrite: (values: string[]) => void }) {
  const { t } = useDesk();
  return (
    <fieldset class="kp-checks">
      <legend>{t("choices")}</legend>
      {values.map((value, at) => (
        <div class="kp-row" key={value}>
          <span>{value}</span>
          <IconButton label={t("moveUp", { name: value })} sign="↑" disabled={at === 0} onClick={() => onWrite([...values.slice(0, at - 1), value, values[at - 1]!, ...values.slice(at + 1)])} />
          <IconButton label={t("remove", { name: value })} sign="✕" onClick={() => onWrite(values.filter((one) => one !== value))} />
        </div>
      ))}
      <Adder label={t("choiceNew")} button={t("add")} onAdd={(value) => values.includes(value) || onWrite([...values, value])} />
    </fieldset>
  );
}

/* A column as the field it looks at; of an answer the file may say the key alone. */
function columnOf(desk: Desk, task: Drawn, input: TableInput): KnownField {
  const known = fieldsAt(desk, task, false).find((field) => field.name === input.field || field.name === `answer.${input.field}`);
  return known ? { ...known, label: input.label || known.label } : { name: input.field, label: input.label || input.field, type: input.type };
}

function optionsOf(fields: KnownField[], t: (name: string) => string): { key: string; label: string; group: string }[] {
  const groups: Record<string, string> = { answer: t("groupAnswers"), deal: t("groupDeal"), client: t("groupClient") };
  return fields.map((field) => ({ key: field.name, label: field.label, group: groups[field.name.split(".")[0]!] ?? t("groupOther") }));
}
