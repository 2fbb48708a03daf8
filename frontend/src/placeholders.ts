/* A placeholder that names several things, "Client, deal or number", ends after the last one its field has room for. */

const FIELDS = "input[placeholder*=',']";
const ELLIPSIS = "…";
const pen = document.createElement("canvas").getContext("2d");

export function startPlaceholders(): void {
  fitAll();
  void document.fonts.ready.then(fitAll);
  document.addEventListener("htmx:load", fitAll);
  document.addEventListener("focusin", fitAll);
  addEventListener("resize", fitAll);
}

function fitAll(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>(`${FIELDS}, input[data-hint]`)) fit(field);
}

function fit(field: HTMLInputElement): void {
  const hint = (field.dataset.hint ??= field.placeholder);
  if (!pen || field.clientWidth === 0) return;
  const style = getComputedStyle(field);
  // A field for searching keeps room for the cross that empties it.
  const cross = field.type === "search" ? 20 : 0;
  const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - cross;
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  let shown = hint;
  for (let end = hint.lastIndexOf(","); end > 0 && pen.measureText(shown).width > room; end = hint.lastIndexOf(",", end - 1)) {
    shown = hint.slice(0, end) + ELLIPSIS;
  }
  // The first of many things alone would say that there is nothing else.
  if (shown !== hint && !shown.includes(",")) shown = field.ariaLabel ?? shown;
  if (field.placeholder !== shown) field.placeholder = shown;
}
