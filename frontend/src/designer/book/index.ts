/* The book view: the same model as an outline that is read and edited like a text. */
import type { BookModel } from "../model";
import type { Catalog, Texts } from "../texts";

export function mountBook(host: HTMLElement, _model: BookModel, _texts: Texts, _catalog: Catalog): () => void {
  return () => host.replaceChildren();
}
