/* A decision table in the panel: its rows are read across, and each cell can be changed. */
import type { Drawn } from "../model";
import { addRow, readTables, removeRow, writeCell, writePolicy, type Table } from "../tables";
import { fieldsAt, useDesk } from "./context";
import { IconButton, Select, TextInput } from "./inputs";

const CHOSEN = ["UNIQUE", "FIRST"];

export function TablesForm({ task }: { task: Drawn }) {
  return <>{readTables(task).map((table) => <TableForm key={table.id} task={task} table={table} />)}</>;
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
