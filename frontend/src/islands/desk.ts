/* The desk and the board: a filter applies as soon as it is chosen. */

document.addEventListener("change", (event) => {
  const control = event.target as Element;
  if (control.matches("[data-submit]")) control.closest("form")?.requestSubmit();
});
