/* Branches and the ways that leave them. */
import { isA } from "../moddle";
import type { Drawn, FlowMeaning } from "../model";
import { parseRule, ruleSentence } from "../rules";
import { fieldsAt, useDesk } from "./context";
import { Check, IconButton, TextInput } from "./inputs";
import { elementWords } from "./outcomes";
import { Onward } from "./onward";
import { RuleForm } from "./rule";

const DECIDING = ["bpmn:ExclusiveGateway", "bpmn:InclusiveGateway"];

/** A gateway: what is asked, and the ways out in the order in which they are tried. */
export function GatewayForm({ gateway, onMade }: { gateway: Drawn; onMade?: ((element: Drawn) => void) | undefined }) {
  const { model, t } = useDesk();
  const flows = model.flows(gateway);
  const isDeciding = DECIDING.includes(gateway.type) && flows.length > 1;
  return (
    <div class="kp-form">
      <TextInput label={t("gatewayName")} value={model.name(gateway)} onWrite={(name) => model.rename(gateway, name)} />
      <p class="k-field__help">{t(`about_${gateway.type.slice("bpmn:".length)}`)}</p>
      {flows.length > 1 ? (
        <ol class="kp-ways">
          {flows.map((way, at) => <WayItem key={way.flow.id} way={way} at={at} last={flows.length - 1} isDeciding={isDeciding} onMade={onMade} />)}
        </ol>
      ) : flows[0] ? <Onward source={gateway} flow={flows[0].flow} label={t("onward")} onMade={onMade} /> : null}
      <Onward key={`more-${flows.length}`} source={gateway} label={t("onwardMore")} onMade={onMade} />
      {DECIDING.includes(gateway.type) && flows.length < 2 ? <p class="k-field__help">{t("gatewayOneWay")}</p> : null}
    </div>
  );
}

interface ItemProps {
  way: FlowMeaning;
  at: number;
  last: number;
  isDeciding: boolean;
  onMade?: ((element: Drawn) => void) | undefined;
}

function WayItem({ way, at, last, isDeciding, onMade }: ItemProps) {
  const { model, t } = useDesk();
  const target = elementWords(way.target, model.name(way.target), t);
  return (
    <li class="kp-way">
      <div class="kp-row">
        <strong>→ {target}</strong>
        <IconButton label={t("moveUp", { name: target })} sign="↑" disabled={at === 0} onClick={() => model.moveFlow(way.flow, -1)} />
        <IconButton label={t("moveDown", { name: target })} sign="↓" disabled={at === last} onClick={() => model.moveFlow(way.flow, 1)} />
      </div>
      {isDeciding ? <FlowRule way={way} /> : null}
      <Onward source={way.flow.source!} flow={way.flow} label={t("onwardOf", { target })} onMade={onMade} />
    </li>
  );
}

/** When a way is taken: by its condition, or when no other is. */
function FlowRule({ way }: { way: FlowMeaning }) {
  const desk = useDesk();
  const { model, t } = desk;
  const target = elementWords(way.target, model.name(way.target), t);
  return (
    <>
      <Check label={t("wayDefault")} checked={way.isDefault} onWrite={(isDefault) => model.writeFlow(way.flow, { isDefault })} />
      {way.isDefault ? null : <RuleForm label={t("wayCondition", { target })} condition={way.condition} fields={fieldsAt(desk, way.flow.source!, true)} onWrite={(condition) => model.writeFlow(way.flow, { condition })} />}
    </>
  );
}

/** A way on its own, selected on the drawing. */
export function FlowForm({ flow }: { flow: Drawn }) {
  const { model, t } = useDesk();
  const way = model.readFlow(flow);
  const decides = isA(flow.source!, ...DECIDING) && model.flows(flow.source!).length > 1;
  return (
    <div class="kp-form">
      <TextInput label={t("flowName")} value={way.name} onWrite={(name) => model.writeFlow(flow, { name })} />
      {decides ? <FlowRule way={way} /> : <PlainFlow way={way} />}
    </div>
  );
}

/* A condition where nothing decides, as other tools draw it, is refused: it can only be taken off. */
function PlainFlow({ way }: { way: FlowMeaning }) {
  const { model, t } = useDesk();
  if (!way.condition) return <p class="k-field__help">{t("flowPlain")}</p>;
  return (
    <div class="kp-rule">
      <p class="k-field__help">{t("flowCondition")}</p>
      <pre class="kp-rule__raw">{way.condition}</pre>
      <button type="button" class="k-button k-button--plain k-button--small" onClick={() => model.writeFlow(way.flow, { condition: "" })}>{t("flowConditionOff")}</button>
    </div>
  );
}

/** A condition in words, for places where it is only read. */
export function useRuleWords(): (condition: string, at: Drawn) => string {
  const desk = useDesk();
  return (condition, at) => {
    const rule = parseRule(condition);
    return rule ? ruleSentence(rule, fieldsAt(desk, at, true), desk.texts) : condition;
  };
}
