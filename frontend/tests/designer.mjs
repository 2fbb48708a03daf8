// What the designer makes of files, labels, durations and rules, as JSON for tests/web/test_designer_model.py.
//   node tests/designer.mjs FILE.bpmn…
import { readFileSync } from "node:fs";
import { BpmnModdle } from "bpmn-moddle";
import { build } from "esbuild";

const PURE = `
export { keyFor } from "./keys";
export { durationOf, spanOf } from "./durations";
export { groupOf, operatorsOf, parseRule, ruleOf } from "./rules";
export { renamedIn } from "./outline";
export { found } from "./panel/finding";
`;

async function pure() {
  const stdin = { contents: PURE, resolveDir: "src/designer", loader: "ts" };
  const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false, logLevel: "error" });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

async function again(path) {
  const moddle = new BpmnModdle({ kniga: JSON.parse(readFileSync("src/designer/kniga.json", "utf8")) });
  const { rootElement, warnings } = await moddle.fromXML(readFileSync(path, "utf8"));
  const { xml } = await moddle.toXML(rootElement, { format: true });
  return { xml, warnings: warnings.map((warning) => warning.message) };
}

const { found, keyFor, durationOf, spanOf, groupOf, operatorsOf, parseRule, ruleOf, renamedIn } = await pure();
const types = ["text", "number", "money", "date", "datetime", "choice", "multi_choice", "boolean", "reference", "multi_reference"];
const labels = [["Нужна скидка", []], ["Ready to call!", []], ["Ready to call", ["ready_to_call", "ready_to_call_2"]], ["…", []], ["Éclair", []]];
const many = [["a", "КП на склад"], ["b", "Счёт"], ["c", "КП и счёт"], ["d", "Складской акт"]].map(([key, label]) => ({ key, label }));
const durations = [["P2D", "working"], ["P1DT4H", "working"], ["P1DT4H", "absolute"], ["PT30M", "working"], ["P1M", "working"], ["P2W", "absolute"]];
const rules = [
  '{"field":"deal.amount","op":"gt","value":"5"}',
  '{"all":[{"field":"a","op":"is_known"},{"any":[{"field":"b","op":"is_known"},{"not":{"field":"c","op":"is_known"}}]}]}',
  '{"not":{"all":[{"field":"a","op":"is_known"},{"field":"b","op":"is_known"}]}}',
];
const said = {
  files: Object.fromEntries(await Promise.all(process.argv.slice(2).map(async (path) => [path, await again(path)]))),
  operators: Object.fromEntries(types.map((type) => [type, operatorsOf(type)])),
  found: ["", "счёт", "кп счет", "склад", "x"].map((typed) => found(many, typed).map((one) => one.key)),
  keys: labels.map(([label, taken]) => keyFor(label, taken, "outcome")),
  spans: durations.map(([duration, calendar]) => spanOf(duration, calendar)),
  written: ["P2D", "PT30M", "P2W", "PT4H"].map((duration) => durationOf(spanOf(duration, "working"))),
  rules: rules.map((text) => {
    const { mode, terms } = groupOf(parseRule(text));
    return { before: JSON.parse(text), after: ruleOf(mode, terms) };
  }),
  foreign: ["nothing", "[]", '{"all":[{"op":"eq"}]}', '{"some":[]}'].map(parseRule),
  renamed: renamedIn('{"any":[{"field":"outcome","op":"in","value":["a","b"]},{"field":"x","op":"eq","value":"a"}]}', "a", "z"),
};
process.stdout.write(JSON.stringify(said));
