/* A time as a number and a unit, in working time or by the clock. */
import { durationOf, spanOf, UNITS, type Unit } from "../durations";
import { useDesk } from "./context";
import { Select, TextInput } from "./inputs";

interface SpanProps {
  label: string;
  duration: string;
  calendar: string;
  onWrite: (duration: string, calendar: string) => void;
  isOptional?: boolean;
}

/** "2 days, working time". An empty number takes the duration away where it may be missing. */
export function SpanInput({ label, duration, calendar, onWrite, isOptional }: SpanProps) {
  const { t, unitName } = useDesk();
  const span = spanOf(duration, calendar);
  const unit: Unit = span?.unit ?? "day";
  const units = UNITS.map((key) => ({ key, label: unitName(key, span?.amount ?? 1) }));
  const write = (amount: string, next: string): void => {
    const number = Number(amount);
    if (number > 0) onWrite(durationOf({ amount: number, unit: next as Unit }), calendar);
    else if (isOptional) onWrite("", calendar);
  };
  const wrong = (amount: string): string => {
    if (!amount.trim() || (isOptional && Number(amount) === 0)) return "";
    return Number.isInteger(Number(amount)) && Number(amount) > 0 ? "" : t("notWhole");
  };
  return (
    <div class="kp-span" role="group" aria-label={label}>
      <TextInput label={label} type="number" min={isOptional ? 0 : 1} value={span ? String(span.amount) : ""} check={(amount) => wrong(amount)} onWrite={(amount) => write(amount, unit)} />
      <Select label={t("unit")} hidden value={unit} options={units} onWrite={(next) => write(String(span?.amount ?? 1), next)} />
      <Select label={t("calendar")} hidden value={calendar} options={[{ key: "working", label: t("calendarWorking") }, { key: "absolute", label: t("calendarAbsolute") }]}
        onWrite={(next) => onWrite(duration, next)} />
      {duration && !span ? <p class="k-field__error">{t("badDuration", { duration })}</p> : null}
    </div>
  );
}
