/* A choice of one among many: a field that is typed in, and a list of what holds the words. By the pattern of the
   ARIA Authoring Practices: the focus stays in the field, arrows move through the list, Enter takes, Escape leaves. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useDesk } from "./context";
import { found, type Findable } from "./matching";

interface Props {
  id: string;
  label: string;
  options: Findable[];
  value: string;
  describedBy: string | undefined;
  onWrite: (key: string) => void;
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

export function Combobox({ id, label, options, value, describedBy, onWrite }: Props) {
  const { t } = useDesk();
  const [typed, type] = useState<string | null>(null);
  const [at, stand] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const isOpen = typed !== null;
  const offered = found(options, typed ?? "");
  const current = options.find((option) => option.key === value);
  const open = (): void => {
    if (isOpen) return;
    stand(Math.max(0, options.findIndex((option) => option.key === value)));
    type("");
  };
  const close = (): void => type(null);
  const take = (option: Findable | undefined): void => {
    if (!option) return;
    close();
    if (option.key !== value) onWrite(option.key);
  };
  useEffect(() => {
    if (isOpen) list.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  useEffect(() => {
    if (isOpen) list.current?.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" });
  }, [isOpen, at, typed]);
  const move = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined && !(isOpen && ["Enter", "Escape"].includes(event.key))) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") close();
    else if (event.key === "Enter") take(offered[at]);
    else if (!isOpen) open();
    else stand(Math.min(Math.max(at + step!, 0), offered.length - 1));
  };
  return (
    <div class="kp-combobox">
      <input
        id={id} class="k-input" role="combobox" autocomplete="off" aria-autocomplete="list" aria-expanded={isOpen} aria-controls={`${id}-list`}
        aria-activedescendant={isOpen && offered.length ? `${id}-${at}` : undefined} aria-describedby={describedBy}
        value={isOpen ? typed : (current?.label ?? value)} placeholder={isOpen ? current?.label : t("findPlaceholder")}
        onClick={open} onBlur={close} onKeyDown={move}
        onInput={(event) => {
          type(event.currentTarget.value);
          stand(0);
        }}
      />
      <ul id={`${id}-list`} ref={list} class="kp-combobox__list" role="listbox" aria-label={label} hidden={!isOpen}>
        {isOpen ? offered.map((option, place) => (
          <li key={`${option.group ?? ""}/${option.key}`} id={`${id}-${place}`} role="option" aria-selected={place === at}
            class={option.key === value ? "kp-combobox__current" : undefined}
            onPointerDown={(event) => event.preventDefault()} onClick={() => take(option)}>
            {option.label}
            {option.group ? <small>{option.group}</small> : null}
          </li>
        )) : null}
        {isOpen && !offered.length ? <li class="kp-combobox__none" role="presentation">{t("findNone")}</li> : null}
      </ul>
    </div>
  );
}
