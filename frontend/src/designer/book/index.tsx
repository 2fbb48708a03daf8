/* The book view: the same model as an outline that is read and edited like a text, by keyboard alone if wanted. */
import { render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { tidy } from "../canvas/tidy";
import type { Findings } from "../findings";
import { flowsOut, isStep } from "../meaning";
import { isA } from "../moddle";
import type { BookModel, Drawn } from "../model";
import { DeskContext, useDesk, useModelChanges } from "../panel/context";
import { Adder, TextInput } from "../panel/inputs";
import { ElementForm } from "../panel/index";
import { elementWords } from "../panel/outcomes";
import type { Catalog, Texts } from "../texts";
import { bookOf, type Part } from "./entries";
import { Entry, type Acts } from "./entry";

/** Show the book in `host`; the returned function takes it away again. */
export function mountBook(host: HTMLElement, model: BookModel, texts: Texts, catalog: Catalog, findings: Findings): () => void {
  const arranged = <Made,>(run: () => Made): Made => {
    let made: Made | undefined;
    model.change(() => {
      made = run();
      tidy(model.modeler as never);
    });
    return made as Made;
  };
  render(<DeskContext.Provider value={{ model, texts, catalog, findings, arranged }}><Book /></DeskContext.Provider>, host);
  return () => render(null, host);
}

function Book() {
  const { model, t, findings } = useDesk();
  useModelChanges(model);
  const [openId, setOpenId] = useState("");
  const [news, tell] = useState("");
  const wanted = useRef<{ id: string; isForm: boolean } | null>(null);
  const root = useRef<HTMLDivElement>(null);
  // At once, not after the paint: what is typed on meanwhile belongs into the field.
  useLayoutEffect(() => {
    const { id, isForm } = wanted.current ?? { id: "", isForm: false };
    const name = id ? root.current?.querySelector<HTMLElement>(`[data-entry="${CSS.escape(id)}"]`) : null;
    if (!name) return;
    wanted.current = null;
    const field = isForm ? name.closest(".kp-entry")?.querySelector<HTMLInputElement>(".kp-form input") : null;
    (field ?? name).focus();
    field?.select();
    name.scrollIntoView({ block: "nearest" });
  });
  const acts = useActs({ open: setOpenId, tell, focus: (id, isForm) => (wanted.current = { id, isForm }) });
  useEffect(() => findings.onPoint((id) => acts.open(model.element(id) ?? null)));
  const { parts, ends } = bookOf(model, openId);
  let number = 0;
  return (
    <div class="kp-book" ref={root}>
      <p class="kp-book__help">{t("bookHelp")}</p>
      <p class="k-spoken" role="status">{news}</p>
      <TextInput label={t("processName")} most={{ length: 200, told: t("nameFull") }} value={model.process().name} onWrite={(name) => model.writeProcess({ name })} />
      {parts.map((part) => (
        <section key={part.stage?.key ?? ""} class="kp-part" aria-label={part.stage?.name ?? t("stageNone")}>
          <StageHead part={part} />
          <ol class="kp-entries">
            {part.entries.map((element) => {
              number += 1;
              return <Entry key={element.id} element={element} number={number} isOpen={openId === element.id} acts={acts} />;
            })}
          </ol>
          {part.entries.some(isStep) ? null : <FirstStep part={part} parts={parts} acts={acts} />}
        </section>
      ))}
      <Adder label={t("stageNew")} button={t("add")} onAdd={(name) => model.addStage(name)} />
      {ends.length ? <Ends ends={ends} openId={openId} acts={acts} /> : null}
    </div>
  );
}

function StageHead({ part }: { part: Part }) {
  const { model, t } = useDesk();
  const { stage } = part;
  if (!stage) return model.stages().length ? <h2 class="kp-part__name">{t("stageNone")}</h2> : null;
  const rename = (name: string): void => {
    if (name) model.writeProcess({ stages: model.stages().map((one) => (one.key === stage.key ? { ...one, name } : one)) });
  };
  return <h2 class="kp-part__name"><TextInput label={t("stageName")} hidden value={stage.name} onWrite={rename} /></h2>;
}

/* A stage without steps begins behind the last step of the stages before it, or at the start. */
function FirstStep({ part, parts, acts }: { part: Part; parts: Part[]; acts: Acts }) {
  const { model, t, arranged } = useDesk();
  const add = (): void => {
    const before = parts.slice(0, parts.indexOf(part)).flatMap((one) => one.entries).filter(isStep);
    const source = before[before.length - 1] ?? model.elements().find((element) => isA(element, "bpmn:StartEvent"));
    if (!source) return;
    const made = arranged!(() => {
      const step = model.addStep(source, t("name_step"), isStep(source) ? model.ways(source)[0]?.outcome.key : undefined);
      if (part.stage) model.set(step, { "kniga:stage": part.stage.key });
      return step;
    });
    acts.made(made);
  };
  return <p class="kp-part__empty"><span class="k-muted">{t("stageEmpty")}</span> <button type="button" class="k-button k-button--plain k-button--small" onClick={add}>{t("addFirst")}</button></p>;
}

function Ends({ ends, openId, acts }: { ends: Drawn[]; openId: string; acts: Acts }) {
  const { model, t } = useDesk();
  return (
    <section class="kp-part" aria-label={t("ends")}>
      <h2 class="kp-part__name">{t("ends")}</h2>
      <ul class="kp-entries">
        {ends.map((end) => (
          <li key={end.id} class="kp-entry kp-entry--aside">
            <h3 class="kp-entry__head">
              <button type="button" class="kp-entry__name" data-entry={end.id} aria-expanded={openId === end.id} onClick={() => acts.open(openId === end.id ? null : end)}>{elementWords(end, model.name(end), t)}</button>
              <small class="kp-entry__facts">{t(`result_${model.attribute(end, "kniga:result") || "other"}`)}</small>
            </h3>
            {openId === end.id ? <ElementForm element={end} /> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Hands {
  open: (id: string) => void;
  tell: (news: string) => void;
  focus: (id: string, isForm: boolean) => void;
}

function useActs({ open, tell, focus }: Hands): Acts {
  const { model, t, arranged } = useDesk();
  const nameOf = (element: Drawn): string => elementWords(element, model.name(element), t);
  const before = (element: Drawn): Drawn | undefined => model.steps().find((step) => model.nextInLine(step) === element);
  /* Where all outcomes go the same way, the new step stands in that way for all of them. */
  const firstOutcome = (source: Drawn): string | undefined => {
    const [only] = flowsOut(source);
    const ways = model.ways(source);
    return only && ways.every((way) => way.flow === only) ? undefined : ways[0]?.outcome.key;
  };
  const made = (element: Drawn): void => {
    model.select(element);
    focus(element.id, true);
    open(element.id);
    tell(t("newsAdded"));
  };
  return {
    made,
    open: (element) => {
      open(element?.id ?? "");
      model.select(element);
      if (element) focus(element.id, true);
    },
    go: (element) => {
      focus(element.id, false);
      tell("");
      open("");
    },
    add: (source, outcome) => made(arranged!(() => model.addStep(source, t("name_step"), outcome ?? firstOutcome(source)))),
    branch: (source) => made(arranged!(() => model.addBranch(source, { branch: t("name_branch"), step: t("name_step") }, firstOutcome(source)))),
    remove: (element) => {
      const next = model.ways(element).find((way) => way.target)?.target;
      if (next) focus(next.id, false);
      tell(t("newsRemoved", { name: nameOf(element) }));
      arranged!(() => model.removeStep(element));
    },
    canMove: (element, by) => (by > 0 ? model.nextInLine(element) : before(element)) != null,
    move: (element, by) => {
      const first = by > 0 ? element : before(element);
      if (!first) return;
      focus(element.id, false);
      tell(t("newsMoved", { name: nameOf(element) }));
      const other = by > 0 ? model.nextInLine(element) : first;
      const stage = other ? model.stageOf(other) : "";
      arranged!(() => {
        model.swapWithNext(first);
        if (stage && stage !== model.stageOf(element)) model.set(element, { "kniga:stage": stage });
      });
    },
  };
}
