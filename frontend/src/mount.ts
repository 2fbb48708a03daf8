/** Run `start` once for every element that matches, now and whenever htmx brings new ones. */
export function mount(selector: string, start: (element: HTMLElement) => void): void {
  const known = new WeakSet<Element>();
  const visit = (root: ParentNode): void => {
    const found = [...root.querySelectorAll<HTMLElement>(selector)];
    if (root instanceof HTMLElement && root.matches(selector)) found.unshift(root);
    for (const element of found) {
      if (known.has(element)) continue;
      known.add(element);
      start(element);
    }
  };
  visit(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.target instanceof Element) visit(event.target);
  });
}
