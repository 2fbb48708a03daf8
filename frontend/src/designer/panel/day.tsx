/* A day or a moment in the panel: typed as the page writes it, or chosen in the page's calendar. */
import { useRef } from "preact/hooks";
import { dayWords, openBeside, readDay, writeDay, type Kind } from "../../dates";
import { TextInput } from "./inputs";

interface Props {
  label: string;
  help?: string;
  hidden?: boolean;
  kind: Kind;
  /** 2026-12-31 or 2026-12-31T09:00, "" for none. */
  value: string;
  onWrite: (value: string) => void;
}

export function DayInput({ label, help, hidden, kind, value, onWrite }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const words = dayWords();
  const read = (text: string): string | null => readDay(text, kind, new Date());
  const choose = (iso: string): void => {
    if (!field.current) return;
    field.current.value = writeDay(iso, words.order);
    field.current.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const open = (): void => {
    if (field.current) void openBeside(field.current, kind, choose);
  };
  return (
    <TextInput
      label={label} help={help} hidden={hidden} fieldRef={field} value={writeDay(value, words.order)}
      placeholder={kind === "date" ? words.hint : `${words.hint} ${words.time}`}
      check={(text) => (read(text) === null ? words.wrong : "")} onWrite={(text) => onWrite(read(text) ?? "")}
      aside={
        <button type="button" class="k-button k-button--quiet k-button--icon" aria-haspopup="dialog" aria-label={words.open} title={words.open} onClick={open}>
          <svg class="k-icon" aria-hidden="true"><use href={iconOf()} /></svg>
        </button>
      }
    />
  );
}

/** The sign of the calendar as the page's own fields have it. */
function iconOf(): string {
  const template = document.getElementById("date-field") as HTMLTemplateElement;
  return template.content.querySelector("use")?.getAttribute("href") ?? "";
}
