/* What is told of an element stands in its title, line by line; with script it is a card beside it. */

export function cards(frame: HTMLElement, card: HTMLElement): void {
  for (const link of frame.querySelectorAll<SVGAElement>("a.k-diagram__element")) {
    const title = link.querySelector("title");
    if (!title) continue;
    tell(link, (title.textContent ?? "").split("\n").filter(Boolean));
    title.remove();
    const show = (): void => open(frame, card, link);
    link.addEventListener("pointerenter", show);
    link.addEventListener("focus", show);
    link.addEventListener("pointerleave", () => (card.hidden = true));
    link.addEventListener("blur", () => (card.hidden = true));
  }
  frame.querySelector(".k-diagram")?.addEventListener("scroll", () => (card.hidden = true), { passive: true });
}

/** Give an element these lines; the first is its name. */
export function tell(link: SVGElement, lines: string[]): void {
  link.dataset.card = lines.join("\n");
  link.setAttribute("aria-label", lines.join(", "));
}

/** What is told of an element now. */
export function told(link: SVGElement): string[] {
  return (link.dataset.card ?? link.querySelector("title")?.textContent ?? "").split("\n");
}

function open(frame: HTMLElement, card: HTMLElement, link: SVGAElement): void {
  card.replaceChildren(
    ...told(link).map((line) => {
      const row = document.createElement("span");
      row.textContent = line;
      return row;
    }),
  );
  card.hidden = false;
  const [place, around] = [link.getBoundingClientRect(), frame.getBoundingClientRect()];
  const below = place.bottom + card.offsetHeight + 12 < window.innerHeight;
  const top = below ? place.bottom + 8 : place.top - card.offsetHeight - 8;
  const left = Math.min(Math.max(place.left - around.left, 8), around.width - card.offsetWidth - 8);
  card.style.top = `${top - around.top}px`;
  card.style.left = `${left}px`;
}
