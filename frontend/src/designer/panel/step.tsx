/* Everything a step means, as one form: the same in the side panel and in the book. */
import { useEffect, useRef, useState } from "preact/hooks";
import { durationWords } from "../durations";
import type { Drawn, Material, StepMeaning } from "../model";
import { useDesk } from "./context";
import { Controls, usePeople } from "./controls";
import { DeadlineForm } from "./deadline";
import { Adder, Fold, IconButton, Offer, replaced, Select, TextInput } from "./inputs";
import { LoopForm } from "./loops";
import { Outcomes } from "./outcomes";
import { Questions } from "./questions";
import { Script } from "./script";

const KINDS = ["call", "meeting", "mail", "document", "task"];
/* No key of a stage: keys are letters, digits, dots, dashes. */
const NEW = "+";

/** `onMade` is told of an element that the form has added to the drawing. */
export function StepForm({ step, onMade }: { step: Drawn; onMade?: (element: Drawn) => void }) {
  const { model, t, texts } = useDesk();
  const meaning = model.read(step);
  const people = usePeople();
  const write = (patch: Partial<StepMeaning>): void => model.write(step, patch);
  const who = people.find((one) => one.key === meaning.assignee)?.label ?? meaning.assignee;
  const { deadline } = meaning;
  const due = deadline ? (deadline.duration ? durationWords(deadline.duration, deadline.calendar, texts) : t("deadlineByAnswer")) : t("deadlineNone");
  const number = (items: unknown[]): string => (items.length ? String(items.length) : "");
  return (
    <div class="kp-form">
      <TextInput label={t("stepName")} value={meaning.name} onWrite={(name) => write({ name })} />
      <div class="kp-pair">
        <Select label={t("stepKind")} value={meaning.kind} options={KINDS.map((key) => ({ key, label: t(`stepKind_${key}`) }))} onWrite={(kind) => write({ kind })} />
        <StageSelect step={step} />
      </div>
      <Fold title={t("outcomes")} summary={number(meaning.outcomes)} open><Outcomes step={step} onMade={onMade} /></Fold>
      <Fold title={t("script")} summary={meaning.script ? "" : t("scriptNone")} open={!meaning.script}><Script step={step} /></Fold>
      <Fold title={t("questions")} summary={number(meaning.questions)}><Questions step={step} /></Fold>
      <Fold title={t("who")} summary={who}>
        <Select label={t("assignee")} value={meaning.assignee} options={people} onWrite={(assignee) => write({ assignee })} />
        <SkillInput step={step} />
      </Fold>
      <Fold title={t("deadline")} summary={due}><DeadlineForm step={step} /></Fold>
      <Fold title={t("controls")} summary={number(meaning.controls)}><Controls step={step} /></Fold>
      <Fold title={t("materials")} summary={number(meaning.materials)}><Materials step={step} /></Fold>
      <Fold title={t("more")}>
        <TextInput label={t("price")} help={t("priceHelp")} value={meaning.price} onWrite={(price) => write({ price: price.replace(/\s/g, "").replace(",", ".") })} />
        <LoopForm element={step} />
      </Fold>
    </div>
  );
}

function SkillInput({ step }: { step: Drawn }) {
  const { model, catalog, t } = useDesk();
  return <TextInput label={t("skill")} help={t("skillHelp")} list={catalog.skills} value={model.read(step).skill} onWrite={(skill) => model.write(step, { skill })} />;
}

/** The stage of a step or of a sub-process; a new one can be named at once. */
export function StageSelect({ step }: { step: Drawn }) {
  const { model, t } = useDesk();
  const own = model.attribute(step, "kniga:stage");
  const inherited = own ? "" : model.stages().find((stage) => stage.key === model.stageOf(step))?.name;
  const options = [...model.stages().map(({ key, name }) => ({ key, label: name })), { key: NEW, label: t("stageNewHere") }];
  const [namedFor, nameFor] = useState("");
  const isNaming = namedFor === step.id;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isNaming) place.current?.querySelector("input")?.focus();
  }, [isNaming]);
  /* In the book the step moves to its stage's part, and its form is a new one there. */
  const done = (): void => {
    nameFor("");
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-stage-of="${CSS.escape(step.id)}"] select`)?.focus());
  };
  const write = (stage: string): void => {
    if (stage === NEW) return nameFor(step.id);
    model.set(step, { "kniga:stage": stage || undefined });
    done();
  };
  const add = (name: string): void => {
    model.change(() => model.set(step, { "kniga:stage": model.addStage(name, model.stageOf(step)) }));
    done();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !isNaming) return;
    event.stopPropagation();
    done();
  };
  return (
    <div ref={place} data-stage-of={step.id} onKeyDown={onKey}>
      <Select label={t("stage")} value={isNaming ? NEW : own} empty={inherited ? t("stageOfLane", { stage: inherited }) : t("stageNone")} options={options} onWrite={write} />
      {isNaming ? <Adder label={t("stageNew")} button={t("add")} onAdd={add} /> : null}
    </div>
  );
}

function Materials({ step }: { step: Drawn }) {
  const { model, catalog, t } = useDesk();
  const { materials } = model.read(step);
  const write = (next: Material[]): void => model.write(step, { materials: next });
  const offered = (["document", "letter"] as const).flatMap((kind) =>
    catalog.templates[kind].map(({ key, name }) => ({ key: `${kind}:${key}`, label: name, group: t(`material_${kind}`) })),
  );
  const split = (chosen: string): Material => ({ kind: chosen.split(":")[0]!, template: chosen.slice(chosen.indexOf(":") + 1) });
  const isThere = (chosen: string): boolean => materials.some((one) => `${one.kind}:${one.template}` === chosen);
  const rest = offered.filter((one) => !isThere(one.key));
  return (
    <div class="kp-list">
      {materials.map((material, at) => (
        <div class="kp-row" key={`${material.kind}:${material.template}`}>
          <Select label={t("material")} hidden value={`${material.kind}:${material.template}`} options={offered} onWrite={(chosen) => write(replaced(materials, at, split(chosen)))} />
          <IconButton label={t("remove", { name: material.template })} sign="✕" onClick={() => write(materials.filter((_, index) => index !== at))} />
        </div>
      ))}
      {rest.length ? <Offer label={t("materialAdd")} button={t("add")} options={rest} onPick={(chosen) => write([...materials, split(chosen)])} /> : null}
      {offered.length ? null : <p class="k-field__help">{t("materialsNone")}</p>}
    </div>
  );
}
