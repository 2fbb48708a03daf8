/* What a step asks: a small form builder. */
import type { Choice, Drawn, Question } from "../model";
import { keyFor } from "../keys";
import { useDesk } from "./context";
import { Adder, Check, Checks, IconButton, moved, Offer, replaced, Select, TextArea, TextInput } from "./inputs";

const TYPES = ["text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean"];
const FIELDS: Record<string, string> = { money: "deal.amount", date: "deal.expected_date" };
const CHECKS: Record<string, string> = { date: "not_future", datetime: "not_future", money: "deal_amount" };

/** The questions of a step, each a line that opens; a question asked elsewhere in the book can be asked again. */
export function Questions({ step }: { step: Drawn }) {
  const { model, t } = useDesk();
  const { questions } = model.read(step);
  const write = (next: Question[]): void => model.write(step, { questions: next });
  const blank = { type: "text", required: false, requiredFor: [], help: "", field: "", check: "", choices: [] };
  const add = (label: string): void => write([...questions, { ...blank, key: model.questionKey(label), label }]);
  const known = model.steps().flatMap((one) => model.read(one).questions);
  const others = [...new Map(known.map((one) => [one.key, one])).values()].filter((one) => !questions.some((own) => own.key === one.key));
  const again = (key: string): void => {
    const found = others.find((one) => one.key === key);
    if (found) write([...questions, { ...found, required: false, requiredFor: [] }]);
  };
  return (
    <div class="kp-list">
      {questions.map((question, at) => (
        <QuestionLine key={question.key} step={step} question={question} isFirst={at === 0} isLast={at === questions.length - 1}
          onWrite={(next) => write(replaced(questions, at, next))}
          onMove={(by) => write(moved(questions, at, by))}
          onRemove={() => write(questions.filter((_, index) => index !== at))} />
      ))}
      <Adder label={t("questionNew")} button={t("add")} onAdd={add} />
      {others.length ? <Offer label={t("questionAgain")} button={t("add")} options={others.map((one) => ({ key: one.key, label: one.label || one.key }))} onPick={again} /> : null}
    </div>
  );
}

interface LineProps {
  step: Drawn;
  question: Question;
  isFirst: boolean;
  isLast: boolean;
  onWrite: (question: Question) => void;
  onMove: (by: number) => void;
  onRemove: () => void;
}

function QuestionLine({ step, question, isFirst, isLast, onWrite, onMove, onRemove }: LineProps) {
  const { model, t } = useDesk();
  const { outcomes } = model.read(step);
  const change = (patch: Partial<Question>): void => onWrite({ ...question, ...patch });
  const retype = (type: string): void => change({ type, field: "", check: "", choices: type.endsWith("choice") ? question.choices : [] });
  const demand = question.required ? "always" : question.requiredFor.length ? "some" : "never";
  const demands = ["never", "always", ...(outcomes.length ? ["some"] : [])].map((key) => ({ key, label: t(`demand_${key}`) }));
  const insist = (key: string): void => change({ required: key === "always", requiredFor: key === "some" ? outcomes.slice(0, 1).map((one) => one.key) : [] });
  const summary = [t(`type_${question.type}`), demand === "never" ? "" : t(`demand_${demand}`)].filter(Boolean).join(" · ");
  return (
    <details class="kp-item">
      <summary><span>{question.label || question.key}</span> <small>{summary}</small></summary>
      <div class="kp-item__body">
        <TextInput label={t("questionLabel")} value={question.label} onWrite={(label) => change({ label })} />
        <Select label={t("questionType")} value={question.type} options={TYPES.map((key) => ({ key, label: t(`type_${key}`) }))} onWrite={retype} />
        {question.type.endsWith("choice") ? <Choices choices={question.choices} onWrite={(choices) => change({ choices })} /> : null}
        <Select label={t("demand")} value={demand} options={demands} onWrite={insist} />
        {demand === "some" ? <Checks label={t("demandFor")} options={outcomes.map((one) => ({ key: one.key, label: one.label }))} value={question.requiredFor} onWrite={(requiredFor) => change({ requiredFor })} /> : null}
        <TextArea label={t("questionHelp")} rows={2} value={question.help} onWrite={(help) => change({ help })} />
        {FIELDS[question.type] ? <Check label={t(`sets_${question.type}`)} checked={question.field === FIELDS[question.type]} onWrite={(on) => change({ field: on ? FIELDS[question.type]! : "" })} /> : null}
        {CHECKS[question.type] ? <Check label={t(`check_${CHECKS[question.type]}`)} checked={question.check === CHECKS[question.type]} onWrite={(on) => change({ check: on ? CHECKS[question.type]! : "" })} /> : null}
        <Key value={question.key} />
        <Moves name={question.label} isFirst={isFirst} isLast={isLast} onMove={onMove} onRemove={onRemove} />
      </div>
    </details>
  );
}

/** What programs call it by, for whoever asks: it was made of the first name and stays when the name changes. */
export function Key({ value }: { value: string }) {
  const { t } = useDesk();
  return (
    <details class="kp-key">
      <summary>{t("key")}</summary>
      <code>{value}</code> <small>{t("keyHelp")}</small>
    </details>
  );
}

interface MovesProps {
  name: string;
  isFirst: boolean;
  isLast: boolean;
  onMove: (by: number) => void;
  onRemove: () => void;
  /** Why it cannot be removed, if so. */
  needed?: string;
}

export function Moves({ name, isFirst, isLast, onMove, onRemove, needed }: MovesProps) {
  const { t } = useDesk();
  return (
    <div class="k-actions kp-moves">
      <IconButton label={t("moveUp", { name })} sign="↑" disabled={isFirst} onClick={() => onMove(-1)} />
      <IconButton label={t("moveDown", { name })} sign="↓" disabled={isLast} onClick={() => onMove(1)} />
      <IconButton label={needed ?? t("remove", { name })} sign="✕" disabled={needed !== undefined} onClick={onRemove} />
    </div>
  );
}

export function Choices({ choices, onWrite }: { choices: Choice[]; onWrite: (choices: Choice[]) => void }) {
  const { t } = useDesk();
  const add = (label: string): void => onWrite([...choices, { key: keyFor(label, choices.map((one) => one.key), "choice"), label }]);
  return (
    <fieldset class="kp-checks">
      <legend>{t("choices")}</legend>
      {choices.map((choice, at) => (
        <div class="kp-row" key={choice.key}>
          <TextInput label={t("choice")} hidden value={choice.label} onWrite={(label) => onWrite(replaced(choices, at, { ...choice, label }))} />
          <IconButton label={t("remove", { name: choice.label })} sign="✕" onClick={() => onWrite(choices.filter((_, index) => index !== at))} />
        </div>
      ))}
      <Adder label={t("choiceNew")} button={t("add")} onAdd={add} />
    </fieldset>
  );
}
