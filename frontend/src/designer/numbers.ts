/* Numbers as they are typed and shown in the page's language, and as the file has them: with a point. */

/** The language of the page. */
export function pageLanguage(): string {
  return document.documentElement.lang || "en";
}

export function isNumber(type: string): boolean {
  return type === "number" || type === "money";
}

/** A number as the file writes it, from one typed with blanks or a comma. */
export function plainNumber(typed: string): string {
  return typed.replace(/[\s\u00a0]/g, "").replace(",", ".");
}

/** A number of the file as the language writes it, for a field: no blanks between its digits. */
export function shownNumber(value: string, language: string): string {
  return takesComma(language) ? value.replace(".", ",") : value;
}

/** Several values as one line, to be read back by `valuesIn`. */
export function valuesShown(values: string[], type: string, language: string): string {
  if (!isNumber(type)) return values.join(", ");
  return values.map((value) => shownNumber(value, language)).join(takesComma(language) ? "; " : ", ");
}

/** The values that a line holds. A comma between digits belongs to the number where the language writes it so, or where
    a semicolon parts the numbers. */
export function valuesIn(typed: string, type: string, language: string): string[] {
  if (!isNumber(type)) return typed.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean);
  const isWithin = takesComma(language) || /[;\n]/.test(typed);
  return typed.split(isWithin ? /[;\n]|,\s|\s,/ : /[,;\n]/).map(plainNumber).filter(Boolean);
}

/** A number for reading. Four digits stay together, as those of a year do; an amount is parted in any case. */
export function figure(value: string, type: string, language: string): string {
  const number = Number(value);
  if (!value.trim() || !Number.isFinite(number)) return value;
  const isShort = type !== "money" && Math.abs(number) < 10_000;
  return new Intl.NumberFormat(language, { maximumFractionDigits: 6, useGrouping: !isShort }).format(number);
}

function takesComma(language: string): boolean {
  return new Intl.NumberFormat(language).formatToParts(1.5).some((part) => part.type === "decimal" && part.value === ",");
}
