/* Inputs that write when the person rests, leaves the field or presses Enter: one change each in the undo history. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { writesTyped } from "../unwritten";
import { Combobox } from "./combobox";

const REST_MS = 700;
/* More than this nobody looks through: they are searched. */
const FEW = 30;
let ids = 0;

/* Whether a button of the mouse is down: what a press leaves is written when it is over, for a form that grows meanwhile
   would take the button away from under the pointer. */
let isPressed = false;
for (const [event, is] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]] as const) {
  window.addEventListener(event, () => (isPressed = is), true);
}

function afterPress(run: () => void): void {
  if (!isPressed) return run();
  const over = (): void => {
    for (const event of ["pointerup", "pointercancel"]) window.removeEventListener(event, over, true);
    run();
  };
  for (const event of ["pointerup", "pointercancel"]) window.addEventListener(event, over, true);
}

/** An id of its own on the page; those of the library are the same in the panel and in the book. */
export function useOwnId(): string {
  return useState(() => `kp-${(ids += 1)}`)[0];
}

interface Writes {
  value: string;
  onWrite: (value: string) => void;
  /** What is wrong with a text, "" if nothing is. A wrong one stays in the field with the reason and is not written. */
  check?: (value: string) => string;
}

/* What is typed and not yet written. Escape takes back what is wrong and writes the rest: whoever closes a form with it
   means to be done, not to lose a text. A change from elsewhere, such as undo, wins over it. */
function useTyping({ value, onWrite, check }: Writes) {
  const [typed, setTyped] = useState<string | null>(null);
  const state = useRef({ typed, value, onWrite, check, left: null as string | null, timer: 0, isOwn: false });
  state.current.onWrite = onWrite;
  state.current.check = check;
  if (state.current.value !== value) {
    state.current.value = value;
    if (!state.current.isOwn) state.current.typed = state.current.left = null;
    state.current.isOwn = false;
  }
  const write = (): void => {
    const { typed: now, value: old } = state.current;
    if (now === null || now === old || state.current.check?.(now)) return;
    state.current.isOwn = true;
    state.current.onWrite(now);
  };
  const keep = (text: string | null): void => {
    window.clearTimeout(state.current.timer);
    state.current.typed = text;
    setTyped(text);
  };
  const flush = (): void => {
    write();
    state.current.left = state.current.typed ?? state.current.left;
    keep(null);
  };
  useEffect(() => {
    const end = writesTyped(write);
    return () => {
      end();
      flush();
    };
  }, []);
  const { left } = state.current;
  // The file has no blanks at the ends of a text: while the page is open they stay, as does what is wrong.
  const resting = left !== null && (left.trim() === value.trim() || check?.(left)) ? left : value;
  const shown = (typed === null ? null : state.current.typed) ?? resting;
  return {
    shown,
    error: check?.(shown) ?? "",
    type: (text: string): void => {
      keep(text);
      state.current.timer = window.setTimeout(write, REST_MS);
    },
    flush,
    /** What Escape does: whether there was something wrong, which is gone. */
    leave: (): boolean => {
      if (!check?.(shown)) {
        flush();
        return false;
      }
      state.current.left = null;
      keep(null);
      return true;
    },
  };
}

/* The longest text a field takes, and what is said when it is full. */
interface Most {
  length: number;
  told: string;
}

interface TextProps extends Writes {
  label: string;
  help?: string;
  hidden?: boolean;
  type?: string;
  list?: string[];
  placeholder?: string;
  min?: number;
  most?: Most;
  onEnter?: () => void;
  fieldRef?: { current: HTMLInputElement | null };
  /** A button in the field. */
  aside?: JSX.Element;
}

/** A line of text with its label; `hidden` labels are for screen readers only. */
export function TextInput({ label, help, hidden, type = "text", list, placeholder, min, most, onEnter, fieldRef, aside, ...writes }: TextProps) {
  const id = useOwnId();
  const typing = useTyping(writes);
  const input = (
    <input
      id={id} class="k-input" type={type} value={typing.shown} placeholder={placeholder} min={min} maxLength={most?.length} ref={fieldRef}
      list={list?.length ? `${id}-list` : undefined} aria-describedby={help ? `${id}-help` : undefined} autocomplete="off"
      aria-invalid={typing.error ? true : undefined} aria-errormessage={typing.error ? `${id}-error` : undefined}
      onInput={(event) => typing.type(event.currentTarget.value)}
      onBlur={() => afterPress(typing.flush)}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          typing.flush();
          onEnter?.();
        } else if (event.key === "Escape" && typing.leave()) event.stopPropagation();
      }}
    />
  );
  return (
    <div class="k-field">
      <label for={id} class={hidden ? "k-spoken" : undefined}>{label}</label>
      {aside ? <span class="k-day">{input}{aside}</span> : input}
      {list?.length ? <datalist id={`${id}-list`}>{list.map((one) => <option key={one} value={one} />)}</datalist> : null}
      {typing.error ? <p class="k-field__error" id={`${id}-error`} role="status">{typing.error}</p> : null}
      {most && typing.shown.length >= most.length ? <p class="k-field__error" role="status">{most.told}</p> : null}
      {help ? <p class="k-field__help" id={`${id}-help`}>{help}</p> : null}
    </div>
  );
}

interface FileProps {
  label: string;
  help: string;
  accept: string;
  /** What the zone says, and its button. */
  zone: [string, string];
  error: string | undefined;
  onPick: (file: File) => void;
}

/** A file from the person's own machine; what is wrong with it is said below it. */
export function FileInput({ label, help, accept, zone, error, onPick }: FileProps) {
  const id = useOwnId();
  const pick = (input: HTMLInputElement): void => {
    const file = input.files?.[0];
    if (file) onPick(file);
  };
  return (
    <div class="k-field">
      <label for={id}>{label}</label>
      <div class="k-file"><span class="k-file__said"><small>{zone[0]}</small></span><span class="k-button k-button--plain k-button--small" aria-hidden="true">{zone[1]}</span>
      <input id={id} type="file" accept={accept} aria-invalid={error ? true : undefined} aria-describedby={`${id}-help`} onChange={(event) => pick(event.currentTarget)} />
      </div>
      <div id={`${id}-help`}>
        {error ? <p class="k-field__error" role="alert">{error}</p> : null}
        <p class="k-field__help">{help}</p>
      </div>
    </div>
  );
}

interface AreaProps extends Writes {
  label: string;
  help?: string;
  hidden?: boolean;
  rows?: number;
  fieldRef?: { current: HTMLTextAreaElement | null };
  class?: string;
}

export function TextArea({ label, help, hidden, rows = 3, fieldRef, class: name, ...writes }: AreaProps) {
  const id = useOwnId();
  const typing = useTyping(writes);
  return (
    <div class="k-field">
      <label for={id} class={hidden ? "k-spoken" : undefined}>{label}</label>
      <textarea
        id={id} class={`k-input ${name ?? ""}`} rows={rows} value={typing.shown} ref={fieldRef} aria-describedby={help ? `${id}-help` : undefined}
        onInput={(event) => typing.type(event.currentTarget.value)}
        onBlur={() => afterPress(typing.flush)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && typing.leave()) event.stopPropagation();
        }}
      />
      {help ? <p class="k-field__help" id={`${id}-help`}>{help}</p> : null}
    </div>
  );
}

export interface Pick {
  key: string;
  label: string;
  group?: string;
}

interface SelectProps extends Writes {
  label: string;
  options: Pick[];
  hidden?: boolean;
  help?: string;
  empty?: string;
}

/** A choice of one. A value that is not offered is shown as it stands, so that nothing is changed by looking. */
export function Select({ label, options, hidden, help, empty, value, onWrite }: SelectProps) {
  const id = useOwnId();
  const isKnown = options.some((option) => option.key === value) || (value === "" && empty !== undefined);
  const groups = [...new Set(options.map((option) => option.group ?? ""))];
  const all = [...(empty !== undefined ? [{ key: "", label: empty }] : []), ...options];
  const shown = (group: string): JSX.Element[] =>
    options.filter((one) => (one.group ?? "") === group).map((one) => <option key={one.key} value={one.key}>{one.label}</option>);
  return (
    <div class="k-field">
      <label for={id} class={hidden ? "k-spoken" : undefined}>{label}</label>
      {options.length > FEW ? <Combobox id={id} label={label} options={all} value={value} describedBy={help ? `${id}-help` : undefined} onWrite={onWrite} /> : (
        <select id={id} class="k-input" value={value} aria-describedby={help ? `${id}-help` : undefined}
          onChange={(event) => onWrite(event.currentTarget.value)}>
          {empty !== undefined ? <option value="">{empty}</option> : null}
          {isKnown ? null : <option value={value}>{value || "…"}</option>}
          {groups.map((group) => (group ? <optgroup key={group} label={group}>{shown(group)}</optgroup> : shown(group)))}
        </select>
      )}
      {help ? <p class="k-field__help" id={`${id}-help`}>{help}</p> : null}
    </div>
  );
}

export function Check({ label, checked, onWrite }: { label: string; checked: boolean; onWrite: (checked: boolean) => void }) {
  return (
    <label class="k-check">
      <input type="checkbox" checked={checked} onChange={(event) => onWrite(event.currentTarget.checked)} /> <span>{label}</span>
    </label>
  );
}

/** Several of a few, as check boxes under one name. */
export function Checks({ label, options, value, onWrite }: { label: string; options: Pick[]; value: string[]; onWrite: (value: string[]) => void }) {
  const unknown = value.filter((key) => !options.some((option) => option.key === key)).map((key) => ({ key, label: key }));
  return (
    <fieldset class="kp-checks">
      <legend>{label}</legend>
      {[...options, ...unknown].map(({ key, label: name }) => (
        <Check key={key} label={name} checked={value.includes(key)}
          onWrite={(checked) => onWrite(checked ? [...value, key] : value.filter((one) => one !== key))} />
      ))}
    </fieldset>
  );
}

/** A section that folds: its name, what is inside in a few words, and how it opens first. */
export function Fold({ title, summary, open, children }: { title: string; summary?: string; open?: boolean; children: ComponentChildren }) {
  const first = useRef(open);
  return (
    <details class="kp-fold" open={first.current}>
      <summary>
        <span class="kp-fold__title">{title}</span>
        {summary ? <span class="kp-fold__summary">{summary}</span> : null}
      </summary>
      <div class="kp-fold__body">{children}</div>
    </details>
  );
}

export function IconButton({ label, sign, onClick, disabled }: { label: string; sign: string; onClick: () => void; disabled?: boolean }) {
  return (
    <button type="button" class="k-button k-button--quiet k-button--small kp-sign" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}

/** A field that adds something named when Enter is pressed. */
export function Adder({ label, button, onAdd }: { label: string; button: string; onAdd: (name: string) => void }) {
  const id = useOwnId();
  const field = useRef<HTMLInputElement>(null);
  const add = (): void => {
    const name = field.current?.value.trim() ?? "";
    if (!name) {
      field.current?.focus();
      return;
    }
    field.current!.value = "";
    onAdd(name);
    field.current?.focus();
  };
  return (
    <div class="kp-adder">
      <label for={id} class="k-spoken">{label}</label>
      <input id={id} ref={field} class="k-input" placeholder={label} autocomplete="off"
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          add();
        }} />
      <button type="button" class="k-button k-button--plain k-button--small" onClick={add}>{button}</button>
    </div>
  );
}

/** A list to take something from: nothing happens before the button is pressed, so the arrow keys can look around. */
export function Offer({ label, button, options, onPick }: { label: string; button: string; options: Pick[]; onPick: (key: string) => void }) {
  const [chosen, choose] = useState("");
  const key = options.some((option) => option.key === chosen) ? chosen : "";
  const pick = (): void => {
    if (key) onPick(key);
    choose("");
  };
  return (
    <div class="kp-offer">
      <Select label={label} hidden value={key} empty={label} options={options} onWrite={choose} />
      <button type="button" class="k-button k-button--plain k-button--small" disabled={!key} aria-label={`${button}: ${label}`} onClick={pick}>{button}</button>
    </div>
  );
}

export function moved<Item>(items: Item[], at: number, by: number): Item[] {
  const copy = [...items];
  const [item] = copy.splice(at, 1);
  copy.splice(at + by, 0, item!);
  return copy;
}

export function replaced<Item>(items: Item[], at: number, item: Item): Item[] {
  return items.map((old, index) => (index === at ? item : old));
}
