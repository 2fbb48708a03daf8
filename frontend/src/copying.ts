/* <button data-copy="body" data-copied="Copied"> puts the value of the field #body into the clipboard and says so. */
import { mount } from "./mount";

const SAID_MS = 2000;

export function startCopying(): void {
  mount("button[data-copy]", (button) => {
    const label = button.textContent;
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.copy ?? "");
      if (!(field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement)) return;
      void copy(field).then(() => {
        button.textContent = button.dataset.copied ?? label;
        window.setTimeout(() => (button.textContent = label), SAID_MS);
      });
    });
  });
}

/* Without a secure address there is no clipboard to write to: then the text is marked for Ctrl-C. */
async function copy(field: HTMLTextAreaElement | HTMLInputElement): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(field.value);
  field.select();
  document.execCommand("copy");
}
