// How the designer keeps what it could not save, as JSON for tests/web/test_designer_saving.py.
import { build } from "esbuild";

const held = new Map();
globalThis.localStorage = new Proxy(
  { getItem: (key) => held.get(key) ?? null, setItem: (key, text) => held.set(key, text), removeItem: (key) => held.delete(key) },
  { ownKeys: () => [...held.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) },
);
const heard = {};
globalThis.sessionStorage = { getItem: () => null, setItem: () => undefined };
globalThis.document = { hidden: false, addEventListener: (name, act) => (heard[name] ??= []).push(act), body: { getAttribute: () => null } };
globalThis.window = { addEventListener: (name, act) => (heard[name] ??= []).push(act), setTimeout: () => 0, clearTimeout: () => undefined };
const stdin = { contents: 'export * from "./saving"; export { Door } from "./door";', resolveDir: "src/designer/canvas", loader: "ts" };
const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false, logLevel: "error" });
const { Saver, leftBehind, ownKey, Door } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);

function tab(xml, answer, more = {}) {
  const said = [];
  const parts = {
    write: async () => xml, settle: () => undefined, send: async () => answer, onStatus: (status) => said.push(status), onChecked: () => undefined,
    onMerged: async () => true, onConflict: () => undefined, onGone: () => said.push("asked"), ...more,
  };
  const saver = new Saver(ownKey(1), 1, parts);
  saver.changed();
  return { saver, said };
}

const offline = tab("offline", { kind: "away", reason: "offline" });
await offline.saver.flush();
const saved = tab("saved", { kind: "saved", revision: 2, checked: {}, merged: null });
await saved.saver.flush();
const whileOpen = leftBehind(1);
heard.pagehide.forEach((act) => act());
await new Promise((done) => setTimeout(done)); // the page that is left tries once more
const afterwards = leftBehind(1);
const gone = tab("gone", { kind: "gone", end: { message: "", cure: "", url: "" } });
await gone.saver.flush();
const typing = tab("typing", { kind: "saved", revision: 3, checked: {}, merged: "<x/>" }, { onMerged: async () => false });
await typing.saver.flush();
const answers = {};
for (const status of [404, 500]) {
  globalThis.fetch = async () => new Response("<html>", { status });
  const answer = await new Door({ state: "" }).save(1, "", []);
  answers[status] = answer.reason ?? answer.kind;
}
tab("typed", { kind: "away", reason: "offline" });
await new Promise((done) => setTimeout(done));
const atOnce = leftBehind(1, [...held.keys()].find((key) => held.get(key).includes("typed")));
process.stdout.write(JSON.stringify({
  while_open: whileOpen, afterwards: afterwards?.xml, taken: leftBehind(1), gone: gone.said.slice(-2),
  typing: [typing.saver.isSaved, typing.saver.revision], answers, at_once: atOnce?.xml,
}));
