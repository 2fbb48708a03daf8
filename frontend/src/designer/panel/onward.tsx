/* Where the way goes on behind what has no outcomes: a wait, a choice, something done by itself. */
import type { NewTarget } from "../growing";
import type { Drawn } from "../model";
import { useDesk } from "./context";
import { Select } from "./inputs";
import { elementWords, isTarget, NEW } from "./outcomes";

interface OnwardProps {
  source: Drawn;
  /** The way that is led elsewhere; without, one more is made. */
  flow?: Drawn | undefined;
  label: string;
  onMade?: ((element: Drawn) => void) | undefined;
}

/** What a way leads to: anything that is there, or a new step or end. */
export function Onward({ source, flow, label, onMade }: OnwardProps) {
  const { model, t, arranged = (run) => run() } = useDesk();
  const scope = source.host ?? source;
  const taken = new Set(model.flows(source).map((way) => way.target.id));
  const targets = model.elements().filter((one) => isTarget(one, scope) && one !== source && (one === flow?.target || !taken.has(one.id)));
  const lead = (target: Drawn | NewTarget): void => {
    const made = arranged(() => model.leadOn(source, flow, target, typeof target === "string" ? t(`name_${target}`) : ""));
    if (target === "step") onMade?.(made);
  };
  const choose = (id: string): void => {
    const target = model.element(id);
    if (target && target !== flow?.target) lead(target);
  };
  return (
    <div class="kp-leads-to">
      <Select label={label} value={flow?.target?.id ?? ""} empty={flow ? undefined : t("leadsNowhere")} options={targets.map((one) => ({ key: one.id, label: elementWords(one, model.name(one), t) }))} onWrite={choose} />
      <div class="kp-placeholders" role="group" aria-label={label}>
        {NEW.map((kind) => <button key={kind} type="button" class="k-button k-button--plain k-button--small" onClick={() => lead(kind)}>{t(`new_${kind}`)}</button>)}
      </div>
    </div>
  );
}
