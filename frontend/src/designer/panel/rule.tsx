/* Conditions built in a form: groups of comparisons, each a field, a comparison of its type, a value. */
import type { KnownField } from "../model";
import { isNumber, pageLanguage, plainNumber, shownNumber, valuesIn, valuesShown } from "../numbers";
import {
  CALENDAR_UNITS, comparisonOf, firstValue, groupOf, isComparison, operatorsOf, OTHER_FIELD_OPERATORS, parseRule, ruleOf, ruleSentence,
  takesList, takesNothing, takesPeriod, type Comparison, type Mode, type Operand, type Period, type Rule,
} from "../rules";
import { useDesk, type Words } from "./context";
import { DayInput } from "./day";
import { Checks, IconButton, replaced, Select, TextInput, type Pick } from "./inputs";

interface RuleProps {
  label: string;
  condition: string;
  fields: KnownField[];
  onWrite: (condition: string) => void;
}

/** A condition as a form, with its sentence above; what the form cannot hold is shown and left as it is. */
export function RuleForm({ label, condition, fields, onWrite }: RuleProps) {
  const { t, texts } = useDesk();
  const rule = parseRule(condition);
  const write = (next: Rule | null): void => onWrite(next ? JSON.stringify(next) : "");
  const begin = (): void => {
    if (fields[0]) write(comparisonOf(fields[0]));
  };
  if (!condition || !rule) {
    return (
      <div class="kp-rule" role="group" aria-label={label}>
        {condition ? <><p class="k-field__help">{t("ruleForeign")}</p><pre class="kp-rule__raw">{condition}</pre></> : <p class="k-muted">{t("ruleNone")}</p>}
        <button type="button" class="k-button k-button--plain k-button--small" onClick={begin}>{t(condition ? "ruleAnew" : "ruleBegin")}</button>
      </div>
    );
  }
  return (
    <div class="kp-rule" role="group" aria-label={label}>
      <p class="kp-rule__sentence">{ruleSentence(rule, fields, texts)}</p>
      <Group rule={rule} fields={fields} depth={0} onWrite={write} />
    </div>
  );
}

interface PartProps {
  rule: Rule;
  fields: KnownField[];
  depth: number;
  onWrite: (rule: Rule | null) => void;
}

function Group({ rule, fields, depth, onWrite }: PartProps) {
  const { t } = useDesk();
  const { mode, terms } = groupOf(rule);
  const modes: Pick[] = (["all", "any", "none", "notall"] as Mode[]).map((key) => ({ key, label: t(`mode_${key}`) }));
  const write = (next: Rule[]): void => onWrite(ruleOf(mode, next));
  const change = (at: number, term: Rule | null): void => write(term ? replaced(terms, at, term) : terms.filter((_, index) => index !== at));
  const fresh = fields[0] ? comparisonOf(fields[0]) : null;
  return (
    <div class={`kp-group${depth ? " kp-group--inner" : ""}`} role="group" aria-label={t(`mode_${mode}`)}>
      {terms.length > 1 || mode !== "all" || depth ? <Select label={t("mode")} hidden value={mode} options={modes} onWrite={(next) => onWrite(ruleOf(next as Mode, terms))} /> : null}
      {terms.map((term, at) =>
        isComparison(term)
          ? <Line key={at} term={term} fields={fields} onWrite={(next) => change(at, next)} />
          : <Group key={at} rule={term} fields={fields} depth={depth + 1} onWrite={(next) => change(at, next)} />,
      )}
      <div class="k-actions">
        <button type="button" class="k-button k-button--quiet k-button--small" disabled={!fresh} onClick={() => fresh && write([...terms, fresh])}>{t("ruleAdd")}</button>
        <button type="button" class="k-button k-button--quiet k-button--small" disabled={!fresh} onClick={() => fresh && write([...terms, { any: [fresh, fresh] }])}>{t("ruleAddGroup")}</button>
      </div>
    </div>
  );
}

function Line({ term, fields, onWrite }: { term: Comparison; fields: KnownField[]; onWrite: (rule: Rule | null) => void }) {
  const { t, texts } = useDesk();
  const known = fields.find((field) => field.name === term.field);
  const field: KnownField = known ?? { name: term.field, label: term.field, type: term.type ?? "text" };
  const groups: Record<string, string> = { answer: t("groupAnswers"), deal: t("groupDeal"), client: t("groupClient") };
  const options = fields.map((one) => ({ key: one.name, label: one.label, group: groups[one.name.split(".")[0]!] ?? t("groupOther") }));
  const operators = operatorsOf(field.type, term.op).map((op) => ({ key: op, label: operatorLabel(op, field.type, texts) }));
  const choose = (name: string): void => {
    const next = fields.find((one) => one.name === name);
    if (next) onWrite(comparisonOf(next));
  };
  const operate = (op: string): void => {
    const isAlike = takesList(op) === takesList(term.op) && !takesNothing(op) && !takesPeriod(op) && op !== "between" && !takesPeriod(term.op) && term.op !== "between" && term.value !== undefined;
    onWrite({ ...term, op, value: isAlike ? term.value : firstValue(field, op) });
  };
  return (
    <div class="kp-line">
      <Select label={t("field")} hidden value={term.field} options={options} onWrite={choose} />
      <Select label={t("comparison")} hidden value={term.op} options={operators} onWrite={operate} />
      <Value term={term} field={field} fields={fields} onWrite={(value) => onWrite({ ...term, value })} />
      <IconButton label={t("ruleRemove")} sign="✕" onClick={() => onWrite(null)} />
    </div>
  );
}

export function operatorLabel(op: string, type: string, texts: Record<string, string>): string {
  const isDate = type === "date" || type === "datetime";
  return (isDate ? texts[`op_date_${op}`] : undefined) ?? texts[`op_${op}`] ?? op;
}

interface ValueProps {
  term: Comparison;
  field: KnownField;
  fields: KnownField[];
  /** Values alone: no moving days. */
  isPlain?: boolean | undefined;
  onWrite: (value: Comparison["value"]) => void;
}

export function Value({ term, field, fields, isPlain, onWrite }: ValueProps) {
  const { t } = useDesk();
  const { op, value } = term;
  if (takesNothing(op)) return null;
  if (takesPeriod(op)) return <PeriodInput period={asPeriod(value)} onWrite={onWrite} />;
  const values = (Array.isArray(value) ? value : []).filter((one) => typeof one !== "object").map(String);
  if (takesList(op)) {
    if (field.choices?.length) return <Checks label={t("values")} options={picks(field)} value={values} onWrite={onWrite} />;
    const split = (text: string): string[] => valuesIn(text, field.type, pageLanguage());
    const check = (text: string): string => split(text).map((one) => wrongValue(one, field.type, t)).find(Boolean) ?? "";
    return <TextInput label={t("values")} hidden value={valuesShown(values, field.type, pageLanguage())} placeholder={t(isNumber(field.type) ? "numbersHelp" : "valuesHelp")} check={check} onWrite={(text) => onWrite(split(text))} />;
  }
  if (op === "between") {
    const pair = Array.isArray(value) ? value : ["", ""];
    return (
      <>
        <Single label={t("from")} value={pair[0] ?? ""} field={field} fields={[]} isPlain={isPlain} onWrite={(low) => onWrite([low, pair[1] ?? ""])} />
        <Single label={t("to")} value={pair[1] ?? ""} field={field} fields={[]} isPlain={isPlain} onWrite={(high) => onWrite([pair[0] ?? "", high])} />
      </>
    );
  }
  const others = OTHER_FIELD_OPERATORS.includes(op) && !field.type.startsWith("multi_") ? fields.filter((one) => one.type === field.type && one.name !== field.name) : [];
  return <Single label={t("value")} value={Array.isArray(value) ? (value[0] ?? "") : (value ?? "")} field={field} fields={others} isPlain={isPlain} onWrite={onWrite} />;
}

interface SingleProps {
  label: string;
  value: Operand;
  field: KnownField;
  fields: KnownField[];
  isPlain?: boolean | undefined;
  onWrite: (value: Operand) => void;
}

function Single({ label, value, field, fields, isPlain, onWrite }: SingleProps) {
  const { t } = useDesk();
  const isDate = field.type === "date" || field.type === "datetime";
  const kind = typeof value !== "object" ? "value" : "field" in value ? "field" : "moving";
  const kinds: Pick[] = [{ key: "value", label: t("operandValue") }];
  if (isDate && !isPlain) kinds.push({ key: "moving", label: t("operandMoving") });
  if (fields.length || kind === "field") kinds.push({ key: "field", label: t("operandField") });
  const choose = (next: string): void => {
    if (next === "field") onWrite({ field: fields[0]?.name ?? "" });
    else onWrite(next === "moving" ? { from_now: 0, unit: "day" } : "");
  };
  return (
    <>
      {kinds.length > 1 ? <Select label={t("operand")} hidden value={kind} options={kinds} onWrite={choose} /> : null}
      {kind === "field" ? (
        <Select label={label} hidden value={(value as { field: string }).field} options={fields.map((one) => ({ key: one.name, label: one.label }))} onWrite={(name) => onWrite({ field: name })} />
      ) : kind === "moving" ? (
        <Moving value={value as { from_now: number; unit: string }} onWrite={onWrite} isMoment={field.type === "datetime"} />
      ) : (
        <Constant label={label} value={value as string | number | boolean} field={field} onWrite={onWrite} />
      )}
    </>
  );
}

/** A value of a field's type, by the input that fits it. */
export function Constant({ label, value, field, onWrite }: { label: string; value: string | number | boolean; field: KnownField; onWrite: (value: Operand) => void }) {
  const { t } = useDesk();
  if (field.type === "boolean") {
    const options = [{ key: "true", label: t("yes") }, { key: "false", label: t("no") }];
    return <Select label={label} hidden value={String(value)} options={options} onWrite={(next) => onWrite(next === "true")} />;
  }
  if (field.choices?.length) return <Select label={label} hidden value={String(value)} options={picks(field)} onWrite={onWrite} />;
  if (field.type === "datetime") {
    return <DayInput label={label} hidden kind="datetime-local" value={localMoment(String(value))} onWrite={(text) => onWrite(text ? new Date(text).toISOString().replace(".000Z", "Z") : "")} />;
  }
  if (field.type === "date") return <DayInput label={label} hidden kind="date" value={String(value)} onWrite={onWrite} />;
  const isFigure = isNumber(field.type);
  const shown = isFigure ? shownNumber(String(value), pageLanguage()) : String(value);
  return <TextInput label={label} hidden value={shown} placeholder={t("value")} check={(text) => wrongValue(text, field.type, t)} onWrite={(text) => onWrite(isFigure ? plainNumber(text) : text)} />;
}

/** Why a text is no value of this type, in the reader's language; "" if it is one or nothing is there yet. */
function wrongValue(text: string, type: string, t: Words): string {
  if (!isNumber(type) || !text.trim()) return "";
  if (!/^-?\d{1,30}(\.\d{1,30})?$/.test(plainNumber(text))) return t("notNumber");
  return type === "money" && !/^[^.]*(\.\d{1,2})?$/.test(plainNumber(text)) ? t("notMoney") : "";
}

function Moving({ value, isMoment, onWrite }: { value: { from_now: number; unit: string }; isMoment: boolean; onWrite: (value: Operand) => void }) {
  const { t, unitName } = useDesk();
  const amount = Math.abs(Number(value.from_now));
  const sign = Number(value.from_now) < 0 ? "before" : "after";
  const units = (isMoment ? ["hour", ...CALENDAR_UNITS] : CALENDAR_UNITS).map((key) => ({ key, label: unitName(key, amount) }));
  const write = (number: number, direction: string, unit: string): void => onWrite({ from_now: direction === "before" ? -number : number, unit });
  return (
    <>
      <TextInput label={t("number")} hidden type="number" min={0} value={String(amount)} onWrite={(text) => write(Math.floor(Math.abs(Number(text))) || 0, sign, value.unit)} />
      <Select label={t("unit")} hidden value={value.unit} options={units} onWrite={(unit) => write(amount, sign, unit)} />
      <Select label={t("direction")} hidden value={sign} options={[{ key: "before", label: t("directionBefore") }, { key: "after", label: t("directionAfter") }]} onWrite={(next) => write(amount, next, value.unit)} />
    </>
  );
}

function PeriodInput({ period, onWrite }: { period: Period; onWrite: (value: Operand) => void }) {
  const { t, unitName } = useDesk();
  const isRolling = period.period === "last" || period.period === "coming";
  const units = CALENDAR_UNITS.map((key) => ({ key, label: unitName(key, Number(period.count ?? 1)) }));
  const kinds = ["this", "previous", "next", "last", "coming"].map((key) => ({ key, label: t(`periodKind_${key}`) }));
  const write = (next: Partial<Period>): void => {
    const whole = { ...period, ...next };
    const counted = whole.period === "last" || whole.period === "coming";
    onWrite(counted ? { period: whole.period, unit: whole.unit, count: Number(whole.count ?? 7) } : { period: whole.period, unit: whole.unit });
  };
  return (
    <>
      <Select label={t("period")} hidden value={period.period} options={kinds} onWrite={(kind) => write({ period: kind })} />
      {isRolling ? <TextInput label={t("number")} hidden type="number" min={1} value={String(period.count ?? 1)} onWrite={(text) => write({ count: Math.max(1, Math.floor(Number(text)) || 1) })} /> : null}
      <Select label={t("unit")} hidden value={period.unit} options={units} onWrite={(unit) => write({ unit })} />
    </>
  );
}

function asPeriod(value: Comparison["value"]): Period {
  return value && typeof value === "object" && "period" in value ? value : { period: "this", unit: "week" };
}

function picks(field: KnownField): Pick[] {
  return (field.choices ?? []).map((choice) => ({ key: choice.key, label: choice.label }));
}

function localMoment(value: string): string {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
