/* What is current stands in view: the open tab, the stage a deal is in, the line a process begins on. */
import { mount } from "./mount";

export function startInView(): void {
  mount(".k-tabs, .k-stages", (row) => {
    const current = row.querySelector<HTMLElement>("[aria-current]");
    if (!current || row.scrollWidth <= row.clientWidth) return;
    const from = current.getBoundingClientRect().left - row.getBoundingClientRect().left;
    row.scrollLeft += from - (row.clientWidth - current.offsetWidth) / 2;
  });
}
