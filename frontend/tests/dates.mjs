// How typed days are read and written, as JSON for tests/web/test_typed_days.py.
import { build } from "esbuild";

const entry = { entryPoints: ["src/dates.ts"], bundle: true, format: "esm", write: false, logLevel: "error" };
const { outputFiles } = await build(entry);
const { readDay, writeDay } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);

const today = new Date(2026, 10, 23);
const days = ["31.12.2026", "5.3.27", "31.12", "31/12/2026", "31122026", "2026-12-31", "", "31.02.2026", "tomorrow", "1.1.1800"];
const moments = ["31.12.2026 9:05", "31.12.2026", "2026-12-31T09:05", "31.12.2026, 09.05", "31.12.2026 25:00"];
process.stdout.write(
  JSON.stringify({
    days: days.map((text) => readDay(text, "date", today)),
    moments: moments.map((text) => readDay(text, "datetime-local", today)),
    written: [writeDay("2026-12-31", "dmy"), writeDay("2026-12-31T09:05", "dmy"), writeDay("2026-12-31T09:05", "ymd"), writeDay("soon", "dmy"), writeDay("2026-12-31", "dmy/")],
  }),
);
