/* Beginnings, waits, messages and ends. */
import { list, part, text, isA, type Moddle } from "../moddle";
import type { Drawn, Param, TimerMeaning } from "../model";
import { fieldsAt, useDesk } from "./context";
import { DayInput } from "./day";
import { Check, IconButton, replaced, Select, TextInput } from "./inputs";
import { RuleForm } from "./rule";
import { SpanInput } from "./timing";

const CHANNELS = ["any", "form", "email", "call", "api", "import"];
const RESULTS = ["won", "lost", "other"];
/** What an event may refer to: the type of its trigger, of what it names, and the property that names it. */
const NAMED: Record<string, { root: string; property: string; code?: string }> = {
  "bpmn:MessageEventDefinition": { root: "bpmn:Message", property: "messageRef" },
  "bpmn:SignalEventDefinition": { root: "bpmn:Signal", property: "signalRef" },
  "bpmn:ErrorEventDefinition": { root: "bpmn:Error", property: "errorRef", code: "errorCode" },
  "bpmn:EscalationEventDefinition": { root: "bpmn:Escalation", property: "escalationRef", code: "escalationCode" },
};

export function EventForm({ event }: { event: Drawn }) {
  const { model, t } = useDesk();
  const definition = model.definition(event);
  const isThrowing = isA(event, "bpmn:ThrowEvent");
  return (
    <div class="kp-form">
      <TextInput label={t("eventName")} value={model.name(event)} onWrite={(name) => model.rename(event, name)} />
      {definition?.$type === "bpmn:TimerEventDefinition" ? <TimerForm event={event} /> : null}
      {definition && NAMED[definition.$type] ? <NamedForm event={event} definition={definition} /> : null}
      {definition?.$type === "bpmn:ConditionalEventDefinition" ? <ConditionForm event={event} definition={definition} /> : null}
      {event.type === "bpmn:StartEvent" && definition?.$type === "bpmn:MessageEventDefinition" ? (
        <Select label={t("channel")} value={model.attribute(event, "kniga:channel") || "any"} options={CHANNELS.map((key) => ({ key, label: t(`channel_${key}`) }))} onWrite={(channel) => model.set(event, { "kniga:channel": channel })} />
      ) : null}
      {event.type === "bpmn:StartEvent" && !definition ? <p class="k-field__help">{t("about_StartEvent")}</p> : null}
      {event.type === "bpmn:BoundaryEvent" && definition?.$type !== "bpmn:ErrorEventDefinition" ? (
        <Check label={t("boundaryEnds")} checked={event.businessObject.get("cancelActivity") !== false} onWrite={(on) => model.set(event, { cancelActivity: on })} />
      ) : null}
      {isThrowing && definition?.$type === "bpmn:MessageEventDefinition" ? <Params element={event} /> : null}
      {event.type === "bpmn:EndEvent" ? <EndForm end={event} /> : null}
    </div>
  );
}

function EndForm({ end }: { end: Drawn }) {
  const { model, t } = useDesk();
  const result = model.attribute(end, "kniga:result") || "other";
  const answers = model.answers().map((field) => ({ key: field.name.slice("answer.".length), label: field.label }));
  return (
    <>
      <Select label={t("result")} value={result} options={RESULTS.map((key) => ({ key, label: t(`result_${key}`) }))} onWrite={(next) => model.set(end, { "kniga:result": next })} />
      <Select label={t("reasonFrom")} value={model.attribute(end, "kniga:reasonFrom")} empty={t("reasonNone")} options={answers} help={result === "lost" ? t("reasonHelp") : undefined}
        onWrite={(key) => model.set(end, { "kniga:reasonFrom": key || undefined })} />
    </>
  );
}

function TimerForm({ event }: { event: Drawn }) {
  const desk = useDesk();
  const { model, t } = desk;
  const timer = model.timer(event);
  if (!timer) return null;
  const isOnStep = event.type === "bpmn:BoundaryEvent" && isA(event.host!, "bpmn:Task");
  const kinds = ["duration", ...(isOnStep || timer.kind === "deadline" ? ["deadline"] : []), "field", "date", "cycle"];
  const days = fieldsAt(desk, event, false).filter((field) => field.type === "date" || field.type === "datetime");
  const choose = (kind: string): void => {
    const first = { duration: "P1D", cycle: "R/P1D", date: tomorrow(), deadline: "", field: "" }[kind] ?? "";
    model.writeTimer(event, { ...timer, kind: kind as TimerMeaning["kind"], value: first, field: kind === "field" ? (days[0]?.name ?? "") : "" });
  };
  const write = (patch: Partial<TimerMeaning>): void => model.writeTimer(event, { ...timer, ...patch });
  const span = (label: string, isOptional: boolean) => (
    <SpanInput label={label} isOptional={isOptional} duration={timer.value} calendar={timer.calendar} onWrite={(value, calendar) => write({ value, calendar })} />
  );
  return (
    <>
      <Select label={t("timerKind")} value={timer.kind} options={kinds.map((key) => ({ key, label: t(`timer_${key}`) }))} onWrite={choose} />
      {timer.kind === "field" ? <Select label={t("timerField")} value={timer.field} options={days.map((day) => ({ key: day.name, label: day.label }))} onWrite={(field) => write({ field })} /> : null}
      {timer.kind === "duration" ? span(t("timerIn"), false) : null}
      {timer.kind === "deadline" || timer.kind === "field" ? span(t("timerAfter"), true) : null}
      {timer.kind === "cycle" ? <CycleInput timer={timer} onWrite={write} /> : null}
      {timer.kind === "date" ? <DayInput label={t("timerDate")} help={t("timerDateHelp")} kind="datetime-local" value={timer.value.slice(0, 16)} onWrite={(text) => write({ value: text ? `${text}:00${offset(text)}` : "" })} /> : null}
    </>
  );
}

const CYCLE = /^R(\d*)\/(?:([^/]+)\/)?(P[^/]+)$/;

/* Cycles: R/P1D, R3/PT4H. One with a beginning keeps it; one that another tool wrote is shown, and set anew. */
function CycleInput({ timer, onWrite }: { timer: TimerMeaning; onWrite: (patch: Partial<TimerMeaning>) => void }) {
  const { t } = useDesk();
  const [, times = "", start = "", every = ""] = CYCLE.exec(timer.value) ?? [];
  const write = (next: string, duration: string, calendar = timer.calendar): void =>
    onWrite({ value: [`R${next}`, ...(start ? [start] : []), duration || "P1D"].join("/"), calendar });
  return (
    <>
      {timer.value && !every ? <p class="k-field__error">{t("badCycle", { cycle: timer.value })}</p> : null}
      <SpanInput label={t("timerEvery")} duration={every} calendar={timer.calendar} onWrite={(duration, calendar) => write(times, duration, calendar)} />
      <TextInput label={t("timerTimes")} help={t("timerTimesHelp")} type="number" min={1} value={times} onWrite={(next) => write(next, every)} />
    </>
  );
}

/** Nine in the morning of the next day: a timer of a day without one would be no such timer. */
function tomorrow(): string {
  const at = new Date();
  const day = new Date(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate() + 1)).toISOString().slice(0, 10);
  return `${day}T09:00:00${offset(`${day}T09:00`)}`;
}

function offset(local: string): string {
  const minutes = -new Date(local).getTimezoneOffset();
  const pad = (number: number): string => String(Math.floor(Math.abs(number))).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}

function ConditionForm({ event, definition }: { event: Drawn; definition: Moddle }) {
  const desk = useDesk();
  const { model, t } = desk;
  const condition = text(part(definition, "condition"), "body").trim();
  const write = (next: string): void => model.change(() => model.services.modeling.updateModdleProperties(event, definition, { condition: next ? model.expression(definition, next, true) : undefined }));
  return <RuleForm label={t("eventCondition")} condition={condition} fields={fieldsAt(desk, event, false)} onWrite={write} />;
}

/** The name of the message, signal, error or escalation; one that is new is made. */
function NamedForm({ event, definition }: { event: Drawn; definition: Moddle }) {
  const { model, t } = useDesk();
  const { root, property, code } = NAMED[definition.$type]!;
  const kind = root.slice("bpmn:".length);
  const found = part(definition, property);
  const name = (code ? text(found, code) : "") || text(found, "name");
  const write = (next: string): void =>
    model.change(() => {
      const target = next ? model.root(root, next, code ? { [code]: next } : {}) : undefined;
      model.services.modeling.updateModdleProperties(event, definition, { [property]: target });
    });
  return (
    <>
      <TextInput label={t(`named_${kind}`)} help={t("namedHelp")} list={model.roots(root).map((one) => text(one, "name"))} value={name} onWrite={write} />
      {kind === "Message" && found ? <MessageForm element={event} message={found} /> : null}
    </>
  );
}

/** By what a message finds who waits for it. */
export function MessageForm({ element, message }: { element: Drawn; message: Moddle }) {
  const desk = useDesk();
  const { model, t } = desk;
  const update = (properties: Record<string, unknown>): void => model.change(() => model.services.modeling.updateModdleProperties(element, message, properties));
  const correlation = text(message, "kniga:correlation") || "deal";
  const options = ["deal", "client", "thread", "key"].map((key) => ({ key, label: t(`correlation_${key}`) }));
  const fields = fieldsAt(desk, element, false).map((field) => ({ key: field.name, label: field.label }));
  return (
    <>
      <Select label={t("correlation")} value={correlation} options={options} onWrite={(next) => update({ "kniga:correlation": next, "kniga:key": next === "key" ? (fields[0]?.key ?? "") : undefined })} />
      {correlation === "key" ? <Select label={t("correlationKey")} value={text(message, "kniga:key")} options={fields} onWrite={(key) => update({ "kniga:key": key })} /> : null}
    </>
  );
}

/** Values that a message takes along: each a text, or what a field holds. */
export function Params({ element }: { element: Drawn }) {
  const desk = useDesk();
  const { model, t } = desk;
  const params = model.params(element);
  const fields = fieldsAt(desk, element, false).map((field) => ({ key: field.name, label: field.label }));
  const change = (at: number, param: Param): void => model.writeParams(element, replaced(params, at, param));
  return (
    <fieldset class="kp-checks">
      <legend>{t("params")}</legend>
      {params.map((param, at) => (
        <div class="kp-rung" key={at}>
          <TextInput label={t("paramName")} value={param.name} onWrite={(name) => change(at, { ...param, name })} />
          <Select label={t("paramFrom")} value={param.field} empty={t("paramText")} options={fields} onWrite={(field) => change(at, { ...param, field })} />
          {param.field ? null : <TextInput label={t("value")} value={param.value} onWrite={(value) => change(at, { ...param, value })} />}
          <IconButton label={t("remove", { name: param.name })} sign="✕" onClick={() => model.writeParams(element, params.filter((_, index) => index !== at))} />
        </div>
      ))}
      <button type="button" class="k-button k-button--quiet k-button--small" onClick={() => model.writeParams(element, [...params, { name: `value_${params.length + 1}`, value: "", field: "" }])}>{t("paramAdd")}</button>
    </fieldset>
  );
}

export function hasTimer(element: Drawn): boolean {
  return list(element.businessObject, "eventDefinitions").some((one) => one.$type === "bpmn:TimerEventDefinition");
}
