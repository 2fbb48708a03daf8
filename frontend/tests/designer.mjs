// What the designer makes of files, labels, durations and rules, as JSON for tests/web/test_designer_model.py.
//   node tests/designer.mjs FILE.bpmn…
import { readFileSync } from "node:fs";
import { BpmnModdle } from "bpmn-moddle";
import { build } from "esbuild";

const PURE = `
export { keyFor } from "./keys";
export { durationOf, spanOf } from "./durations";
export { groupOf, operatorsOf, parseRule, ruleOf } from "./rules";
export { ownWay, renamedIn } from "./outline";
export { found } from "./panel/matching";
export * as tables from "./tables";
export * as feel from "./feel";
export { countWords, remarkAt } from "./canvas/words";
export * as numbers from "./numbers";
export { machineAnswers } from "./machines";
export { landed } from "./room/ends";
export { layOut } from "./canvas/layout";
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

/* A decision table changed cell by cell, as the panel does it, and the answers that conditions then know. */
async function tabled() {
  const moddle = new BpmnModdle({ kniga: JSON.parse(readFileSync("src/designer/kniga.json", "utf8")) });
  const entry = (kind, text) => `<${kind}><text>${text}</text></${kind}>`;
  const row = (cell, answer) => `<rule>${entry("inputEntry", cell)}${entry("outputEntry", answer)}</rule>`;
  const dmn = `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="D"><decision id="terms" name="Terms"><decisionTable hitPolicy="UNIQUE"><input><inputExpression><text>deal.amount</text></inputExpression></input><output name="level" label="Level"/>${row("&lt; 5", '"low"')}${row("&gt;= 5", '"high"')}</decisionTable></decision></definitions>`;
  const xml = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1" targetNamespace="t"><process id="p" isExecutable="true"><startEvent id="s"/><businessRuleTask id="r" kniga:decision="terms"><extensionElements><kniga:dmn>${dmn}</kniga:dmn></extensionElements></businessRuleTask><endEvent id="e"/><sequenceFlow id="f1" sourceRef="s" targetRef="r"/><sequenceFlow id="f2" sourceRef="r" targetRef="e"/></process></definitions>`;
  const { rootElement, elementsById } = await moddle.fromXML(xml);
  const task = { businessObject: elementsById.r };
  const set = (element, properties) => Object.entries(properties).forEach(([name, value]) => element.businessObject.set(name, value));
  const model = { modeler: { get: () => moddle }, services: { bpmnFactory: { create: (type, given) => moddle.create(type, given) } }, set };
  const table = () => tables.readTables(task)[0];
  const before = table().rows.map((one) => one.cells.map((cell) => cell.text));
  tables.writeCell(model, task, table().rows[1].cells[0].node, "> 7");
  tables.addRow(model, task, table());
  tables.writeCell(model, task, table().rows[2].cells[0].node, "[5..7]");
  tables.removeRow(model, task, table().rows[0]);
  tables.writePolicy(model, task, table(), "COLLECT");
  tables.writePolicy(model, task, table(), "FIRST");
  const written = (await moddle.toXML(rootElement, { format: true })).xml;
  return { before, after: table().rows.map((one) => one.cells.map((cell) => cell.text)), policy: table().policy, xml: written, answers: machineAnswers([task]), wider: await widened(moddle, model, task, table, rootElement) };
}

/* Columns, the order of rows, what is answered otherwise, and lists of answers: whatever else a table is made of. */
async function widened(moddle, model, task, table, rootElement) {
  tables.addInput(model, task, table(), { name: "client.kind", label: "Kind", type: "choice" });
  tables.addInput(model, task, table(), { name: "deal.expected_date", label: "Day", type: "date" });
  tables.writeCell(model, task, table().rows[0].cells[1].node, '"company"');
  tables.moveRow(model, task, table(), 0, 1);
  tables.removeInput(model, task, table(), 2);
  tables.writeOutput(model, task, table().outputs[0], { values: ["high", "low"], otherwise: '"low"', label: "How high" });
  const policies = tables.policiesFor(table());
  tables.writePolicy(model, task, table(), "PRIORITY");
  const { policy, inputs, outputs, rows } = table();
  const xml = (await moddle.toXML(rootElement, { format: true })).xml;
  const answer = machineAnswers([task])[0];
  tables.writeOutput(model, task, table().outputs[0], { values: [] });
  tables.writePolicy(model, task, table(), "COUNT");
  const counted = (await moddle.toXML(rootElement, { format: true })).xml;
  return { policies, policy, inputs, values: outputs[0].values, otherwise: outputs[0].otherwise, rows: rows.map((row) => row.cells.map((cell) => cell.text)), xml, answer, counted, number: machineAnswers([task])[0].type };
}

/* Rows known again after changes, a table that has no row yet, and what other tools write beside the text of a cell. */
async function foreignTable() {
  const moddle = new BpmnModdle({ kniga: JSON.parse(readFileSync("src/designer/kniga.json", "utf8")) });
  const output = '<output name="level" typeRef="string"><outputValues id="v" expressionLanguage="feel"><description>Why</description><text>"low"</text></outputValues><defaultOutputEntry id="d"><text>"low"</text></defaultOutputEntry></output>';
  const dmn = (rows) => `<kniga:dmn><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="D"><decision id="terms" name="Terms"><decisionTable hitPolicy="FIRST"><input><inputExpression><text>deal.amount</text></inputExpression></input>${output}${rows}</decisionTable></decision></definitions></kniga:dmn>`;
  const xml = (rows) => `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1" targetNamespace="t"><process id="p" isExecutable="true"><startEvent id="s"/><businessRuleTask id="r" kniga:decision="terms"><extensionElements>${dmn(rows)}</extensionElements></businessRuleTask><endEvent id="e"/><sequenceFlow id="f1" sourceRef="s" targetRef="r"/><sequenceFlow id="f2" sourceRef="r" targetRef="e"/></process></definitions>`;
  const opened = async (rows) => {
    const { rootElement, elementsById } = await moddle.fromXML(xml(rows));
    const task = { businessObject: elementsById.r };
    const set = (element, properties) => Object.entries(properties).forEach(([name, value]) => element.businessObject.set(name, value));
    const model = { modeler: { get: () => moddle }, services: { bpmnFactory: { create: (type, given) => moddle.create(type, given) } }, set };
    return { task, model, table: () => tables.readTables(task)[0], xml: async () => (await moddle.toXML(rootElement, { format: true })).xml };
  };
  const empty = await opened("");
  tables.addRow(empty.model, empty.task, empty.table());
  const begun = empty.table().rows.map((row) => row.cells.map((cell) => cell.text));
  tables.writeCell(empty.model, empty.task, empty.table().rows[0].cells[1].node, '"low"');
  const rule = (text) => `<rule><inputEntry id="i${text}" expressionLanguage="feel"><description>Kept</description><text>${text}</text></inputEntry><outputEntry><text>"low"</text></outputEntry></rule>`;
  const { task, model, table, xml: written } = await opened(rule(1) + rule(2) + rule(3));
  const keys = () => table().rows.map((row) => row.key);
  const [one, two, three] = keys();
  const before = task.businessObject.extensionElements;
  const stale = table().rows[2].cells[0].node;
  tables.writeCell(model, task, table().rows[1].cells[0].node, "7");
  tables.moveRow(model, task, table(), 0, 1);
  const moved = keys();
  tables.removeRow(model, task, table().rows[0]);
  tables.addRow(model, task, table());
  const added = keys();
  tables.writeCell(model, task, stale, "9");
  tables.writeOutput(model, task, table().outputs[0], { values: ["low", "high"], otherwise: '"high"' });
  const after = { cells: table().rows.map((row) => row.cells[0].text), xml: await written() };
  task.businessObject.set("extensionElements", before);
  const places = (all) => all.map((key) => [one, two, three].indexOf(key));
  return { begun, empty: await empty.xml(), moved: places(moved), added: places(added), undone: places(keys()), ...after };
}

/* A step with three outcomes and the branch behind it: which way is whose. `named` are the outcomes that the first way names. */
async function ownWays(named) {
  const moddle = new BpmnModdle({ kniga: JSON.parse(readFileSync("src/designer/kniga.json", "utf8")) });
  const outcomes = ["yes", "later", "no"].map((key) => `<kniga:outcome key="${key}" label="${key}"/>`).join("");
  const rule = JSON.stringify({ field: "outcome", op: "in", value: named });
  const xml = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1" targetNamespace="t"><process id="p"><userTask id="a"><extensionElements>${outcomes}</extensionElements></userTask><exclusiveGateway id="g" default="rest"/><endEvent id="e"/><sequenceFlow id="on" sourceRef="a" targetRef="g"/><sequenceFlow id="first" sourceRef="g" targetRef="e"><conditionExpression language="urn:kniga:rules:1">${rule}</conditionExpression></sequenceFlow><sequenceFlow id="rest" sourceRef="g" targetRef="e"/></process></definitions>`;
  const { elementsById } = await moddle.fromXML(xml);
  const drawn = Object.fromEntries(["a", "g", "e", "on", "first", "rest"].map((id) => [id, { id, businessObject: elementsById[id], incoming: [], outgoing: [] }]));
  for (const [id, from, to] of [["on", "a", "g"], ["first", "g", "e"], ["rest", "g", "e"]]) {
    Object.assign(drawn[id], { source: drawn[from], target: drawn[to] });
    drawn[from].outgoing.push(drawn[id]);
    drawn[to].incoming.push(drawn[id]);
  }
  return ["yes", "later", "no"].map((key) => ownWay(drawn.a, drawn.g, key)?.id ?? "");
}

/* Cells as the form shows them, and as it writes them again. */
const CELLS = [
  ["-", "money"], ["", "text"], ["< 5", "money"], [">= -2.5", "number"], ["[1..5]", "money"], ["[1..5)", "number"], ["(1..5]", "number"], ["]1..5[", "number"],
  ['"A"', "choice"], ['"A","B"', "text"], ['not("A")', "text"], ['not(null, "A", "B")', "choice"], ["null", "date"], ["not(null)", "text"], ["true", "boolean"],
  ['date("2026-01-31")', "date"], ['@"2026-01-31"', "date"], ['< date and time("2026-01-31T10:00:00Z")', "datetime"], ['"say \\"hi\\", ё"', "text"],
];
const BEYOND = [["< 5, > 10", "money"], ['"A", null', "text"], ["not(< 5)", "money"], ["5", "text"], ['"A"', "number"], ["deal.amount > 5", "money"], ['"a, b", "c"', "text"], ["?", "number"], ["< 5 5", "number"], ['> "A"', "text"], ['"\\q"', "text"], ['"\\U110000"', "text"], ['date and time("2026-01-31T10:00:00")', "datetime"]];
const cells = () => ({
  read: CELLS.map(([cell, type]) => feel.testOf(cell, "f", type)),
  again: CELLS.map(([cell, type]) => feel.cellOf(feel.testOf(cell, "f", type), type)),
  beyond: BEYOND.map(([cell, type]) => feel.testOf(cell, "f", type)),
  unfinished: [feel.cellOf({ field: "f", op: "eq", value: "" }, "number"), feel.cellOf({ field: "f", op: "in", value: [] }, "text"), feel.cellOf({ field: "f", op: "between", value: ["1", ""] }, "money")],
  answers: [['"A"', "text"], ["5", "number"], ["", "text"], ["true", "boolean"], ["5", "text"], ['"A", "B"', "text"]].map(([cell, type]) => feel.answerIn(cell, type)),
  written: [["A", "text"], ["5", "money"], ["", "number"], ["2026-01-31", "date"]].map(([value, type]) => feel.answerCell(value, type)),
  types: [["< 5", "-"], ['"A"', 'not("B")'], ["5", '"A"'], ["-"]].map(feel.typeIn),
});

const LISTS = [["1,5; 2", "number", "ru"], ["1,5", "number", "ru"], ["1,5, 2", "money", "ru"], ["1,5", "number", "en"], ["1,5; 2", "number", "en"], ["1 200.5, 3", "money", "en"], ["a,b; c", "text", "ru"]];
const figures = () => ({
  lists: LISTS.map(([typed, type, language]) => numbers.valuesIn(typed, type, language)),
  shown: ["ru", "en"].map((language) => numbers.valuesShown(["1.5", "2"], "number", language)),
  field: ["ru", "en"].map((language) => numbers.shownNumber("-800.5", language)),
  read: [["2018", "number"], ["2018", "money"], ["12018.25", "number"], ["", "number"], ["x", "money"]].map(([value, type]) => numbers.figure(value, type, "ru").replaceAll("\u00a0", " ")),
});

const { landed, layOut, countWords, remarkAt, tables, feel, numbers, machineAnswers, found, keyFor, durationOf, spanOf, groupOf, operatorsOf, ownWay, parseRule, ruleOf, renamedIn } = await pure();
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
  tabled: await tabled(),
  foreignTable: await foreignTable(),
  cells: cells(),
  ownWays: [await ownWays(["yes"]), await ownWays(["yes", "later"])],
  figures: figures(),
  counted: [[0, 11], [1, 1], [2, 5], [0, 0]].map(([errors, all]) => countWords((name, gaps) => `${name} ${gaps.count}`, errors, all)),
  remarks: [["Call", "The step “Call” has no deadline."], ["Call", "No way leads here."]].map(([place, message]) => remarkAt(place, message)),
  renamed: renamedIn('{"any":[{"field":"outcome","op":"in","value":["a","b"]},{"field":"x","op":"eq","value":"a"}]}', "a", "z"),
};
/* A way of a few points led to the outline of a box of 100 × 80 at the origin, of a rhombus and of a circle. */
const box = { x: 0, y: 0, width: 100, height: 80, outline: "box" };
const outlines = [box, { x: 0, y: 15, width: 50, height: 50, outline: "rhombus" }, { x: 0, y: 22, width: 36, height: 36, outline: "circle" }];
const ways = [[[-60, 40], [0, 40]], [[-60, 30], [-20, 30]], [[-60, 40], [20, 40], [25, 30]], [[-40, 40], [-40, 200], [-10, 200]], [[20, 40], [30, 40]], [[-60, -40], [-9, -2]]];
said.landed = outlines.map((outline) => ways.map((way) => landed(way.map(([x, y]) => ({ x, y })), outline)?.map(({ x, y }) => [x, y]) ?? null));
/* A step, a choice behind it, two ends and a way back: from where the lines leave the choice, and where the loop comes in. */
const drawn = [["step", 100, 80], ["choice", 50, 50], ["won", 36, 36], ["lost", 36, 36]].map(([id, width, height]) => ({ id, width, height }));
const flows = [["on", "step", "choice"], ["good", "choice", "won"], ["bad", "choice", "lost"], ["again", "choice", "step"]];
const { boxes, lines } = layOut(drawn, flows.map(([id, from, to]) => ({ id, from, to, named: true, parts: from === "choice" })));
const sideOf = (box, { x, y }) => (x === box.x ? "left" : x === box.x + box.width ? "right" : y === box.y ? "above" : y === box.y + box.height ? "below" : "inside");
said.laidOut = Object.fromEntries(flows.map(([id, from, to]) => [id, [sideOf(boxes.get(from), lines.get(id)[0]), sideOf(boxes.get(to), lines.get(id).at(-1))]]));
process.stdout.write(JSON.stringify(said));
