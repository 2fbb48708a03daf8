/* What is told of an element stands in its title, line by line; with script it is a card beside it. */

export function cards(frame: HTMLElement, card: HTMLElement): void {
  for (const link of frame.querySelectorAll<SVGAElement>("a.k-diagram__element")) {
    const title = link.querySelector("title");
    if (!title) continue;
    const lines = (title.textContent ?? "").split("\n").filter(Boolean);
    link.setAttribute("aria-label", lines.join(", "));
    title.remove();
    const show = (): void => open(frame, card, link, lines);
    link.addEventListener("pointerenter", show);
    link.addEventListener("focus", show);
    link.addEventListener("pointerleave", () => (card.hidden = true));
    link.addEventListener("blur", () => (card.hidden = true));
  }
  frame.querySelector(".k-diagram")?.addEventListener("scroll", () => (card.hidden = true), { passive: true });
}

function open(frame: HTMLElement, card: HTMLElement, link: SVGAElement, lines: string[]): void {
  card.replaceChildren(
    ...lines.map((line) => {
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
