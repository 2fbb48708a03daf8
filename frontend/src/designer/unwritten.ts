/* What is typed into a field and not yet written into the drawing, for whoever rests a moment longer: all of it is written
   at once when the page is left or hidden. */
const writers = new Set<() => void>();

/** Have `write` called when everything typed is to be written; the returned function ends it. */
export function writesTyped(write: () => void): () => void {
  writers.add(write);
  return () => void writers.delete(write);
}

/** Write everything that is typed. The fields keep their text and the focus. */
export function writeTyped(): void {
  for (const write of [...writers]) write();
}
