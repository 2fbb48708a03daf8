/* What the last check found, for the forms: they say it where it is mended. */

export interface Found {
  code: string;
  severity: "error" | "warning";
  element: string;
  message: string;
  cure: string;
  /** The rows of a decision table it is about, counted from one. */
  rows?: number[];
}

export class Findings {
  private found: readonly Found[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly shown = new Set<(element: string) => void>();

  show(found: readonly Found[]): void {
    this.found = found;
    for (const tell of this.listeners) tell();
  }

  of(element: string): Found[] {
    return this.found.filter((one) => one.element === element);
  }

  /** Somebody wants to see the element that a finding is about. */
  point(element: string): void {
    for (const tell of this.shown) tell(element);
  }

  /** Tell `listener` which element is to be seen; returns how to stop. */
  onPoint(listener: (element: string) => void): () => void {
    this.shown.add(listener);
    return () => this.shown.delete(listener);
  }

  /** Tell `listener` after every check; returns how to stop. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
