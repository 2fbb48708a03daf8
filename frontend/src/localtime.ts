/* Moments are written in the department's time zone; pointing at one shows it in the browser's own. */
import { mount } from "./mount";

export function startLocalTime(): void {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "long",
    timeStyle: "long",
  });
  mount("time[datetime]", (element) => {
    const value = (element as HTMLTimeElement).dateTime;
    const moment = new Date(value);
    if (value.includes("T") && !Number.isNaN(moment.valueOf()) && !element.title) element.title = format.format(moment);
  });
}
