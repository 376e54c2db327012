// Dates as people say them, in the time zone of the reader.

const locale = document.documentElement.lang;

const clockFormat = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const dayFormat = new Intl.DateTimeFormat(locale, {
  weekday: "long",
  day: "numeric",
  month: "long",
});
const shortFormat = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const fullFormat = new Intl.DateTimeFormat(locale, {
  dateStyle: "full",
  timeStyle: "short",
});

export function clock(date) {
  return clockFormat.format(date);
}

export function day(date) {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return dayFormat.format(date);
}

/** The time of today, the date of any other day. */
export function glance(date) {
  const today = new Date().toDateString();
  return date.toDateString() === today ? clock(date) : shortFormat.format(date);
}

/** Fill a <time> element from its datetime attribute. */
export function tell(time, format) {
  const date = new Date(time.dateTime);
  time.textContent = format(date);
  time.title = fullFormat.format(date);
}
