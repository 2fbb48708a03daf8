/* The side panel: what the selected element means, in plain words. */
import type { BookModel } from "../model";
import type { Catalog, Texts } from "../texts";

export function mountPanel(host: HTMLElement, _model: BookModel, _texts: Texts, _catalog: Catalog): () => void {
  return () => host.replaceChildren();
}
