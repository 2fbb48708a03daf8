/* Ctrl-K: go anywhere, find any record, run a command; all by keyboard. Results are a fragment of /search/. */
import htmx from "htmx.org";

export function startPalette(): void {
  const palette = document.querySelector<HTMLDialogElement>("#palette");
  const input = document.querySelector<HTMLInputElement>("#palette-input");
  if (!palette || !input) return;
  startOpener();
  input.addEventListener("input", () => {
    filterCommands(palette, input.value);
    if (!input.value) document.getElementById("palette-results")?.replaceChildren();
    select(palette, 0);
  });
  palette.addEventListener("keydown", (event) => onKey(event, palette));
  palette.addEventListener("submit", (event) => {
    const chosen = options(palette)[current(palette)];
    if (!chosen) return;
    event.preventDefault();
    chosen.querySelector<HTMLElement>("a, button")?.click();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if ((event as CustomEvent<{ target: Element }>).detail.target.id === "palette-results") select(palette, 0);
  });
}

/** The field in the top bar opens the palette when it is used, not when the Tab key passes over it. */
function startOpener(): void {
  const opener = document.querySelector<HTMLFormElement>("[data-open-palette]");
  opener?.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    openPalette();
  });
  opener?.addEventListener("submit", (event) => {
    event.preventDefault();
    openPalette();
  });
  const field = opener?.querySelector("input");
  field?.addEventListener("input", () => {
    openPalette(field.value);
    field.value = "";
  });
}

export function openPalette(text = ""): void {
  const palette = document.querySelector<HTMLDialogElement>("#palette");
  const input = document.querySelector<HTMLInputElement>("#palette-input");
  if (!palette || !input || palette.open) return;
  palette.showModal();
  input.value = text;
  filterCommands(palette, text);
  document.getElementById("palette-results")?.replaceChildren();
  select(palette, 0);
  input.focus();
  if (text) htmx.trigger(input, "input", {});
}

function onKey(event: KeyboardEvent, palette: HTMLDialogElement): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const count = options(palette).length;
  if (count > 0) select(palette, (current(palette) + step + count) % count);
}

function options(palette: HTMLElement): HTMLElement[] {
  const found = [...palette.querySelectorAll<HTMLElement>("#palette-results [role='option'], #palette-commands [role='option']")];
  const visible = found.filter((option) => !option.hidden);
  // What was searched for comes before commands that merely sound like it.
  return visible.sort((one, other) => Number(isCommand(one)) - Number(isCommand(other)));
}

function isCommand(option: HTMLElement): boolean {
  return option.closest("#palette-commands") !== null;
}

function current(palette: HTMLElement): number {
  return options(palette).findIndex((option) => option.getAttribute("aria-selected") === "true");
}

function select(palette: HTMLElement, index: number): void {
  const all = options(palette);
  all.forEach((option, place) => {
    if (place === index) option.setAttribute("aria-selected", "true");
    else option.removeAttribute("aria-selected");
    option.id ||= `palette-option-${crypto.randomUUID()}`;
  });
  const chosen = all[index];
  chosen?.scrollIntoView({ block: "nearest" });
  document.querySelector("#palette-input")?.setAttribute("aria-activedescendant", chosen?.id ?? "");
}

function filterCommands(palette: HTMLElement, text: string): void {
  const wanted = text.trim().toLocaleLowerCase();
  for (const option of palette.querySelectorAll<HTMLElement>("#palette-commands [role='option']")) {
    const name = option.querySelector("span")?.textContent?.toLocaleLowerCase() ?? "";
    option.hidden = wanted !== "" && !name.includes(wanted);
  }
}
