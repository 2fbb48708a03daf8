/* Rows that are ticked for an act on many: how many they are, all at once, and from one to another with Shift. */

const boxesOf = (form: string | undefined): HTMLInputElement[] => [
  ...document.querySelectorAll<HTMLInputElement>(`input[data-pick][form="${form ?? ""}"]`),
];
let last: HTMLInputElement | null = null;

export function startPicked(): void {
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.matches("[data-pick][form]")) return;
    if (event.shiftKey && last?.isConnected) pickBetween(last, box);
    last = box;
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement)) return;
    if (box.dataset.pickAll) for (const one of boxesOf(box.dataset.pickAll)) one.checked = box.checked;
    if (box.dataset.pickAll || box.matches("[data-pick][form]")) count();
  });
  document.addEventListener("htmx:afterSettle", count);
  window.addEventListener("pageshow", count);
}

function pickBetween(from: HTMLInputElement, to: HTMLInputElement): void {
  const boxes = boxesOf(to.getAttribute("form") ?? "");
  const [first, second] = [boxes.indexOf(from), boxes.indexOf(to)].sort((one, other) => one - other);
  for (const box of boxes.slice(first, (second ?? 0) + 1)) box.checked = to.checked;
}

function count(): void {
  for (const shown of document.querySelectorAll<HTMLElement>("[data-picked]")) {
    const boxes = boxesOf(shown.dataset.picked);
    const ticked = boxes.filter((box) => box.checked).length;
    shown.textContent = ticked ? String(ticked) : "";
    const all = document.querySelector<HTMLInputElement>(`[data-pick-all="${shown.dataset.picked}"]`);
    if (!all) continue;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
}
