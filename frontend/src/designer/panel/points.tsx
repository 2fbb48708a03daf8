/* A list of points: conditions, each worth so many; those that are true make the sum. */
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { answerOf } from "../machines";
import type { Action, Drawn, KnownField, PointLine } from "../model";
import { comparisonOf } from "../rules";
import { fieldsAt, useDesk } from "./context";
import { Adder, moved, replaced, Select, TextInput } from "./inputs";
import { Moves } from "./questions";
import { RuleForm } from "./rule";

interface PointsProps {
  task: Drawn;
  action: Action;
  onWrite: (patch: Partial<Action>) => void;
}

export function PointsForm({ task, action, onWrite }: PointsProps) {
  const desk = useDesk();
  const { model, t } = desk;
  const fields = fieldsAt(desk, task, false);
  const [fresh, setFresh] = useState(-1);
  const { points } = action;
  const numbers = model.answers().filter((one) => one.type === "number").map(({ name, label }) => ({ key: name.slice("answer.".length), label }));
  const write = (next: PointLine[]): void => onWrite({ points: next });
  const begin = fields.find((field) => field.name === "deal.amount") ?? fields[0];
  const add = (label: string): void => {
    setFresh(points.length);
    write([...points, { label, value: "10", condition: begin ? JSON.stringify(comparisonOf(begin)) : "" }]);
  };
  return (
    <>
      <Select label={t("pointsAnswer")} value={answerOf(action)} options={numbers} onWrite={(value) => onWrite({ params: [{ name: "answer", value, field: "" }] })} />
      <div class="kp-list">
        <p class="k-field__help">{t("pointsHelp")}</p>
        {points.map((line, at) => (
          <PointItem key={at} isFresh={at === fresh} line={line} fields={fields} onWrite={(next) => write(replaced(points, at, next))}>
            <Moves name={line.label} isFirst={at === 0} isLast={at === points.length - 1} onMove={(by) => write(moved(points, at, by))} onRemove={() => write(points.filter((_, index) => index !== at))} />
          </PointItem>
        ))}
        <Adder label={t("pointsNew")} button={t("add")} onAdd={add} />
      </div>
    </>
  );
}

interface ItemProps {
  /* Made just now: it opens by itself, to be filled in. */
  isFresh: boolean;
  line: PointLine;
  fields: KnownField[];
  onWrite: (line: PointLine) => void;
  children: ComponentChildren;
}

function PointItem({ isFresh, line, fields, onWrite, children }: ItemProps) {
  const { t } = useDesk();
  const first = useRef(isFresh);
  const worth = Number(line.value) > 0 ? `+${line.value}` : line.value;
  return (
    <details class="kp-item" open={first.current}>
      <summary><span>{line.label || t("pointsLine")}</span> <small>{worth}</small></summary>
      <div class="kp-item__body">
        <TextInput label={t("pointsLabel")} value={line.label} onWrite={(label) => onWrite({ ...line, label })} />
        <TextInput label={t("pointsValue")} type="number" help={t("pointsValueHelp")} value={line.value} onWrite={(value) => value && onWrite({ ...line, value })} />
        <RuleForm label={t("pointsCondition")} condition={line.condition} fields={fields} onWrite={(condition) => onWrite({ ...line, condition })} />
        {children}
      </div>
    </details>
  );
}
