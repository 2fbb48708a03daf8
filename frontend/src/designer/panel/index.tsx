/* The side panel: what the selected element means, in plain words; the process itself when nothing is selected. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Findings } from "../findings";
import { isStep } from "../meaning";
import { isA } from "../moddle";
import type { BookModel, Drawn } from "../model";
import type { Catalog, Texts } from "../texts";
import { DeskContext, useDesk, useModelChanges } from "./context";
import { EventForm } from "./events";
import { TextInput } from "./inputs";
import { CallForm, DecisionForm, ReceiveForm, SendForm, ServiceForm, SubProcessForm } from "./machines";
import { Onward } from "./onward";
import { kindWords } from "./outcomes";
import { ProcessForm } from "./process";
import { StepForm } from "./step";
import { FlowForm, GatewayForm } from "./ways";

/** Show the panel in `host`; the returned function takes it away again. */
export function mountPanel(host: HTMLElement, model: BookModel, texts: Texts, catalog: Catalog, findings: Findings): () => void {
  render(<DeskContext.Provider value={{ model, texts, catalog, findings }}><Panel /></DeskContext.Provider>, host);
  return () => render(null, host);
}

function Panel() {
  const { model, t } = useDesk();
  const [selected, setSelected] = useState<Drawn | null>(model.selected());
  useModelChanges(model);
  useEffect(() => model.onSelection(setSelected), [model]);
  const element = (selected && model.element(selected.id)) ?? null;
  const isRoot = !element || isA(element, "bpmn:Process", "bpmn:Collaboration", "bpmn:Participant");
  const title = isRoot ? t("kind_Process") : titleOf(element, t);
  return (
    <section class="kp-panel" aria-label={t("panel")} key={isRoot ? "" : element.id}>
      <p class="kp-panel__kind">{title}</p>
      {isRoot ? <ProcessForm /> : <ElementForm element={element} />}
    </section>
  );
}

function titleOf(element: Drawn, t: (name: string) => string): string {
  return kindWords(isStep(element) ? "bpmn:UserTask" : element.type, t);
}

interface FormProps {
  element: Drawn;
  onMade?: ((element: Drawn) => void) | undefined;
}

/** The form of any element: the same wherever it is opened; behind it where the way goes on. */
export function ElementForm({ element, onMade }: FormProps) {
  const { model, t } = useDesk();
  const flows = model.flows(element);
  const goesOn = isA(element, "bpmn:FlowNode") && !isStep(element) && !isA(element, "bpmn:Gateway", "bpmn:EndEvent") && flows.length < 2;
  return (
    <>
      <OwnForm element={element} onMade={onMade} />
      {goesOn ? <div class="kp-form"><Onward source={element} flow={flows[0]?.flow} label={t("onward")} onMade={onMade} /></div> : null}
    </>
  );
}

function OwnForm({ element, onMade }: FormProps) {
  const { model, t } = useDesk();
  if (isStep(element)) return <StepForm step={element} onMade={onMade} />;
  if (isA(element, "bpmn:SequenceFlow")) return <FlowForm flow={element} />;
  if (isA(element, "bpmn:Gateway")) return <GatewayForm gateway={element} onMade={onMade} />;
  if (isA(element, "bpmn:Event")) return <EventForm event={element} />;
  if (isA(element, "bpmn:ServiceTask")) return <ServiceForm task={element} />;
  if (isA(element, "bpmn:SendTask")) return <SendForm task={element} />;
  if (isA(element, "bpmn:ReceiveTask")) return <ReceiveForm task={element} />;
  if (isA(element, "bpmn:BusinessRuleTask")) return <DecisionForm task={element} />;
  if (isA(element, "bpmn:CallActivity")) return <CallForm call={element} />;
  if (isA(element, "bpmn:SubProcess")) return <SubProcessForm element={element} />;
  const isText = isA(element, "bpmn:TextAnnotation");
  const name = isText ? model.attribute(element, "text") : model.name(element);
  return <div class="kp-form"><TextInput label={t("elementName")} value={name} onWrite={(next) => model.set(element, { [isText ? "text" : "name"]: next || undefined })} /></div>;
}
