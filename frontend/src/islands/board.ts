/* Dragging a card: it goes back to its column at once, and the server says what the move would take. */
import htmx from "htmx.org";
import Sortable from "sortablejs";

function start(): void {
  for (const cards of document.querySelectorAll<HTMLElement>("[data-cards]:not([data-sortable])")) {
    cards.dataset.sortable = "";
    Sortable.create(cards, {
      group: "board",
      draggable: ".k-card",
      filter: ".k-card__move",
      preventOnFilter: false,
      ghostClass: "k-card--ghost",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      delay: 150,
      delayOnTouchOnly: true,
      sort: false,
      onStart: (event) => carry(event.from, true),
      onMove: (event) => light(event.to),
      onEnd: (event) => {
        light(null);
        carry(event.from, false);
        if (event.from !== event.to) ask(event);
      },
    });
  }
}

/** Put the card back and open the dialog; the board moves it only after the book agrees. */
function ask(event: Sortable.SortableEvent): void {
  const before = event.from.querySelectorAll(".k-card")[event.oldDraggableIndex ?? 0] ?? event.from.querySelector(":scope > a");
  event.from.insertBefore(event.item, before);
  const stage = event.to.closest<HTMLElement>("[data-stage]")?.dataset.stage;
  const address = event.item.dataset.move;
  if (stage && address) void htmx.ajax("get", `${address}?to=${encodeURIComponent(stage)}`, { target: "#modal", swap: "innerHTML" });
}

function carry(cards: HTMLElement, isCarried: boolean): void {
  cards.closest(".k-board")?.classList.toggle("k-board--carrying", isCarried);
}

function light(cards: HTMLElement | null): void {
  for (const column of document.querySelectorAll(".k-column--accepts")) column.classList.remove("k-column--accepts");
  cards?.closest(".k-column")?.classList.add("k-column--accepts");
}

start();
document.addEventListener("htmx:load", start);
