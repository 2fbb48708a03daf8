/* By when a step is to be done: so long after it began, or on the day an answer names. */
import type { Drawn } from "../model";
import { useDesk } from "./context";
import { Check, Select } from "./inputs";
import { SpanInput } from "./timing";

export function DeadlineForm({ step }: { step: Drawn }) {
  const { model, t } = useDesk();
  const { deadline } = model.read(step);
  const days = model.answers().filter((answer) => answer.type === "date" || answer.type === "datetime");
  const toggle = (on: boolean): void => model.write(step, { deadline: on ? { duration: "P2D", calendar: "working", answer: "" } : null });
  return (
    <>
      <Check label={t("deadlineHas")} checked={deadline !== null} onWrite={toggle} />
      {deadline ? (
        <>
          <SpanInput label={t("deadlineIn")} duration={deadline.duration} calendar={deadline.calendar} onWrite={(duration, calendar) => model.write(step, { deadline: { ...deadline, duration, calendar } })} />
          {days.length || deadline.answer ? (
            <Select label={t("deadlineAnswer")} value={deadline.answer} empty={t("deadlineAnswerNone")} help={t("deadlineAnswerHelp")} options={days.map((day) => ({ key: day.name.slice("answer.".length), label: day.label }))}
              onWrite={(answer) => model.write(step, { deadline: { ...deadline, answer } })} />
          ) : null}
        </>
      ) : null}
    </>
  );
}
