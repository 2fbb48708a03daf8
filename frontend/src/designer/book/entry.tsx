/* One line of the book: read in place, opened in place. */
import type { ComponentChildren } from "preact";
import { durationWords } from "../durations";
import { isStep } from "../meaning";
import { isA } from "../moddle";
import type { Drawn } from "../model";
import { useDesk } from "../panel/context";
import { usePeople } from "../panel/controls";
import { ElementForm } from "../panel/index";
import { elementWords, kindWords } from "../panel/outcomes";
import { useRuleWords } from "../panel/ways";
import { Prose } from "./prose";

export interface Acts {
  open: (element: Drawn | null) => void;
  go: (element: Drawn) => void;
  add: (source: Drawn, outcome?: string) => void;
  branch: (source: Drawn) => void;
  remove: (element: Drawn) => void;
  move: (element: Drawn, by: -1 | 1) => void;
  canMove: (element: Drawn, by: -1 | 1) => boolean;
  made: (element: Drawn) => void;
}

export function Entry({ element, number, isOpen, acts }: { element: Drawn; number: number; isOpen: boolean; acts: Acts }) {
  const { model, t } = useDesk();
  const name = elementWords(element, model.name(element), t);
  const step = isStep(element);
  const onKey = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (event.altKey && by && step) {
      event.preventDefault();
      if (acts.canMove(element, by)) acts.move(element, by);
    } else if (by) {
      event.preventDefault();
      neighbour(event.currentTarget as HTMLElement, by)?.focus();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault(); // the entry adds a step; the button would open this one
    } else if (event.key === "Delete" && step) {
      event.preventDefault();
      acts.remove(element);
    }
  };
  /* Wherever one stands in an entry: Ctrl+Enter goes on to a new step, Escape closes this one. */
  const close = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && step) {
      event.preventDefault();
      event.stopPropagation();
      acts.add(element);
    }
    if (event.key !== "Escape" || !isOpen || event.defaultPrevented) return;
    event.stopPropagation();
    acts.open(null);
    acts.go(element);
  };
  return (
    <li class={`kp-entry${isOpen ? " kp-entry--open" : ""}${step ? "" : " kp-entry--aside"}`} onKeyDown={close}>
      <h3 class="kp-entry__head">
        <button type="button" class="kp-entry__name" data-entry={element.id} aria-expanded={isOpen} onKeyDown={onKey} onClick={() => acts.open(isOpen ? null : element)}>
          <span class="kp-entry__number">{number}</span> {name}
        </button>
        <Facts element={element} />
      </h3>
      {isOpen ? <ElementForm element={element} onMade={acts.made} /> : <Reading element={element} acts={acts} />}
      {step ? <Tools element={element} name={name} acts={acts} /> : null}
    </li>
  );
}

function neighbour(from: HTMLElement, by: number): HTMLElement | undefined {
  const all = [...(from.closest(".kp-book")?.querySelectorAll<HTMLElement>("[data-entry]") ?? [])];
  return all[all.indexOf(from) + by];
}

function Tools({ element, name, acts }: { element: Drawn; name: string; acts: Acts }) {
  const { t } = useDesk();
  return (
    <div class="kp-tools" role="group" aria-label={t("toolsOf", { name })}>
      <button type="button" class="k-button k-button--quiet k-button--small" onClick={() => acts.add(element)}>{t("addAfter")}</button>
      <button type="button" class="k-button k-button--quiet k-button--small" onClick={() => acts.branch(element)}>{t("branchAfter")}</button>
      <button type="button" class="k-button k-button--quiet k-button--small" disabled={!acts.canMove(element, -1)} onClick={() => acts.move(element, -1)}>{t("earlier")}</button>
      <button type="button" class="k-button k-button--quiet k-button--small" disabled={!acts.canMove(element, 1)} onClick={() => acts.move(element, 1)}>{t("later")}</button>
      <button type="button" class="k-button k-button--quiet k-button--small" onClick={() => acts.remove(element)}>{t("removeStep")}</button>
    </div>
  );
}

function Facts({ element }: { element: Drawn }) {
  const { model, t, texts } = useDesk();
  const people = usePeople();
  if (!isStep(element)) return <small class="kp-entry__facts">{model.name(element) ? kindWords(element.type, t) : ""}</small>;
  const { kind, assignee, deadline, controls } = model.read(element);
  const due = !deadline ? "" : deadline.answer ? t("deadlineByAnswer") : durationWords(deadline.duration, deadline.calendar, texts);
  const facts = [t(`stepKind_${kind}`), people.find((one) => one.key === assignee)?.label ?? assignee, due, controls.length ? t("controlsNumber", { number: controls.length }) : ""];
  return <small class="kp-entry__facts">{facts.filter(Boolean).join(" · ")}</small>;
}

function Reading({ element, acts }: { element: Drawn; acts: Acts }) {
  const { model, t } = useDesk();
  const ruleWords = useRuleWords();
  if (!isStep(element)) {
    const flows = model.flows(element);
    const isDeciding = isA(element, "bpmn:ExclusiveGateway", "bpmn:InclusiveGateway") && flows.length > 1;
    return (
      <ul class="kp-leads">
        {flows.map((way) => (
          <Lead key={way.flow.id} target={way.target} acts={acts}>
            {isDeciding ? (way.isDefault ? t("otherwise") : way.condition ? ruleWords(way.condition, element) : t("ruleNone")) : ""}
          </Lead>
        ))}
      </ul>
    );
  }
  const { script, questions } = model.read(element);
  const answers = new Map(model.answers().map((answer) => [answer.name, answer.label]));
  const nameOf = (placeholder: string): string => answers.get(placeholder) ?? placeholderWords(placeholder, t);
  return (
    <>
      {script ? <Prose text={script} nameOf={nameOf} /> : <p class="k-muted">{t("scriptNone")}</p>}
      {questions.length ? (
        <p class="kp-asks"><strong>{t("asks")}</strong> {questions.map((question) => question.label + (question.required ? " *" : "")).join(", ")}</p>
      ) : null}
      <StepLeads step={element} acts={acts} />
    </>
  );
}

function StepLeads({ step, acts }: { step: Drawn; acts: Acts }) {
  const { model, t } = useDesk();
  const canLead = model.canLead(step);
  return (
    <ul class="kp-leads">
      {model.ways(step, t("plainOutcome")).map(({ outcome, target }) => (
        <Lead key={outcome.key} target={target} acts={acts} onAdd={canLead ? () => acts.add(step, outcome.key) : undefined}>
          <span class={`kp-tone kp-tone--${outcome.tone}`}>{outcome.label || outcome.key}</span>
        </Lead>
      ))}
    </ul>
  );
}

function Lead({ target, acts, onAdd, children }: { target: Drawn | null; acts: Acts; onAdd?: () => void; children: ComponentChildren }) {
  const { model, t } = useDesk();
  const name = target ? elementWords(target, model.name(target), t) : "";
  return (
    <li>
      {children} <span aria-hidden="true">→</span>{" "}
      {target ? <button type="button" class="kp-link" onClick={() => acts.go(target)}>{name}</button> : <em class="kp-nowhere">{t("leadsNowhere")}</em>}
      {onAdd ? <button type="button" class="kp-link kp-link--add" onClick={onAdd}>{t("addHere")}</button> : null}
    </li>
  );
}

function placeholderWords(placeholder: string, t: (name: string) => string): string {
  const name = `placeholder_${placeholder.replace(".", "_")}`;
  const found = t(name);
  return found === name ? placeholder : found;
}
