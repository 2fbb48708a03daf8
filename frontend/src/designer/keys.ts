/* Keys made from labels, once: a key stays when the label changes, since conditions and answers speak of it. */

const LETTERS: Record<string, string> = Object.fromEntries(
  ("а:a б:b в:v г:g д:d е:e ё:e ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:shch " +
    "ъ: ы:y ь: э:e ю:yu я:ya")
    .split(" ")
    .map((pair) => pair.split(":") as [string, string]),
);
const LONGEST = 40;

/** A key for a label that is not among those taken: "Нужна скидка" becomes `nuzhna_skidka`. */
export function keyFor(label: string, taken: Iterable<string>, fallback: string): string {
  const latin = [...label.toLowerCase()].map((letter) => LETTERS[letter] ?? letter).join("");
  const plain = latin.normalize("NFKD").replace(/[̀-ͯ]/g, "");
  const words = plain.replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
  const stem = shortened(words) || fallback;
  const used = new Set(taken);
  if (!used.has(stem)) return stem;
  for (let number = 2; ; number += 1) {
    if (!used.has(`${stem}_${number}`)) return `${stem}_${number}`;
  }
}

function shortened(words: string): string {
  if (words.length <= LONGEST) return words;
  const cut = words.slice(0, LONGEST + 1);
  return cut.includes("_") ? cut.slice(0, cut.lastIndexOf("_")) : cut.slice(0, LONGEST);
}
