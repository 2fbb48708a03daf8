/* The draft was published or discarded meanwhile: nothing can be saved into it, and nothing drawn here is lost. */
import type { End } from "./door";

/** Say what became of the draft. `keep` makes a draft of its own of what is drawn here. */
export function askGone(dialog: HTMLDialogElement, end: End, keep: () => Promise<void>): void {
  dialog.querySelector("[data-told]")!.textContent = `${end.message} ${end.cure}`.trim();
  const there = dialog.querySelector<HTMLAnchorElement>("[data-there]")!;
  there.hidden = !end.url;
  there.href = end.url;
  const button = dialog.querySelector<HTMLButtonElement>("[data-keep]")!;
  button.onclick = () => {
    button.disabled = true;
    void keep().finally(() => (button.disabled = false));
  };
  if (!dialog.open) dialog.showModal();
}
