/* A decision table in the panel: its rows are read across, and each cell can be changed. */
import type { Drawn } from "../model";
import { useState } from "preact/hooks";
import { addRow, canLookAt, makeTable, readTables, removeRow, writeCell, writePolicy, type Table } from "../tables";
import { fieldsAt, useDesk } from "./context";
import { IconButton, Offer, Select, TextInput } from "./inputs";

const CHOSEN = ["UNIQUE", "FIRST"];

export function TablesForm({ task }: { task: Drawn }) {
  return <>{readTables(task).map((table) => <TableForm key={table.id} task={task} table={table} />)}</>;
}

/** An empty table: what it looks at, what it answers. Its rows are written where every table's are. */
export function NewTableForm({ task }: { task: Drawn }) {
  const desk = useDesk();
  const { model, t } = desk;
  const [names, choose] = useState<string[]>([]);
  const [answer, setAnswer] = useState("");
  const [type, setType] = useState("text");
  const [policy, setPolicy] = useState("FIRST");
  const fields = fieldsAt(desk, task, false).filter(canLookAt);
  const inputs = names.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const name = model.name(task) || t("kind_BusinessRuleTask");
  const make = (): void => makeTable(model, task, { name, inputs, answer: answer.trim() || name, type, policy });
  return (
    <fieldset class="kp-checks">
      <legend>{t("tableNew")}</legend>
      {inputs.map((field) => (
        <div class="kp-row" key={field.name}>
          <span>{field.label}</span>
          <IconButton label={t("remove", { name: field.label })} sign="✕" onClick={() => choose(names.filter((one) => one !== field.name))} />
        </div>
      ))}
      <Offer label={t("tableInput")} button={t("add")} options={fields.filter((field) => !names.includes(field.name)).map((field) => ({ key: field.name, label: field.label }))} onPick={(next) => choose([...names, next])} />
      <TextInput label={t("tableAnswer")} placeholder={name} value={answer} onWrite={setAnswer} />
      <Select label={t("tableAnswerType")} value={type} options={["text", "number", "boolean"].map((key) => ({ key, label: t(`type_${key}`) }))} onWrite={setType} />
      <Select label={t("policy")} value={policy} options={CHOSEN.map((key) => ({ key, label: t(`policy_${key}`) }))} onWrite={setPolicy} />
      {inputs.length ? null : <p class="k-field__help">{t("tableInputFirst")}</p>}
      <button type="button" class="k-button k-button--plain k-button--small" disabled={!inputs.length} onClick={make}>{t("tableMake")}</button>
    </fieldset>
  );
}

function TableForm({ task, table }: { task: Drawn; table: Table }) {
  const desk = useDesk();
  const { model, t } = desk;
  const fields = fieldsAt(desk, task, false);
  const labelOf = (field: string): string => fields.find((one) => one.name === field || one.name === `answer.${field}`)?.label ?? field;
  const columns = [...table.inputs.map((input) => input.label || labelOf(input.field)), ...table.outputs];
  const policies = [...new Set([table.policy, ...CHOSEN])].map((key) => ({ key, label: t(key === "COLLECT" && table.aggregation ? `policy_${table.aggregation}` : `policy_${key}`) }));
  return (
    <div class="kp-table" role="group" aria-label={table.name}>
      <Select label={t("policy")} value={table.policy} options={policies} onWrite={(policy) => writePolicy(model, task, table, policy)} />
      <div class="kp-table__scroll">
        <table>
          <caption>{table.name}</caption>
          <thead>
            <tr>
              <td />
              {columns.map((label, at) => <th key={at} scope="col" class={at < table.inputs.length ? "" : "kp-table__answer"}>{label}</th>)}
              <td />
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, number) => (
              <tr key={number}>
                <th scope="row">{number + 1}</th>
                {row.cells.map((cell, at) => (
                  <td key={at} class={cell.isInput ? "" : "kp-table__answer"}>
                    <TextInput label={t("tableCell", { row: number + 1, column: columns[at] ?? "" })} hidden value={cell.text} onWrite={(words) => writeCell(model, task, cell.node, words)} />
                  </td>
                ))}
                <td>{table.rows.length > 1 ? <IconButton label={t("tableRowRemove", { row: number + 1 })} sign="✕" onClick={() => removeRow(model, task, row)} /> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="k-field__help">{t("tableHelp")}</p>
      <button type="button" class="k-button k-button--quiet k-button--small" onClick={() => addRow(model, task, table)}>{t("tableRowAdd")}</button>
    </div>
  );
}
