/* The process itself: its name, what it is for, its stages and the answers that nobody is asked for. */
import { keyFor } from "../keys";
import type { ProcessField, Stage } from "../model";
import { labelled, useDesk } from "./context";
import { Adder, Fold, moved, replaced, Select, TextArea, TextInput } from "./inputs";
import { Choices, Key, Moves } from "./questions";

const TYPES = ["text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean"];

export function ProcessForm() {
  const { model, catalog, t } = useDesk();
  const process = model.process();
  return (
    <div class="kp-form">
      <TextInput label={t("processName")} most={{ length: 200, told: t("nameFull") }} value={process.name} onWrite={(name) => model.writeProcess({ name })} />
      <TextArea label={t("processAbout")} rows={2} value={process.about} onWrite={(about) => model.writeProcess({ about })} />
      <Fold title={t("stages")} summary={String(process.stages.length)} open><Stages /></Fold>
      <Fold title={t("fields")} summary={process.fields.length ? String(process.fields.length) : ""}><Fields /></Fold>
      <Fold title={t("more")}><Select label={t("processKind")} value={process.kind} options={labelled(catalog.process_kinds)} onWrite={(kind) => model.writeProcess({ kind })} /></Fold>
    </div>
  );
}

export function Stages() {
  const { model, t } = useDesk();
  const stages = model.stages();
  const used = new Set(model.steps().map((step) => model.stageOf(step)));
  const write = (next: Stage[]): void => model.writeProcess({ stages: next });
  return (
    <div class="kp-list">
      {stages.map((stage, at) => (
        <div class="kp-row" key={stage.key}>
          <TextInput label={t("stageName")} hidden value={stage.name} onWrite={(name) => name && write(replaced(stages, at, { ...stage, name }))} />
          <Moves name={stage.name} isFirst={at === 0} isLast={at === stages.length - 1} onMove={(by) => write(moved(stages, at, by))} onRemove={() => write(stages.filter((_, index) => index !== at))} needed={used.has(stage.key) ? t("stageUsed") : undefined} />
        </div>
      ))}
      <Adder label={t("stageNew")} button={t("add")} onAdd={(name) => model.addStage(name)} />
    </div>
  );
}

function Fields() {
  const { model, t } = useDesk();
  const { fields } = model.process();
  const write = (next: ProcessField[]): void => model.writeProcess({ fields: next });
  const add = (label: string): void => {
    const taken = model.answers().map((answer) => answer.name.slice("answer.".length));
    write([...fields, { key: keyFor(label, taken, "field"), type: "text", label, choices: [] }]);
  };
  return (
    <div class="kp-list">
      <p class="k-field__help">{t("fieldsHelp")}</p>
      {fields.map((field, at) => (
        <details class="kp-item" key={field.key}>
          <summary><span>{field.label || field.key}</span> <small>{t(`type_${field.type}`)}</small></summary>
          <div class="kp-item__body">
            <TextInput label={t("fieldLabel")} value={field.label} onWrite={(label) => write(replaced(fields, at, { ...field, label }))} />
            <Select label={t("questionType")} value={field.type} options={TYPES.map((key) => ({ key, label: t(`type_${key}`) }))} onWrite={(type) => write(replaced(fields, at, { ...field, type }))} />
            {field.type.endsWith("choice") ? <Choices choices={field.choices} onWrite={(choices) => write(replaced(fields, at, { ...field, choices }))} /> : null}
            <Key value={field.key} />
            <Moves name={field.label} isFirst={at === 0} isLast={at === fields.length - 1} onMove={(by) => write(moved(fields, at, by))} onRemove={() => write(fields.filter((_, index) => index !== at))} />
          </div>
        </details>
      ))}
      <Adder label={t("fieldNew")} button={t("add")} onAdd={add} />
    </div>
  );
}
