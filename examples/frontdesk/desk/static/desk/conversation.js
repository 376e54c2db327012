// A conversation, live. The page arrives with all its messages from the server;
// from then on they come over the channel of the conversation.

import { fetchPatiently, live } from "./live.js";
import { MessageLog } from "./message-log.js";
import { Outbox } from "./outbox.js";

const byId = (id) => document.getElementById(id);
const { channel, messagesUrl, viewer } = JSON.parse(byId("live").textContent);

const subscription = live.newSubscription(channel);
const isLive = () => subscription.state === "subscribed";

const log = new MessageLog({
  log: byId("log"),
  list: byId("messages"),
  template: byId("message-template"),
  newer: byId("newer"),
  viewer,
});
const outbox = new Outbox({
  storageKey: `outbox:${viewer.id}:${channel}`,
  publish: (message) => subscription.publish(message),
  rejected: (message, reason) => log.reject(message.key, reason),
});

// What comes in

function receive(message) {
  outbox.remove(message.key);
  log.show(message);
}

let loading = Promise.resolve();
let wasLive = false;
let ended = false;

subscription.on("publication", ({ data }) => receive(data));

subscription.on("subscribed", ({ recovered }) => {
  // Recovered: the channel itself delivers everything that was missed. Otherwise,
  // and the first time (something may have been said between the rendering of the
  // page and now), ask the database for what comes after the messages shown.
  if (!recovered) {
    const after = log.settledId;
    loading = loading.then(() => loadAfter(after));
  }
  wasLive = true;
  ended = false;
  show("live", "Live");
  outbox.flush(isLive);
});

subscription.on("subscribing", () => {
  if (!wasLive || ended) return;
  show("reconnecting", "Reconnecting…", "No connection. Messages will follow.");
});

// Neither comes back by itself: the viewer has signed out, or may not see the
// conversation any more.
subscription.on("unsubscribed", end);
live.on("disconnected", end);

async function loadAfter(id) {
  for (let more = true; more; ) {
    const page = await fetchPatiently(`${messagesUrl}?after=${id}`, "json");
    if (!page) return;
    page.messages.forEach(receive);
    id = page.messages.at(-1)?.id ?? id;
    more = page.more;
  }
}

// What goes out

const composer = byId("composer");
const text = byId("text");

// Without this script the browser checks the form and sends it itself.
composer.noValidate = true;

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (text.value.trim() === "") return;
  log.showWaiting(outbox.add(text.value.trim()), isLive());
  text.value = "";
  text.focus();
  outbox.flush(isLive);
});

text.addEventListener("keydown", (event) => {
  // Enter may also end a word in an input method, and on a touch keyboard it is
  // the only way to a new line.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  composer.requestSubmit();
});

// What the connection is like

function show(state, words, explanation = "") {
  const connection = byId("connection");
  connection.dataset.state = state;
  connection.firstElementChild.textContent = words;
  byId("banner").textContent = explanation;
  byId("banner").hidden = explanation === "";
  log.setLive(state === "live");
}

function end() {
  ended = true;
  show("ended", "Disconnected", "The connection has ended. Reload the page to continue.");
}

for (const message of outbox.waiting) log.showWaiting(message, false);
subscription.subscribe();
live.connect();
