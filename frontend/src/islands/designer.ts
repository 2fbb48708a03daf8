/* The designer: a process drawn, written and checked in the browser. Only its own page loads it. */
import { Page } from "../designer/canvas/page";

const root = document.querySelector<HTMLElement>("[data-designer]");
if (root) void new Page(root).start();
