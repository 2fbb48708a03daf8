/* The field of a file says in the page's language which file was chosen, and shows where one may be dropped. */
import { mount } from "./mount";

export function startFiles(): void {
  mount("[data-file]", (box) => {
    const field = box.querySelector<HTMLInputElement>("input[type='file']");
    const chosen = box.querySelector<HTMLElement>("[data-chosen]");
    if (!field || !chosen) return;
    const nothing = chosen.textContent ?? "";
    const show = (): void => {
      const names = [...(field.files ?? [])].map((file) => file.name);
      chosen.textContent = names.join(", ") || nothing;
      box.classList.toggle("k-file--chosen", names.length > 0);
    };
    field.addEventListener("change", show);
    field.form?.addEventListener("reset", () => window.setTimeout(show));
    for (const name of ["dragenter", "dragover"]) box.addEventListener(name, () => box.classList.add("k-file--over"));
    for (const name of ["dragleave", "drop"]) box.addEventListener(name, () => box.classList.remove("k-file--over"));
    show();
  });
}
