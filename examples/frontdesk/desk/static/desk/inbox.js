// The list of conversations, kept up to date for agents.

import { glance, tell } from "./dates.js";
import { fetchPatiently, live } from "./live.js";

const inbox = document.getElementById("inbox");
const subscription = live.newSubscription("inbox");

subscription.on("publication", ({ data }) => update(data));

// As on the conversation page: what the channel cannot recover, the server renders.
subscription.on("subscribed", ({ recovered }) => {
  if (!recovered) reload();
});

function find(conversation) {
  return inbox.querySelector(`[data-conversation="${conversation}"]`);
}

function update({ conversation, message, kind, text, sent_at }) {
  const item = find(conversation);
  if (!item) return reload();
  if (message <= Number(item.dataset.message)) return;
  item.dataset.message = message;
  item.querySelector(".inbox__preview").textContent = text;
  item.querySelector(".inbox__reply").hidden = kind !== "agent";
  const time = item.querySelector("time");
  time.dateTime = sent_at;
  tell(time, glance);
  markNew(item);
  putFirst(item);
}

async function reload() {
  const html = await fetchPatiently(location.href, "text");
  if (!html) return;
  const page = new DOMParser().parseFromString(html, "text/html");
  // From the oldest to the newest, so that each one ends up before the last.
  for (const item of [...page.querySelectorAll("[data-conversation]")].reverse()) {
    const known = find(item.dataset.conversation);
    if (known && Number(known.dataset.message) >= Number(item.dataset.message)) continue;
    known?.remove();
    markNew(item);
    putFirst(item);
  }
  inbox.querySelector(".inbox__none")?.remove();
  tellTimes();
}

function markNew(item) {
  const open = item.querySelector("[aria-current]") !== null;
  const answered = !item.querySelector(".inbox__reply").hidden;
  item.querySelector(".inbox__new").hidden = open || answered;
}

// Moving a link takes the focus from it.
function putFirst(item) {
  if (inbox.firstElementChild === item) return;
  const focused = item.contains(document.activeElement) ? document.activeElement : null;
  inbox.prepend(item);
  focused?.focus({ preventScroll: true });
}

function tellTimes() {
  for (const time of inbox.querySelectorAll("time[datetime]")) tell(time, glance);
}

tellTimes();
subscription.subscribe();
live.connect();
