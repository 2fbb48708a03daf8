/* The modal window, the help overlay, and menus: open, close on Esc and on a click outside. What was typed into the
   window is given up only by one who says so. */
import { pageText } from "./requests";

export function startDialogs(): void {
  const modal = document.querySelector<HTMLDialogElement>("#modal");
  if (modal) keepTyped(modal);
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = (event as CustomEvent<{ target: Element }>).detail.target;
    if (!modal || target !== modal || modal.childElementCount === 0) return;
    if (!modal.open) modal.showModal();
    firstField(modal)?.focus();
  });
  document.addEventListener("kniga:close-modal", () => modal?.close());
  modal?.addEventListener("close", () => modal.replaceChildren());
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && mayClose(dialog)) dialog.close();
    });
  }
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-open-help]")) openHelp();
    closeMenus(target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
  });
}

const typed = new WeakSet<HTMLDialogElement>();

/** Note what is typed into the window, and ask before Esc or its cross would lose it. */
function keepTyped(modal: HTMLDialogElement): void {
  modal.addEventListener("input", () => typed.add(modal));
  modal.addEventListener("close", () => typed.delete(modal));
  document.addEventListener("htmx:beforeSwap", (event) => {
    if ((event as CustomEvent<{ target: Element }>).detail.target === modal) typed.delete(modal);
  });
  const refuse = (event: Event): void => {
    if (!mayClose(modal)) event.preventDefault();
  };
  modal.addEventListener("cancel", refuse);
  modal.addEventListener("submit", (event) => {
    if ((event.target as HTMLFormElement).getAttribute("method") === "dialog") refuse(event);
  });
}

function mayClose(dialog: HTMLDialogElement): boolean {
  return !typed.has(dialog) || window.confirm(pageText("typed"));
}

/** What one has come to fill in: the first wrong field, else the first of all; where there is only a choice, its first. */
function firstField(modal: HTMLElement): HTMLElement | null {
  return (
    modal.querySelector<HTMLElement>("[aria-invalid='true']") ??
    modal.querySelector<HTMLElement>("input:not([type='hidden']), textarea, select") ??
    modal.querySelector<HTMLElement>(".k-ways a")
  );
}

export function openHelp(): void {
  const help = document.querySelector<HTMLDialogElement>("#help");
  if (help && !help.open) help.showModal();
}

/** Close every open menu except the one that holds `inside`. */
function closeMenus(inside: Element | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>(".k-dropdown[open], .k-bottombar__more[open]")) {
    if (inside && menu.contains(inside)) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus && !inside) menu.querySelector("summary")?.focus();
  }
}
