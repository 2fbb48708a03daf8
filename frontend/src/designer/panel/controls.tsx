/* Control points of a step: what is watched, who is told, and who next when nothing happens. */
import { useRef, useState } from "preact/hooks";
import { durationWords } from "../durations";
import type { Control, Drawn, Rung } from "../model";
import { fieldsAt, useDesk } from "./context";
import { Adder, Check, Checks, IconButton, replaced, Select, TextInput, type Pick } from "./inputs";
import { RuleForm } from "./rule";
import { SpanInput } from "./timing";

export function Controls({ step }: { step: Drawn }) {
  const { model, t } = useDesk();
  const { controls, deadline } = model.read(step);
  const write = (next: Control[]): void => model.write(step, { controls: next });
  const [fresh, setFresh] = useState("");
  const add = (name: string): void => {
    const key = model.controlKey(controls, name);
    setFresh(key);
    write([...controls, { key, name, due: "P1D", calendar: "working", basis: "duration", whom: ["head"], by: ["app"], condition: "", ladder: [] }]);
  };
  return (
    <div class="kp-list">
      {controls.map((control, at) => (
        <ControlLine key={control.key} isFresh={control.key === fresh} step={step} control={control} hasDeadline={deadline !== null} onWrite={(next) => write(replaced(controls, at, next))} onRemove={() => write(controls.filter((_, index) => index !== at))} />
      ))}
      <Adder label={t("controlNew")} button={t("add")} onAdd={add} />
    </div>
  );
}

export function usePeople(): Pick[] {
  const { t, catalog } = useDesk();
  const roles = catalog.roles.map((role) => ({ key: `role:${role.key}`, label: t("whoRole", { role: role.name }) }));
  return [...["owner", "lead", "head"].map((key) => ({ key, label: t(`who_${key}`) })), ...roles];
}

interface LineProps {
  /* Made just now: it opens by itself, to be filled in. */
  isFresh: boolean;
  step: Drawn;
  control: Control;
  hasDeadline: boolean;
  onWrite: (control: Control) => void;
  onRemove: () => void;
}

function ControlLine({ isFresh, step, control, hasDeadline, onWrite, onRemove }: LineProps) {
  const desk = useDesk();
  const { t, texts } = desk;
  const people = usePeople();
  const first = useRef(isFresh);
  const change = (patch: Partial<Control>): void => onWrite({ ...control, ...patch });
  const bases = [{ key: "duration", label: t("controlOpen") }, ...(hasDeadline || control.basis === "deadline" ? [{ key: "deadline", label: t("controlLate") }] : [])];
  const fields = fieldsAt(desk, step, false);
  const begin = fields.find((field) => field.name === "deal.amount") ?? fields[0];
  const when = control.due ? durationWords(control.due, control.calendar, texts) : "";
  const conditional = (on: boolean): void => change({ condition: on && begin ? JSON.stringify({ field: begin.name, op: "gt", value: "100000" }) : "" });
  return (
    <details class="kp-item" open={first.current}>
      <summary><span>{control.name || control.key}</span> <small>{when}</small></summary>
      <div class="kp-item__body">
        <TextInput label={t("controlName")} value={control.name} onWrite={(name) => change({ name })} />
        <Select label={t("controlBasis")} value={control.basis} options={bases} onWrite={(basis) => change({ basis })} />
        <SpanInput label={t(control.basis === "deadline" ? "controlAfterDeadline" : "controlAfter")} isOptional={control.basis === "deadline"} duration={control.due} calendar={control.calendar} onWrite={(due, calendar) => change({ due, calendar })} />
        <Check label={t("controlOnlyIf")} checked={control.condition !== ""} onWrite={conditional} />
        {control.condition ? <RuleForm label={t("controlCondition")} condition={control.condition} fields={fields} onWrite={(condition) => change({ condition })} /> : null}
        <Checks label={t("controlWhom")} options={people} value={control.whom} onWrite={(whom) => change({ whom })} />
        <Checks label={t("controlBy")} options={[{ key: "app", label: t("byApp") }, { key: "mail", label: t("byMail") }]} value={control.by.length ? control.by : ["app"]} onWrite={(by) => change({ by: by.length ? by : ["app"] })} />
        <Ladder rungs={control.ladder} people={people} onWrite={(ladder) => change({ ladder })} />
        <div class="k-actions kp-moves"><IconButton label={t("remove", { name: control.name })} sign="✕" onClick={onRemove} /></div>
      </div>
    </details>
  );
}

function Ladder({ rungs, people, onWrite }: { rungs: Rung[]; people: Pick[]; onWrite: (rungs: Rung[]) => void }) {
  const { t } = useDesk();
  return (
    <fieldset class="kp-checks">
      <legend>{t("ladder")}</legend>
      {rungs.map((rung, at) => (
        <div class="kp-rung" key={at}>
          <SpanInput label={t("ladderAfter")} duration={rung.after} calendar={rung.calendar} onWrite={(after, calendar) => onWrite(replaced(rungs, at, { ...rung, after, calendar }))} />
          <Checks label={t("ladderWhom")} options={people} value={rung.whom} onWrite={(whom) => onWrite(replaced(rungs, at, { ...rung, whom }))} />
          <IconButton label={t("ladderRemove")} sign="✕" onClick={() => onWrite(rungs.filter((_, index) => index !== at))} />
        </div>
      ))}
      <button type="button" class="k-button k-button--quiet k-button--small" onClick={() => onWrite([...rungs, { after: "PT4H", calendar: "working", whom: ["head"] }])}>{t("ladderAdd")}</button>
    </fieldset>
  );
}
