/* Finding among many options by what is typed. */

export interface Findable {
  key: string;
  label: string;
  group?: string;
}

/** The options that hold every word typed, wherever it stands; those that begin with the first word come first. */
export function found<Option extends Findable>(options: Option[], typed: string): Option[] {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  if (!words.length) return options;
  const holding = options.filter((option) => words.every((word) => plain(`${option.label} ${option.group ?? ""}`).includes(word)));
  const begins = (option: Option): boolean => plain(option.label).startsWith(words[0]!);
  return [...holding.filter(begins), ...holding.filter((option) => !begins(option))];
}

function plain(text: string): string {
  return text.toLocaleLowerCase().replaceAll("ё", "е");
}
