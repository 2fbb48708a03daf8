/* The designer's page: brings together the diagram, the panel, the book, saving and the buttons above. */
import { showToast } from "../../toasts";
import { mountBook } from "../book/index";
import { Findings } from "../findings";
import { BookModel, type KnownField } from "../model";
import { fieldsAt } from "../panel/context";
import { mountPanel } from "../panel/index";
import type { Catalog, Texts } from "../texts";
import { shareClipboard } from "./clipboard";
import { askConflict } from "./conflict";
import { crowding } from "./crowding";
import { Door, endOf, headers, type Checked, type Conflict, type State } from "./door";
import { askGone } from "./ending";
import { makeModeler } from "./drawing";
import { download, onFile, pngOf, svgOf, textOf, xmlOf } from "./exchange";
import { bindKeys } from "./keyboard";
import { drawPalette } from "./palette";
import { Problems } from "./problems";
import { asked, bindPublishing, openPublishing } from "./publishing";
import { leftBehind, ownKey, Saver, type Status } from "./saving";
import { writeTyped } from "../unwritten";
import type { Canvas, CommandStack, Element, EventBus, Modeler } from "./services";
import { firstLook, NARROW, showAll, showBeginning } from "./sight";
import { registerTidy, tidy } from "./tidy";
import { countWords, readJson, sayer, type Say, type Words } from "./words";

const PRESENCE = 5_000;
const SETTLED = 300;
const WAITING: readonly Status[] = ["offline", "signed_out", "refused", "conflict", "failing", "gone"];

export class Page {
  private readonly say: Say;
  private readonly door: Door;
  private readonly modeler: Modeler;
  private readonly model: BookModel;
  private readonly problems: Problems;
  private readonly findings = new Findings();
  private saver!: Saver;
  private catalog!: Catalog;
  private unmount: () => void = () => undefined;
  private status: Status = "saved";
  private told = "";
  private reading = false;
  private looked = false;
  private readonly crowded = { count: 0, timer: 0 };

  constructor(private readonly root: HTMLElement) {
    const words = readJson<Words>("canvas-words");
    this.say = sayer(words);
    const { state = "", check = "", catalog = "" } = root.dataset;
    this.door = new Door({ state, check, catalog });
    const { modeler, adding } = makeModeler(this.part("canvas"), words);
    this.modeler = modeler;
    this.model = new BookModel(modeler as never);
    this.model.growing.plainLabel = this.say("outcome_done");
    adding.book = this.model;
    this.problems = new Problems(modeler, this.part("problems"), this.say, (element) => this.showPlace(element));
    drawPalette(this.part("parts"), modeler, adding, this.say);
    registerTidy(modeler);
    const { paste } = shareClipboard(modeler);
    bindKeys(modeler, adding, { paste: () => void paste(), ...this.acts() });
  }

  async start(): Promise<void> {
    const [state, catalog] = await Promise.all([this.door.state(), this.door.catalog() as Promise<Catalog>]);
    this.saver = this.makeSaver(state);
    await this.restore(state);
    this.catalog = catalog;
    this.bind();
    this.showTab(matchMedia(NARROW).matches ? "book" : "diagram");
    this.show(await this.door.check(await xmlOf(this.modeler)));
    window.setInterval(() => void this.beHere(), PRESENCE);
    document.addEventListener("visibilitychange", () => void this.beHere());
    void this.beHere();
    this.root.dataset["ready"] = "";
  }

  /** What the last visit could not save comes first; the server brings it together with what happened since. */
  private async restore(state: State): Promise<void> {
    const left = leftBehind(state.id, ownKey(state.id));
    this.saver.stands(await this.read(state.xml));
    if (!left || left.xml === state.xml) return;
    await this.read(left.xml);
    this.saver.takeUp(left);
    showToast({ text: this.say("restored"), kind: "info", seconds: 8 });
  }

  private makeSaver(state: State): Saver {
    return new Saver(ownKey(state.id), state.revision, {
      write: () => xmlOf(this.modeler),
      settle: () => {
        writeTyped();
        const editing = this.modeler.get<{ isActive(): boolean; complete(): void }>("directEditing");
        if (editing.isActive()) editing.complete();
      },
      send: (revision, xml, choices, before) => this.door.save(revision, xml, choices, before),
      onStatus: (status, told) => this.showStatus(status, told),
      onChecked: (checked) => this.show(checked),
      onMerged: async (xml) => {
        if (this.isWriting()) return false;
        this.saver.stands(await this.read(xml));
        showToast({ text: this.say("merged"), kind: "info", seconds: 8 });
        return true;
      },
      onGone: (end) => askGone(this.part("gone") as HTMLDialogElement, end, async () => {
        const kept = await this.keepCopy(await xmlOf(this.modeler));
        if (!kept) return;
        this.saver.letGo();
        window.location.assign(kept);
      }),
      onConflict: (conflict) => this.solve(conflict),
    });
  }

  /** Read a file into the diagram without counting it as a change of one's own; how it is written here. */
  private async read(xml: string): Promise<string> {
    const canvas = this.modeler.get<Canvas>("canvas");
    const view = this.root.dataset["ready"] === undefined ? null : canvas.viewbox();
    const selected = this.model.selected()?.id;
    this.reading = true;
    let written = "";
    try {
      await this.modeler.importXML(xml);
      written = await xmlOf(this.modeler);
    } finally {
      this.reading = false;
    }
    // Behind the book the diagram has no size to look at: it is looked at anew when it is shown.
    if (!view?.outer.width) this.looked = false;
    else canvas.viewbox({ x: view.x, y: view.y, width: view.width, height: view.height });
    this.problems.mark();
    this.crowded.count = crowding(this.modeler);
    const again = selected === undefined ? undefined : this.model.element(selected);
    if (again) this.model.select(again);
    return written;
  }

  private bind(): void {
    this.modeler.get<EventBus>("eventBus").on("commandStack.changed", (() => {
      this.showHistory();
      if (!this.reading) this.problems.rename();
      if (!this.reading) this.offerRoom();
      this.showName();
      if (!this.reading) this.saver.changed();
    }) as (event: never) => unknown);
    this.root.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest<HTMLElement>("[data-do]");
      const act = button && this.acts()[button.dataset["do"]!];
      if (act) act();
      button?.closest("details")?.removeAttribute("open");
    });
    for (const tab of this.root.querySelectorAll<HTMLElement>("[data-tab]")) {
      tab.addEventListener("click", () => this.showTab(tab.dataset["tab"]!));
    }
    onFile(this.part("canvas"), this.part("picker") as HTMLInputElement, (file) => void this.takeIn(file));
    document.addEventListener("keydown", (event) => this.onKey(event));
    bindPublishing(this.part("publish") as HTMLDialogElement);
    this.showHistory();
  }

  /** Undo and redo hold everywhere on the page but in a field, which has its own. */
  private onKey(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
    if ((event.target as HTMLElement).closest("input, textarea, select, [contenteditable='true'], .djs-container, dialog")) return;
    if (event.code !== "KeyZ" && event.code !== "KeyY") return;
    event.preventDefault();
    this.acts()[event.code === "KeyY" || event.shiftKey ? "redo" : "undo"]!();
  }

  private acts(): Record<string, () => void> {
    const stack = (): CommandStack => this.modeler.get<CommandStack>("commandStack");
    const zoom = (by: number): void => void this.modeler.get<{ stepZoom(by: number): void }>("zoomScroll").stepZoom(by);
    return {
      undo: () => stack().canUndo() && stack().undo(),
      redo: () => stack().canRedo() && stack().redo(),
      tidy: () => this.tidyUp(),
      play: () => void this.play(),
      check: () => void this.check(),
      fit: () => showAll(this.modeler),
      beginning: () => {
        const first = this.beginning();
        if (first) showBeginning(this.modeler, first);
      },
      closer: () => zoom(1),
      farther: () => zoom(-1),
      import: () => (this.part("picker") as HTMLInputElement).click(),
      bpmn: () => void this.export("bpmn"),
      svg: () => void this.export("svg"),
      png: () => void this.export("png"),
      publish: () => void this.publish(),
      discard: () => void this.discard(),
      problems: () => this.showProblems(this.part("problems").hidden),
    };
  }

  /** What was put over something else, or drawn through it: tidying up is offered at once. */
  private offerRoom(): void {
    window.clearTimeout(this.crowded.timer);
    this.crowded.timer = window.setTimeout(() => {
      const count = crowding(this.modeler);
      const isMore = count > this.crowded.count;
      this.crowded.count = count;
      if (!isMore || this.root.dataset["shown"] !== "diagram") return;
      showToast({ text: this.say("crowded"), kind: "info", seconds: 8, act: { label: this.say("tidy"), run: () => this.tidyUp() } });
    }, SETTLED);
  }

  private showName(): void {
    const name = this.model.process().name;
    if (name) this.root.querySelector("h1")!.textContent = name;
  }

  private tidyUp(): void {
    // It is seen on the diagram, whatever was shown before.
    this.showTab("diagram");
    const left = tidy(this.modeler);
    showAll(this.modeler);
    if (left.length) showToast({ text: this.say("left_as_drawn", { names: left.join(", ") }), kind: "warning", seconds: 8 });
  }

  private async play(): Promise<void> {
    const { play } = await import("./play");
    // The walk is seen on the diagram, whatever was shown before.
    this.showTab("diagram");
    this.part("stage").scrollIntoView({ block: "nearest" });
    await play(this.part("stage"), await xmlOf(this.modeler), readJson<Words>("canvas-words"), this.fields());
  }

  /** What conditions and tables of this process may name. */
  private fields(): KnownField[] {
    const { model, catalog, findings } = this;
    return fieldsAt({ model, catalog, findings, texts: readJson<Texts>("designer-texts") }, null, false);
  }

  private async check(): Promise<void> {
    this.show(await this.door.check(await xmlOf(this.modeler)));
    this.showProblems(true);
  }

  /** Show where a problem is: in the book what stands there as a line, anything else on the diagram. */
  private showPlace(element: Element | undefined): boolean {
    const inBook = this.root.dataset["shown"] === "book" && element !== undefined && this.model.elements().some((one) => one.id === element.id);
    if (inBook) this.findings.point(element.id);
    else this.showTab("diagram");
    return inBook;
  }

  private showProblems(isShown: boolean): void {
    this.part("problems").hidden = !isShown;
    this.modeler.get<Canvas>("canvas").resized();
  }

  private async export(kind: "bpmn" | "svg" | "png"): Promise<void> {
    const name = `${this.root.dataset["key"] ?? "process"}.${kind}`;
    if (kind === "bpmn") download(await this.file(), name, "application/xml");
    if (kind === "bpmn") return;
    const svg = await this.drawn(() => svgOf(this.modeler));
    if (kind === "svg") download(svg, name, "image/svg+xml");
    else download(await pngOf(svg), name, "image/png");
  }

  /** The file as the server keeps it; as it is drawn here while that cannot be reached. */
  private async file(): Promise<string> {
    const saved = (await this.saver.flush()) ? await this.door.state().catch(() => null) : null;
    return saved?.xml ?? xmlOf(this.modeler);
  }

  /** What is not laid out has no size: the picture is measured as if it were shown, which nobody sees. */
  private async drawn<T>(measure: () => Promise<T>): Promise<T> {
    const work = this.part("work");
    const { hidden } = work;
    work.hidden = false;
    try {
      return await measure();
    } finally {
      work.hidden = hidden;
    }
  }

  private async takeIn(file: File): Promise<void> {
    const refuse = (why: string): void => showToast({ text: this.say("unreadable", { file: file.name, why }), kind: "error", seconds: 15 });
    const xml = await textOf(file);
    const hindrance = await this.door.hindrance(xml).catch(() => this.say("status_offline"));
    if (hindrance) return refuse(hindrance);
    if (!(await asked(this.part("replace") as HTMLDialogElement, this.say("replace_content", { file: file.name })))) return;
    const before = await xmlOf(this.modeler);
    try {
      await this.read(xml);
    } catch {
      await this.read(before);
      return refuse(this.say("not_drawn"));
    }
    showAll(this.modeler);
    this.saver.changed();
  }

  private async publish(): Promise<void> {
    if (!(await this.saver.flush())) {
      showToast({ text: this.say("publish_unsaved"), kind: "warning", seconds: 8 });
      return;
    }
    const dialog = this.part("publish") as HTMLDialogElement;
    openPublishing(dialog, this.saver.revision, this.problems);
  }

  /** What is saved can be brought back, so everything is saved first. */
  private async discard(): Promise<void> {
    await this.saver.flush();
    (this.part("discard") as HTMLDialogElement).showModal();
  }

  private solve(conflict: Conflict): void {
    askConflict(this.part("conflict") as HTMLDialogElement, conflict, this.say, {
      onJoin: (choices) => {
        (document.activeElement as HTMLElement | null)?.blur(); // the question has been answered: nothing is being typed
        return this.saver.goOn(choices);
      },
      onCopy: async () => {
        await this.keepCopy(await xmlOf(this.modeler));
        this.saver.stands(await this.read(conflict.xml));
        this.saver.adopt(conflict.revision);
      },
    });
  }

  /** Mine as a draft of its own, by the same door a file is brought in through; the address of its page, "" when it
      could only be downloaded. */
  private async keepCopy(xml: string): Promise<string> {
    const form = new FormData();
    form.set("file", new File([xml], `${this.root.dataset["key"] ?? "process"}.bpmn`, { type: "application/xml" }));
    form.set("origin", "file");
    form.set("file_name", this.say("copy_of", { name: this.root.dataset["name"] ?? "" }));
    const { "Content-Type": _json, ...sent } = headers();
    const response = await fetch(this.root.dataset["new"]!, { method: "POST", headers: sent, body: form }).catch(() => null);
    const isKept = Boolean(response?.ok && response.redirected);
    if (!isKept) download(xml, `${this.root.dataset["key"] ?? "process"}.bpmn`, "application/xml");
    showToast({ text: this.say(isKept ? "copied" : "copy_downloaded"), kind: "info", seconds: 10 });
    return isKept ? response!.url : "";
  }

  private show(checked: Checked): void {
    this.problems.show(checked);
    this.findings.show(this.problems.found());
    this.showStatus(this.status, this.told);
  }

  private showStatus(status: Status, told = ""): void {
    this.status = status;
    this.told = told;
    const place = this.part("status");
    place.dataset["status"] = status;
    place.textContent = told || this.say(`status_${status}`);
    place.title = place.textContent;
    const count = this.part("count");
    count.textContent = countWords(this.say, this.problems.errors, this.problems.count);
    count.dataset["errors"] = this.problems.errors ? "yes" : "no";
    this.root.classList.toggle("k-designer--waiting", WAITING.includes(status));
  }

  private showHistory(): void {
    const stack = this.modeler.get<CommandStack>("commandStack");
    (this.root.querySelector('[data-do="undo"]') as HTMLButtonElement).disabled = !stack.canUndo();
    (this.root.querySelector('[data-do="redo"]') as HTMLButtonElement).disabled = !stack.canRedo();
    const steps = this.model.elements().filter((one) => (one as unknown as Element).type !== "bpmn:StartEvent");
    this.part("hint").hidden = steps.length > 1;
  }

  private showTab(name: string): void {
    if (this.root.dataset["shown"] === name) return;
    this.root.dataset["shown"] = name;
    for (const tab of this.root.querySelectorAll<HTMLElement>("[data-tab]")) {
      tab.setAttribute("aria-selected", String(tab.dataset["tab"] === name));
    }
    this.part("book").hidden = name !== "book";
    this.part("work").hidden = name === "book";
    // The list of problems stands below what is looked at.
    (name === "book" ? this.root : this.part("stage")).append(this.part("problems"));
    this.mountForms(name);
    if (name !== "diagram") return;
    this.modeler.get<Canvas>("canvas").resized();
    if (!this.looked) this.look();
  }

  private look(): void {
    this.looked = true;
    firstLook(this.modeler, this.beginning());
  }

  private beginning(): Element | undefined {
    const elements = this.model.elements() as unknown as Element[];
    return elements.find((one) => one.type === "bpmn:StartEvent") ?? elements[0];
  }

  /** The panel and the book show the same forms: one at a time, for a form's labels are found by their ids. */
  private mountForms(tab: string): void {
    const [mount, host] = tab === "book" ? [mountBook, this.part("book")] : [mountPanel, this.part("panel")];
    this.unmount();
    this.unmount = mount(host, this.model, readJson<Texts>("designer-texts"), this.catalog, this.findings);
  }

  /** Tell the server that the draft is open here, and the person who else has it open or has changed it. */
  private async beHere(): Promise<void> {
    const address = this.root.dataset["here"];
    if (!address || document.hidden) return;
    const response = await fetch(address, { method: "POST", headers: headers() }).catch(() => null);
    if (response?.status === 404) this.saver.end(await endOf(response));
    if (!response?.ok) return;
    const { others, revision } = (await response.json()) as { others: { name: string }[]; revision: number };
    const place = this.part("others");
    place.hidden = !others.length;
    place.textContent = others.length ? this.say("others", { names: others.map((one) => one.name).join(", ") }) : "";
    if (revision <= this.saver.revision || !this.saver.isSaved) return;
    const state = await this.door.state();
    if (!this.saver.isSaved || state.revision <= this.saver.revision || this.isWriting()) return;
    this.saver.stands(await this.read(state.xml));
    this.saver.adopt(state.revision);
    showToast({ text: this.say(state.own ? "changed_here" : "changed_by", { by: state.updated_by }), kind: "info", seconds: 8 });
  }

  /** Whether a field is being written in: nothing may be exchanged under the person's hands. */
  private isWriting(): boolean {
    const at = document.activeElement;
    return Boolean(at?.matches("input, textarea, select, [contenteditable='true']") && this.root.contains(at));
  }

  private part(name: string): HTMLElement {
    return this.root.querySelector<HTMLElement>(`[data-part="${name}"]`)!;
  }
}
