/* Saving by itself: soon after a change, never two at once, again and again while the server cannot be reached. What is
   not saved yet lies in the browser's own store from the moment it is changed, so that no window that is closed,
   reloaded or put to sleep loses anything. */
import type { Answer, Checked, Choice, Conflict, End } from "./door";

export const SOON = 800;
const FIRST_RETRY = 2_000;
const LAST_RETRY = 60_000;
const ABANDONED = 180_000;

export type Status = "saved" | "waiting" | "saving" | "offline" | "signed_out" | "conflict" | "refused" | "failing" | "gone";

export interface Kept {
  revision: number;
  xml: string;
  /** How `revision` is written here: the server keeps the bytes of what does not differ from it. */
  before?: string | null;
  /** When it was kept, and whether the page that kept it has been left or hidden since. */
  at: number;
  left: boolean;
}

export interface Savable {
  write: () => Promise<string>;
  /** Write into the drawing what still stands in a field only. */
  settle: () => void;
  send: (revision: number, xml: string, choices: Choice[], before: string | null) => Promise<Answer>;
  onStatus: (status: Status, told?: string) => void;
  onChecked: (checked: Checked) => void;
  /** Show what both changed; false when nothing may be exchanged just now. */
  onMerged: (xml: string) => Promise<boolean>;
  onGone: (end: End) => void;
  onConflict: (conflict: Conflict) => void;
}

export class Saver {
  private changes = 0;
  private saved = 0;
  private busy: Promise<void> | null = null;
  private stopped = false;
  private timer = 0;
  private retry = FIRST_RETRY;
  private choices: Choice[] = [];
  private kept: Kept | null = null;
  private isLeft = false;
  private before: string | null = null;

  constructor(
    private readonly key: string,
    public revision: number,
    private readonly parts: Savable,
  ) {
    window.addEventListener("online", () => this.soon(0));
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", () => this.comeBack());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.leave() : this.comeBack()));
    window.addEventListener("beforeunload", (event) => {
      this.parts.settle();
      if (this.isSaved) return;
      event.preventDefault();
    });
  }

  get isSaved(): boolean {
    return this.saved === this.changes;
  }

  /** What has just been read is the revision, and is written here as `before`. */
  stands(before: string): void {
    this.before = before;
  }

  /** Take up what a window left behind: it lies in this page's own store from now on. */
  takeUp(left: Kept): void {
    this.revision = left.revision;
    this.before = left.before ?? null;
    this.keep({ ...left, at: Date.now(), left: false });
    this.changed();
  }

  /** Something was drawn or written. */
  changed(): void {
    this.changes += 1;
    if (!this.stopped) this.parts.onStatus("waiting");
    void this.keepNow();
    this.soon(SOON);
  }

  /** Save what is not saved yet; whether all of it is saved afterwards. */
  async flush(): Promise<boolean> {
    for (let turn = 0; turn < 3 && !this.isSaved && !this.stopped; turn += 1) {
      await this.busy;
      await this.run();
    }
    return this.isSaved;
  }

  /** Go on after a conflict: save again, and let the server bring both together as chosen. */
  async goOn(choices: Choice[]): Promise<void> {
    this.choices = choices;
    this.stopped = false;
    this.changes += 1;
    await this.run();
  }

  /** The diagram now is what the server has. */
  adopt(revision: number): void {
    this.revision = revision;
    this.saved = this.changes;
    this.stopped = false;
    this.forget();
    this.parts.onStatus("saved");
  }

  /** The draft is there no more: nothing is sent any longer, and what was drawn stays here. */
  end(end: End): void {
    if (!this.stopped) this.stop("gone", () => this.parts.onGone(end));
  }

  /** What is drawn here is kept elsewhere: the window may be left. */
  letGo(): void {
    this.saved = this.changes;
    this.forget();
  }

  /** The page is hidden or left, and may never be seen again: a phone ends what sleeps without a word. */
  private leave(): void {
    this.parts.settle();
    this.isLeft = true;
    if (this.kept) this.keep(this.kept);
    void this.run();
  }

  private comeBack(): void {
    this.isLeft = false;
    if (this.kept) this.keep(this.kept);
    void this.run();
  }

  /** Lay what is not saved into the browser's store; the file as it was written, null when all of it is saved. */
  private async keepNow(): Promise<string | null> {
    const xml = await this.parts.write();
    if (this.isSaved) return null;
    this.keep({ revision: this.revision, xml, before: this.before, at: Date.now(), left: false });
    return xml;
  }

  private soon(delay: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.run(), delay);
  }

  private async run(): Promise<void> {
    if (this.busy || this.stopped || this.isSaved) return;
    window.clearTimeout(this.timer);
    this.busy = this.once().finally(() => {
      this.busy = null;
    });
    await this.busy;
  }

  private async once(): Promise<void> {
    const sent = this.changes;
    this.parts.onStatus("saving");
    const xml = await this.keepNow();
    if (xml === null) return this.parts.onStatus("saved");
    const answer = await this.parts.send(this.revision, xml, this.choices, this.before);
    if (answer.kind === "saved") await this.onSaved(answer, sent, xml);
    else if (answer.kind === "conflict") this.stop("conflict", () => this.parts.onConflict(answer.conflict));
    else if (answer.kind === "refused") this.parts.onStatus("refused", `${answer.message} ${answer.cure}`.trim());
    else if (answer.kind === "gone") this.end(answer.end);
    else this.later(answer.reason);
  }

  private async onSaved(answer: Extract<Answer, { kind: "saved" }>, sent: number, xml: string): Promise<void> {
    this.retry = FIRST_RETRY;
    this.parts.onChecked(answer.checked);
    const isCurrent = sent === this.changes;
    // What another brought in is shown once nothing of one's own is under way; until then the base stays as it was,
    // and the server brings the two together again.
    if (answer.merged && !isCurrent) return this.soon(SOON);
    if (answer.merged && !(await this.parts.onMerged(answer.merged))) return this.soon(FIRST_RETRY);
    if (!answer.merged) this.before = xml;
    this.revision = answer.revision;
    this.choices = [];
    if (!isCurrent) return this.soon(SOON);
    this.saved = this.changes;
    this.forget();
    this.parts.onStatus("saved");
  }

  private later(reason: "offline" | "signed_out" | "failing"): void {
    this.parts.onStatus(reason);
    this.soon(this.retry);
    this.retry = Math.min(this.retry * 2, LAST_RETRY);
  }

  private stop(status: Status, then: () => void): void {
    this.stopped = true;
    this.parts.onStatus(status);
    then();
  }

  private keep(kept: Kept): void {
    this.kept = { ...kept, left: this.isLeft };
    try {
      localStorage.setItem(this.key, JSON.stringify(this.kept));
    } catch {
      // A full or forbidden store: the server is the only keeper then, and leaving the page asks first.
    }
  }

  private forget(): void {
    this.kept = null;
    localStorage.removeItem(this.key);
  }
}

/** The key of this page in the browser's store: two windows with one draft keep apart what each could not save. A window
    that is reloaded, or brought back by the browser after it was ended, finds its own key again. */
export function ownKey(draft: number): string {
  const name = `kniga-draft-${draft}`;
  const key = sessionStorage.getItem(name) ?? `${name}-${Math.random().toString(36).slice(2)}`;
  sessionStorage.setItem(name, key);
  return key;
}

/** What this window (its key is `own`), or one that was closed too early, left behind: the last one; it is taken out of
    the store. */
export function leftBehind(draft: number, own = ""): Kept | null {
  let found: { key: string; kept: Kept } | null = null;
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(`kniga-draft-${draft}-`))) {
    const kept = parsed(localStorage.getItem(key));
    const isOver = kept && (key === own || kept.left || Date.now() - kept.at > ABANDONED);
    if (isOver && kept.at > (found?.kept.at ?? 0)) found = { key, kept };
  }
  if (found) localStorage.removeItem(found.key);
  return found?.kept ?? null;
}

function parsed(text: string | null): Kept | null {
  try {
    return JSON.parse(text ?? "null") as Kept | null;
  } catch {
    return null;
  }
}
