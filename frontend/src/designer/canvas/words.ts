/* The words of the page's language, and how bpmn-js gets them. They stand in a JSON block of the page. */

export interface Words {
  /** What the designer itself says. */
  page: Record<string, string>;
  /** What bpmn-js says, by its own English text. */
  diagram: Record<string, string>;
}

export function readJson<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}") as T;
}

export function fill(text: string, values: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** `say("saved")`: the text of that name, with its places filled in; the name itself if there is none. */
export type Say = (name: string, values?: Record<string, string | number>) => string;

export function sayer(words: Words): Say {
  return (name, values) => fill(words.page[name] ?? name, values);
}

/** The module that gives bpmn-js our words. */
export function translating(words: Words): object {
  const translate: Say = (text, values) => fill(words.diagram[text] ?? text, values);
  return { translate: ["value", translate] };
}

/** How much is wrong: while something has to be mended the hints are not looked for, and are not counted with it. */
export function countWords(say: Say, errors: number, all: number): string {
  if (errors) return say("errors", { count: errors });
  return say(all ? "problems" : "no_problems", { count: all });
}

/** A remark with the place it is about, named once. */
export function remarkAt(place: string, message: string): string {
  return message.includes(place) ? message : `${place}: ${message}`;
}
