/* htmx: the loading line, errors as toasts, the menu's current section. Its settings stand in base.html. */
import htmx from "htmx.org";
import { showToast } from "./toasts";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}

interface RequestDetail {
  xhr?: XMLHttpRequest;
  target?: Element;
}

/** The words of the page's language for what the browser itself must say. */
export function pageText(name: string): string {
  return document.getElementById("toast-texts")?.dataset[name] ?? "";
}

export function startHtmx(): void {
  window.htmx = htmx;
  const line = document.createElement("div");
  line.className = "k-loading";
  document.body.append(line);
  let running = 0;
  const count = (step: number): void => {
    running = Math.max(0, running + step);
    line.classList.toggle("k-loading--on", running > 0);
  };
  document.addEventListener("htmx:beforeSend", () => count(1));
  document.addEventListener("htmx:afterRequest", () => count(-1));
  document.addEventListener("htmx:sendError", () => showToast({ text: pageText("offline"), kind: "error", seconds: 12 }));
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as CustomEvent<RequestDetail>).detail;
    if (xhr?.getResponseHeader("HX-Trigger")?.includes("kniga:toasts")) return;
    showToast({ text: pageText("broken"), kind: "error", seconds: 12 });
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const { target } = (event as CustomEvent<RequestDetail>).detail;
    if (target?.id === "main") enterPage(target as HTMLElement);
  });
}

/** How much of the page's address belongs to a section. */
function reachOf(link: HTMLAnchorElement): number {
  const beginnings = [link.pathname, ...(link.dataset.also?.split(" ") ?? [])];
  return Math.max(0, ...beginnings.filter((one) => location.pathname.startsWith(one)).map((one) => one.length));
}

/** After `main` was exchanged without a reload: mark the section, start at the top, tell the screen reader. */
function enterPage(main: HTMLElement): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-section]")];
  const longest = Math.max(0, ...links.map(reachOf));
  for (const link of links) {
    const isCurrent = longest > 0 && reachOf(link) === longest;
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  window.scrollTo(0, 0);
  if (!main.contains(document.activeElement)) main.focus({ preventScroll: true });
}
