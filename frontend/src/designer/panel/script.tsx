/* The script of a step: Markdown with placeholders, and how it will read for a real client. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Drawn } from "../model";
import { useDesk } from "./context";
import { Offer, TextArea, useOwnId } from "./inputs";

const PLACEHOLDERS = ["client.name", "contact.name", "contact.position", "user.name", "deal.name", "deal.amount", "deal.expected_date"];
const REST_MS = 400;

interface Client {
  id: number;
  name: string;
}

interface Preview {
  html: string;
  missing: string[];
}

export function Script({ step }: { step: Drawn }) {
  const { model, catalog, t } = useDesk();
  const { script } = model.read(step);
  const field = useRef<HTMLTextAreaElement>(null);
  const [isShown, show] = useState(false);
  const answers = model.answers().map((answer) => ({ key: answer.name, label: answer.label, group: t("groupAnswers") }));
  const rest = catalog.placeholders.filter(({ name }) => !PLACEHOLDERS.includes(name)).map(({ name, label }) => ({ key: name, label, group: t("groupOther") }));
  const put = (name: string): void => {
    const area = field.current;
    if (!area || !name) return;
    area.setRangeText(`{{${name}}}`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  };
  return (
    <div class="kp-script">
      <TextArea label={t("scriptText")} hidden rows={8} class="kp-script__text" value={script} help={t("scriptHelp")} fieldRef={field} onWrite={(text) => model.write(step, { script: text })} />
      <div class="kp-placeholders" role="group" aria-label={t("placeholders")}>
        {PLACEHOLDERS.map((name) => (
          <button key={name} type="button" class="k-button k-button--plain k-button--small" title={`{{${name}}}`} onClick={() => put(name)}>{t(`placeholder_${name.replace(".", "_")}`)}</button>
        ))}
        <Offer label={t("placeholderOther")} button={t("putIn")} options={[...answers, ...rest]} onPick={put} />
      </div>
      <button type="button" class="k-button k-button--quiet k-button--small" aria-expanded={isShown} onClick={() => show(!isShown)}>{t(isShown ? "previewHide" : "previewShow")}</button>
      {isShown ? <PreviewOf script={script} /> : null}
    </div>
  );
}

function PreviewOf({ script }: { script: string }) {
  const { t } = useDesk();
  const [client, setClient] = useState<Client | null>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    let isLate = false;
    const timer = window.setTimeout(() => {
      ask<Preview>("preview/", { script, client_id: client?.id ?? null })
        .then((found) => {
          if (isLate) return;
          setPreview(found);
          setBroken(false);
        })
        .catch(() => !isLate && setBroken(true));
    }, REST_MS);
    return () => {
      isLate = true;
      window.clearTimeout(timer);
    };
  }, [script, client]);
  return (
    <div class="kp-preview">
      <ClientPicker client={client} onPick={setClient} />
      {isBroken ? <p class="k-field__error">{t("previewBroken")}</p> : null}
      {preview ? <div class="kp-preview__text k-prose" dangerouslySetInnerHTML={{ __html: preview.html }} /> : null}
      {preview?.missing.length ? <p class="k-field__help">{t("previewMissing", { names: preview.missing.join(", ") })}</p> : null}
    </div>
  );
}

function ClientPicker({ client, onPick }: { client: Client | null; onPick: (client: Client | null) => void }) {
  const { t } = useDesk();
  const id = useOwnId();
  const [found, setFound] = useState<Client[]>([]);
  const latest = useRef("");
  const search = (text: string): void => {
    latest.current = text;
    const known = found.find((one) => one.name === text);
    if (known) {
      onPick(known);
      return;
    }
    ask<Client[]>(`../clients/?q=${encodeURIComponent(text)}`)
      .then((clients) => latest.current === text && setFound(clients))
      .catch(() => setFound([]));
  };
  return (
    <div class="k-field">
      <label for={id}>{t("previewClient")}</label>
      <input id={id} class="k-input" list={`${id}-list`} placeholder={client?.name ?? t("previewClientHelp")} autocomplete="off" onFocus={() => found.length || search("")} onInput={(event) => search(event.currentTarget.value)} />
      <datalist id={`${id}-list`}>{found.map((one) => <option key={one.id} value={one.name} />)}</datalist>
    </div>
  );
}

async function ask<Answer>(address: string, body?: object): Promise<Answer> {
  const token = (JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") as Record<string, string>)["X-CSRFToken"] ?? "";
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  const response = await fetch(new URL(address, location.href.replace(/[?#].*$/, "")), body ? { method: "POST", headers, body: JSON.stringify(body) } : {});
  if (!response.ok) throw new Error(response.statusText);
  return (await response.json()) as Answer;
}
