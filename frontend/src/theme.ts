/* The theme changes at once; the server remembers it in the background. */

export function startTheme(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const button = event.submitter;
    if (!form.matches("[data-theme-switch]") || !(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    document.documentElement.dataset.theme = button.value;
    for (const other of document.querySelectorAll<HTMLButtonElement>("[data-theme-switch] button")) {
      if (other.value === button.value) other.setAttribute("aria-pressed", "true");
      else other.removeAttribute("aria-pressed");
    }
    const body = new FormData(form);
    body.set(button.name, button.value);
    void fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
    document.dispatchEvent(new CustomEvent("kniga:theme", { detail: button.value }));
  }, true);
}
