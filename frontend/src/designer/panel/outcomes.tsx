/* How a step may end, and where each ending leads. */
import { useDesk } from "./context";
import type { Drawn, Outcome, Way } from "../model";
import type { NewTarget } from "../growing";
import { Adder, moved, replaced, Select, TextInput } from "./inputs";
import { Key, Moves } from "./questions";

const TONES = ["primary", "positive", "neutral", "negative"];
export const NEW: NewTarget[] = ["step", "won", "lost", "other"];

/** The outcomes of a step with their tone and the way on; the ways can be changed where they are told in outcomes. */
export function Outcomes({ step, onMade }: { step: Drawn; onMade?: (element: Drawn) => void }) {
  const { model, t } = useDesk();
  const { outcomes } = model.read(step);
  const ways = model.ways(step, t("plainOutcome"));
  const write = (next: Outcome[]): void => model.write(step, { outcomes: next });
  const relabel = (at: number, label: string): void => model.change(() => {
    model.growing.relabel(step, outcomes[at]!, label);
    write(replaced(outcomes, at, { ...outcomes[at]!, label }));
  });
  const add = (label: string): void => {
    const key = model.outcomeKey(step, label);
    write([...outcomes, { key, label, tone: outcomes.length ? "neutral" : "primary" }]);
  };
  return (
    <div class="kp-list">
      {outcomes.length ? null : <p class="k-field__help">{t("outcomesNone")}</p>}
      {outcomes.map((outcome, at) => (
        <details class="kp-item" key={outcome.key}>
          <summary>
            <span class={`kp-tone kp-tone--${outcome.tone}`}>{outcome.label || outcome.key}</span> <small>{wayWords(ways[at], model.name.bind(model), t)}</small>
          </summary>
          <div class="kp-item__body">
            <TextInput label={t("outcomeLabel")} value={outcome.label} onWrite={(label) => relabel(at, label)} />
            <Select label={t("tone")} value={outcome.tone} options={TONES.map((key) => ({ key, label: t(`tone_${key}`) }))} onWrite={(tone) => write(replaced(outcomes, at, { ...outcome, tone }))} />
            <LeadsTo step={step} way={ways[at]} onMade={onMade} />
            <Key value={outcome.key} />
            <Moves name={outcome.label} isFirst={at === 0} isLast={at === outcomes.length - 1} onMove={(by) => write(moved(outcomes, at, by))} onRemove={() => model.removeOutcome(step, outcome.key)} />
          </div>
        </details>
      ))}
      <Adder label={t("outcomeNew")} button={t("add")} onAdd={add} />
      {outcomes.length ? null : <LeadsTo step={step} way={ways[0]} onMade={onMade} />}
    </div>
  );
}

/** What an outcome leads to: anything that is there; beside it what can be made for it, a new step or an end. */
export function LeadsTo({ step, way, onMade }: { step: Drawn; way: Way | undefined; onMade?: (element: Drawn) => void }) {
  const { model, t, arranged = (run) => run() } = useDesk();
  if (!way) return null;
  if (!model.canLead(step)) return <p class="k-field__help">{t("waysElsewhere")}</p>;
  const outcome = way.outcome.label || way.outcome.key;
  const targets = model.elements().filter((element) => isTarget(element, step));
  const lead = (target: Drawn | NewTarget): void => {
    const name = typeof target === "string" ? t(`name_${target}`) : "";
    const made = arranged(() => model.lead(step, way.outcome.key, target, name));
    if (target === "step") onMade?.(made);
  };
  const choose = (id: string): void => {
    const target = model.element(id);
    if (target) lead(target);
  };
  return (
    <div class="kp-leads-to">
      <Select label={t("leadsTo", { outcome })} value={way.target?.id ?? ""} empty={way.target ? undefined : t("leadsNowhere")} options={targets.map((element) => ({ key: element.id, label: elementWords(element, model.name(element), t) }))} onWrite={choose} />
      <div class="kp-placeholders" role="group" aria-label={t("leadsToNew", { outcome })}>
        {NEW.map((kind) => <button key={kind} type="button" class="k-button k-button--plain k-button--small" onClick={() => lead(kind)}>{t(`new_${kind}`)}</button>)}
      </div>
    </div>
  );
}

/** Whether a way from this step may lead there. */
export function isTarget(element: Drawn, step: Drawn): boolean {
  const { $type: type } = element.businessObject;
  return element.parent === step.parent && type !== "bpmn:StartEvent" && type !== "bpmn:BoundaryEvent";
}

/** An element as a reader calls it: its name, or what it is. */
export function elementWords(element: Drawn, name: string, t: (name: string, gaps?: Record<string, string>) => string): string {
  return name || kindWords(element.businessObject.$type, t);
}

/** What an element is, in a word or two. */
export function kindWords(type: string, t: (name: string) => string): string {
  const name = `kind_${type.slice("bpmn:".length)}`;
  const found = t(name);
  return found === name ? t("kind_other") : found;
}

export function wayWords(way: Way | undefined, nameOf: (element: Drawn) => string, t: (name: string, gaps?: Record<string, string>) => string): string {
  if (!way?.target) return t("leadsNowhere");
  return `→ ${elementWords(way.target, nameOf(way.target), t)}`;
}
