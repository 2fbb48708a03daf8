/* A script as it is read: the little of Markdown that scripts use, with placeholders by their names. */
import type { ComponentChildren, JSX } from "preact";

type Name = (placeholder: string) => string;

interface Block {
  kind: "heading" | "list" | "steps" | "quote" | "text";
  lines: string[];
}

export function Prose({ text, nameOf }: { text: string; nameOf: Name }) {
  return <div class="kp-prose">{blocksOf(text).map((block, at) => <BlockOf key={at} block={block} nameOf={nameOf} />)}</div>;
}

function BlockOf({ block, nameOf }: { block: Block; nameOf: Name }): JSX.Element {
  const lines = block.lines.map((line) => inline(line, nameOf));
  if (block.kind === "heading") return <h4>{lines[0]}</h4>;
  if (block.kind === "list") return <ul>{lines.map((line, at) => <li key={at}>{line}</li>)}</ul>;
  if (block.kind === "steps") return <ol>{lines.map((line, at) => <li key={at}>{line}</li>)}</ol>;
  const joined = lines.map((line, at) => <span key={at}>{line} </span>);
  return block.kind === "quote" ? <blockquote>{joined}</blockquote> : <p>{joined}</p>;
}

const MARKS: [RegExp, Block["kind"]][] = [
  [/^#{1,6}\s+/, "heading"],
  [/^[-*+]\s+/, "list"],
  [/^\d+[.)]\s+/, "steps"],
  [/^>\s?/, "quote"],
];

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let isApart = true;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (!line) {
      isApart = true;
      continue;
    }
    const [mark, kind] = MARKS.find(([pattern]) => pattern.test(line)) ?? [null, "text" as const];
    const last = blocks[blocks.length - 1];
    const bare = mark ? line.replace(mark, "") : line;
    if (last && last.kind === kind && kind !== "heading" && (!isApart || kind === "list" || kind === "steps")) last.lines.push(bare);
    else blocks.push({ kind, lines: [bare] });
    isApart = false;
  }
  return blocks;
}

function inline(line: string, nameOf: Name): ComponentChildren {
  return line.split(/(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|_[^_\s][^_]*_|\{\{\s*[\w.-]+\s*\}\})/).map((piece, at) => {
    if (piece.startsWith("{{")) return <span key={at} class="kp-chip">{nameOf(piece.slice(2, -2).trim())}</span>;
    if (piece.startsWith("**")) return <strong key={at}>{inline(piece.slice(2, -2), nameOf)}</strong>;
    if (/^[*_].+[*_]$/.test(piece)) return <em key={at}>{inline(piece.slice(1, -1), nameOf)}</em>;
    return piece;
  });
}
