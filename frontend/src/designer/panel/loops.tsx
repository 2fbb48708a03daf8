/* A step that is done several times: for each value of a list, or so many times. */
import type { Drawn, Moddle } from "../model";
import { part, text } from "../moddle";
import { useDesk } from "./context";
import { Check, Select, TextInput } from "./inputs";
import { RuleForm } from "./rule";

const LOOP = "bpmn:MultiInstanceLoopCharacteristics";

export function LoopForm({ element }: { element: Drawn }) {
  const { model, catalog, t } = useDesk();
  const object = element.businessObject;
  const loop = part(object, "loopCharacteristics");
  const make = (): void => {
    const made = model.services.bpmnFactory.create(LOOP, { isSequential: true });
    made.$parent = object;
    const cardinality = model.expression(made, "2");
    model.set(element, { loopCharacteristics: made });
    model.change(() => model.services.modeling.updateModdleProperties(element, made, { loopCardinality: cardinality }));
  };
  if (!loop || loop.$type !== LOOP) {
    return <Check label={t("loop")} checked={false} onWrite={(on) => on && model.change(make)} />;
  }
  const update = (properties: Record<string, unknown>): void => model.change(() => model.services.modeling.updateModdleProperties(element, loop, properties));
  const each = text(loop, "kniga:each");
  const lists = [...model.answers(), ...catalog.fields].filter((field) => field.type.startsWith("multi_"));
  const counts = ["total", "done"].map((key) => ({ name: `loop.${key}`, label: t(`loop_${key}`), type: "number" }));
  const outcomes = model.read(element).outcomes.map(({ key, label }) => ({ name: `loop.outcome.${key}`, label: t("loop_outcome", { outcome: label }), type: "number" }));
  const number = text(part(loop, "loopCardinality"), "body");
  return (
    <>
      <Check label={t("loop")} checked onWrite={() => model.set(element, { loopCharacteristics: undefined })} />
      <Select label={t("loopEach")} value={each} empty={t("loopTimes")} options={lists.map((field) => ({ key: field.name, label: field.label }))}
        onWrite={(name) => update({ "kniga:each": name || undefined, loopCardinality: name ? undefined : model.expression(loop, "2") })} />
      {each ? null : <TextInput label={t("loopNumber")} type="number" min={1} value={number} onWrite={(count) => update({ loopCardinality: model.expression(loop, count || "1") })} />}
      <Check label={t("loopSequential")} checked={loop.get("isSequential") === true} onWrite={(on) => update({ isSequential: on })} />
      <LoopEnd loop={loop} fields={[...counts, ...outcomes]} onWrite={(condition) => update({ completionCondition: condition ? model.expression(loop, condition, true) : undefined })} />
    </>
  );
}

function LoopEnd({ loop, fields, onWrite }: { loop: Moddle; fields: { name: string; label: string; type: string }[]; onWrite: (condition: string) => void }) {
  const { t } = useDesk();
  return (
    <>
      <p class="kp-legend">{t("loopUntil")}</p>
      <RuleForm label={t("loopUntil")} condition={text(part(loop, "completionCondition"), "body").trim()} fields={fields} onWrite={onWrite} />
    </>
  );
}
