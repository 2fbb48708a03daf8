/* What happens by itself: actions, letters, decisions, other processes, sub-processes. */
import { useState } from "preact/hooks";
import { keyFor } from "../keys";
import { RESCORE } from "../machines";
import { part, text } from "../moddle";
import type { Action, Drawn, Letter, Param } from "../model";
import type { ActionParam } from "../texts";
import { fieldsAt, labelled, useDesk } from "./context";
import { MessageForm, Params } from "./events";
import { FileInput, Fold, Select, TextArea, TextInput } from "./inputs";
import { LoopForm } from "./loops";
import { PointsForm } from "./points";
import { StageSelect } from "./step";
import { spanOf } from "../durations";
import { takeTables } from "../new_tables";
import { tablesOf } from "../tables";
import { NewTableForm, TablesForm } from "./tables";
import { SpanInput } from "./timing";

export function ServiceForm({ task }: { task: Drawn }) {
  const { model, catalog, t } = useDesk();
  const action = model.action(task);
  const known = catalog.actions.find((one) => one.name === action?.name);
  const write = (patch: Partial<Action>): void => model.writeAction(task, { name: "", retries: "", backoff: "", params: [], points: [], ...action, ...patch });
  const isRescore = action?.name === RESCORE;
  const begun = (name: string): Action => {
    const taken = model.answers().map((field) => field.name.slice("answer.".length));
    const params = name === RESCORE ? [{ name: "answer", value: keyFor(model.name(task), taken, "score"), field: "" }] : [];
    return { name, retries: "", backoff: "", params, points: [] };
  };
  const given = (name: string): Param => action?.params.find((one) => one.name === name) ?? { name, value: "", field: "" };
  const change = (param: Param): void => {
    const others = (action?.params ?? []).filter((one) => one.name !== param.name);
    write({ params: param.value || param.field ? [...others, param] : others });
  };
  const unknown = (action?.params ?? []).filter((one) => !known?.params.some((param) => param.name === one.name));
  return (
    <div class="kp-form">
      <TextInput label={t("machineName")} value={model.name(task)} onWrite={(name) => model.rename(task, name)} />
      <Select label={t("action")} value={action?.name ?? ""} empty={t("actionNone")} options={catalog.actions.map((one) => ({ key: one.name, label: one.label }))} onWrite={(name) => model.writeAction(task, name ? begun(name) : null)} />
      {action && isRescore ? <PointsForm task={task} action={action} onWrite={write} /> : null}
      {(isRescore ? [] : known?.params ?? []).map((param) => <ParamInput key={param.name} task={task} param={param} given={given(param.name)} onWrite={change} />)}
      {unknown.map((param) => <p class="k-field__help" key={param.name}>{`${param.name}: ${param.field || param.value}`}</p>)}
      {action && !isRescore ? (
        <Fold title={t("retries")} summary={action.retries || "3"}>
          <TextInput label={t("retriesNumber")} type="number" min={0} value={action.retries || "3"} onWrite={(retries) => write({ retries })} />
          <SpanInput label={t("backoff")} duration={action.backoff || "PT1M"} calendar="absolute" onWrite={(backoff) => spanOf(backoff, "absolute") && write({ backoff })} />
        </Fold>
      ) : null}
      <Fold title={t("more")}><LoopForm element={task} /></Fold>
    </div>
  );
}

function ParamInput({ task, param, given, onWrite }: { task: Drawn; param: ActionParam; given: Param; onWrite: (param: Param) => void }) {
  const desk = useDesk();
  const { t } = desk;
  const label = param.required ? `${param.label} *` : param.label;
  const choices = labelled(param.choices);
  const fields = param.literal ? [] : fieldsAt(desk, task, false).map((field) => ({ key: field.name, label: field.label }));
  const value = choices.length
    ? <Select label={label} value={given.value} empty="–" options={choices} onWrite={(next) => onWrite({ ...given, value: next })} />
    : <TextInput label={label} value={given.value} onWrite={(next) => onWrite({ ...given, value: next })} />;
  return (
    <div class="kp-pair">
      {given.field ? null : value}
      {fields.length || given.field ? <Select label={given.field ? label : t("paramFromField", { name: param.label })} hidden={!given.field} value={given.field} empty={t("paramText")} options={fields} onWrite={(field) => onWrite({ ...given, field, value: "" })} /> : null}
    </div>
  );
}

/** A letter, or a message for whoever waits for it. */
export function SendForm({ task }: { task: Drawn }) {
  const { model, t } = useDesk();
  const isMessage = task.businessObject.get("messageRef") !== undefined;
  const choose = (kind: string): void =>
    model.change(() => {
      if (kind === "letter") {
        model.writeParams(task, []);
        model.set(task, { messageRef: undefined });
      } else {
        model.writeLetter(task, null);
        model.set(task, { messageRef: model.root("bpmn:Message", model.name(task) || t("named_Message")) });
      }
    });
  return (
    <div class="kp-form">
      <TextInput label={t("letterName")} value={model.name(task)} onWrite={(name) => model.rename(task, name)} />
      <Select label={t("sends")} value={isMessage ? "message" : "letter"} options={["letter", "message"].map((key) => ({ key, label: t(`sends_${key}`) }))} onWrite={choose} />
      {isMessage ? <><MessageOf task={task} /><Params element={task} /></> : <LetterForm task={task} />}
    </div>
  );
}

function LetterForm({ task }: { task: Drawn }) {
  const { model, catalog, t } = useDesk();
  const letter = model.letter(task) ?? { template: "", subject: "", to: "contact", body: "" };
  const write = (patch: Partial<Letter>): void => model.writeLetter(task, { ...letter, ...patch });
  return (
    <>
      <Select label={t("letterTo")} value={letter.to || "contact"} options={["contact", "owner", "head"].map((key) => ({ key, label: t(`to_${key}`) }))} onWrite={(to) => write({ to })} />
      {catalog.templates.letter.length || letter.template ? <Select label={t("letterTemplate")} value={letter.template} empty={t("letterOwn")} options={catalog.templates.letter.map(({ key, name }) => ({ key, label: name }))} onWrite={(template) => write({ template, body: template ? "" : letter.body })} /> : null}
      <TextInput label={t("letterSubject")} value={letter.subject} onWrite={(subject) => write({ subject })} />
      {letter.template ? null : <TextArea label={t("letterBody")} rows={8} help={t("scriptHelp")} value={letter.body} onWrite={(body) => write({ body })} />}
    </>
  );
}

/** The message that a task sends or waits for, by its name. */
function MessageOf({ task }: { task: Drawn }) {
  const { model, t } = useDesk();
  const message = part(task.businessObject, "messageRef");
  const write = (name: string): void => model.change(() => model.set(task, { messageRef: name ? model.root("bpmn:Message", name) : undefined }));
  return (
    <>
      <TextInput label={t("named_Message")} help={t("namedHelp")} list={model.roots("bpmn:Message").map((one) => text(one, "name"))} value={text(message, "name")} onWrite={write} />
      {message ? <MessageForm element={task} message={message} /> : null}
    </>
  );
}

export function ReceiveForm({ task }: { task: Drawn }) {
  const { model, t } = useDesk();
  return (
    <div class="kp-form">
      <TextInput label={t("eventName")} value={model.name(task)} onWrite={(name) => model.rename(task, name)} />
      <MessageOf task={task} />
    </div>
  );
}

export function CallForm({ call }: { call: Drawn }) {
  const { model, catalog, t } = useDesk();
  return (
    <div class="kp-form">
      <TextInput label={t("machineName")} value={model.name(call)} onWrite={(name) => model.rename(call, name)} />
      <Select label={t("calls")} value={model.attribute(call, "calledElement")} empty={t("callsNone")} options={catalog.processes.map(({ key, name }) => ({ key, label: name }))} onWrite={(key) => model.set(call, { calledElement: key || undefined })} />
      <TextInput label={t("callsVersion")} help={t("callsVersionHelp")} type="number" min={1} value={model.attribute(call, "kniga:version")} onWrite={(version) => model.set(call, { "kniga:version": version || undefined })} />
      <LoopForm element={call} />
    </div>
  );
}

export function SubProcessForm({ element }: { element: Drawn }) {
  const { model, t } = useDesk();
  return (
    <div class="kp-form">
      <TextInput label={t("machineName")} value={model.name(element)} onWrite={(name) => model.rename(element, name)} />
      <p class="k-field__help">{t("about_SubProcess")}</p>
      <StageSelect step={element} />
      <LoopForm element={element} />
    </div>
  );
}

/** A decision table: which one answers. It is made here, or comes from a file of DMN. */
export function DecisionForm({ task }: { task: Drawn }) {
  const { model, t } = useDesk();
  const [isRefused, setRefused] = useState(false);
  const tables = tablesOf(task);
  const take = async (file: File): Promise<void> => setRefused(!takeTables(model, task, await file.text()));
  return (
    <div class="kp-form">
      <TextInput label={t("machineName")} value={model.name(task)} onWrite={(name) => model.rename(task, name)} />
      {tables.length ? <TablesForm task={task} /> : <NewTableForm task={task} />}
      <Fold title={t("decisionFile")}>
        <FileInput label={t("decisionFile")} zone={[t("fileDrop"), t("fileChoose")]} help={t("decisionFileHelp")} accept=".dmn,.xml" error={isRefused ? t("decisionNoTable") : undefined} onPick={take} />
        <TextInput label={t("decision")} help={t(tables.length ? "decisionInside" : "decisionHelp")} list={tables} value={model.attribute(task, "kniga:decision")} onWrite={(decision) => model.set(task, { "kniga:decision": decision || undefined })} />
      </Fold>
    </div>
  );
}
