// What the designer's library makes of files, as JSON lines for proofs/truth/bpmn_files.py: how it writes each, and how
// after a name was changed and a step with a script was added.
//   node tests/rewriting.mjs LIST NAME      LIST: a JSON file with the paths
import { readFileSync } from "node:fs";
import { BpmnModdle } from "bpmn-moddle";

const [list, name] = process.argv.slice(2);
const kniga = JSON.parse(readFileSync("src/designer/kniga.json", "utf8"));

function add(moddle, container, before) {
  const script = moddle.create("kniga:Script", { text: "a < b\nc" });
  const extensionElements = moddle.create("bpmn:ExtensionElements", { values: [script] });
  const step = moddle.create("bpmn:UserTask", { id: "added_here", name, extensionElements });
  for (const [part, whole] of [[script, extensionElements], [extensionElements, step], [step, container]]) part.$parent = whole;
  const steps = container.get("flowElements");
  steps.splice(steps.indexOf(before) + 1, 0, step);
}

for (const path of JSON.parse(readFileSync(list, "utf8"))) {
  const moddle = new BpmnModdle({ kniga });
  const write = async (root) => (await moddle.toXML(root, { format: true })).xml;
  try {
    const { rootElement, elementsById } = await moddle.fromXML(readFileSync(path, "utf8"));
    const said = { path, before: await write(rootElement) };
    const step = Object.values(elementsById).find((one) => one.$parent?.flowElements?.includes(one) && one.$instanceOf("bpmn:FlowNode"));
    if (step) {
      const old = step.name;
      step.name = name;
      Object.assign(said, { id: step.id, named: await write(rootElement) });
      step.name = old;
      add(moddle, step.$parent, step);
      said.added = await write(rootElement);
    }
    console.log(JSON.stringify(said));
  } catch (error) {
    console.log(JSON.stringify({ path, error: String(error).slice(0, 200) }));
  }
}
