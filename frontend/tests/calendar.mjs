// Where the keys of the calendar lead, which weeks a month shows and what is said of a wrong field, as JSON for
// tests/web/test_typed_days.py.
import { build } from "esbuild";

async function load(file) {
  const { outputFiles } = await build({ entryPoints: [file], bundle: true, format: "esm", write: false, logLevel: "error" });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

const { movedBy, plusMonths, weeksOf } = await load("src/calendar.ts");
const { saidOf } = await load("src/validation.ts");

const words = { missing: "Fill in", choose: "Choose", email: "Address", most: "At most {n}", long: "{n} characters", unfit: "Not so" };
const wrong = (validity, more = {}) => saidOf({ type: "text", dataset: {}, validationMessage: "ours", validity, ...more }, words);
const keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "Enter"];
process.stdout.write(
  JSON.stringify({
    moved: keys.map((key) => movedBy("2026-12-31", key)),
    years: [movedBy("2028-02-29", "PageUp", true), movedBy("2028-02-29", "PageDown", true)],
    clamped: [plusMonths("2026-01-31", 1), plusMonths("2026-12-31", -13)],
    weeks: weeksOf("2026-11").map((week) => [week[0], week[6]]),
    lengths: ["2026-02", "2027-02", "2026-08"].map((month) => weeksOf(month).length),
    said: [
      wrong({ valueMissing: true }),
      wrong({ valueMissing: true }, { type: "select-one" }),
      wrong({ valueMissing: true }, { dataset: { missing: "Own" } }),
      wrong({ typeMismatch: true }, { type: "email" }),
      wrong({ rangeOverflow: true }, { max: "9" }),
      wrong({ tooLong: true }, { maxLength: 30 }),
      wrong({ patternMismatch: true }, { dataset: { unfit: "Own pattern" } }),
      wrong({ patternMismatch: true }),
      wrong({ customError: true }),
    ],
  }),
);
