// The list of messages: each one once, in the order in which they were stored,
// those on their way last.

import { clock, day, tell } from "./dates.js";

const UNSETTLED = 10;

export class MessageLog {
  #log;
  #list;
  #template;
  #newer;
  #viewer;
  #byId = new Map();
  #byKey = new Map();

  constructor({ log, list, template, newer, viewer }) {
    this.#log = log;
    this.#list = list;
    this.#template = template;
    this.#newer = newer;
    this.#viewer = viewer;
    for (const element of this.#elements()) {
      this.#byId.set(Number(element.dataset.id), element);
      this.#byKey.set(element.dataset.key, element);
      tell(element.querySelector("time"), clock);
    }
    this.#arrange();
    newer.addEventListener("click", () => this.#scrollToEnd());
    log.addEventListener("scroll", () => {
      if (this.#atEnd()) newer.hidden = true;
    });
  }

  /**
   * The id up to which no message can be missing, 0 when that is unknown. It stays
   * some messages behind the last one: two that were stored at the same moment may
   * have been announced the other way round, and the second lost.
   */
  get settledId() {
    const ids = [...this.#byId.keys()].sort((one, other) => one - other);
    return ids.at(-UNSETTLED - 1) ?? 0;
  }

  /** Show a stored message. Seen a second time, it changes nothing. */
  show(message) {
    if (this.#byId.has(message.id)) return;
    const own = message.author.id === this.#viewer.id;
    const wasAtEnd = this.#atEnd();
    const letGo = wasAtEnd ? null : this.#holdStill();
    const element = this.#byKey.get(message.key) ?? this.#create(message);
    element.dataset.id = message.id;
    element.querySelector(".message__text").textContent = message.text;
    setTime(element, message.sent_at);
    setState(element, null);
    this.#byId.set(message.id, element);
    this.#place(element, message.id);
    this.#arrange();
    letGo?.();
    if (!own && !wasAtEnd) this.#newer.hidden = false;
  }

  /** Show a message of the viewer that the server does not have yet. */
  showWaiting(message, live) {
    if (this.#byKey.has(message.key)) return;
    const element = this.#create({
      ...message,
      author: this.#viewer,
      kind: this.#viewer.kind,
    });
    setTime(element, message.sent_at);
    setState(element, "waiting", waitingText(live));
    this.#list.append(element);
    this.#arrange();
    this.#scrollToEnd();
  }

  /** Say of every waiting message whether it is being sent or must wait. */
  setLive(live) {
    for (const element of this.#list.querySelectorAll("[data-state=waiting]")) {
      setState(element, "waiting", waitingText(live));
    }
  }

  reject(key, reason) {
    setState(this.#byKey.get(key), "rejected", `Not sent: ${reason}`);
  }

  #elements() {
    return [...this.#list.querySelectorAll(".message")];
  }

  #create({ key, kind, author, text }) {
    const element = this.#template.content.firstElementChild.cloneNode(true);
    element.dataset.key = key;
    element.dataset.kind = kind;
    element.dataset.author = author.id ?? "";
    element.toggleAttribute("data-own", author.id === this.#viewer.id);
    const avatar = element.querySelector(".avatar");
    avatar.dataset.tone = author.tone;
    avatar.textContent = author.initials;
    element.querySelector(".message__author").textContent = author.name;
    element.querySelector(".message__text").textContent = text;
    this.#byKey.set(key, element);
    return element;
  }

  // Elements that are in place already stay untouched: a screen reader would read
  // a moved one again.
  #place(element, id) {
    const later = this.#elements().find(
      (other) => other !== element && !(Number(other.dataset.id) < id),
    );
    const next = later ?? null;
    if (element.isConnected && nextMessage(element) === next) return;
    this.#list.insertBefore(element, next);
  }

  // One heading for each day; the name only on the first of several messages that
  // one person wrote in a row.
  #arrange() {
    let previous = null;
    for (const element of this.#elements()) {
      const label = day(new Date(element.querySelector("time").dateTime));
      const heading = element.previousElementSibling?.matches(".day")
        ? element.previousElementSibling
        : null;
      const sameDay = previous?.label === label;
      if (sameDay) heading?.remove();
      else if (heading) setText(heading.firstElementChild, label);
      else this.#list.insertBefore(dayHeading(label), element);
      const follows = sameDay && previous.author === element.dataset.author;
      element.toggleAttribute("data-follows", follows);
      previous = { label, author: element.dataset.author };
    }
  }

  // The log is laid out from its end, so its scroll position is 0 there and
  // negative above.
  #atEnd() {
    return this.#log.scrollTop > -80;
  }

  // Whoever reads older messages goes on reading them: what stands at the top of the
  // log before a change stands there after it. Browsers hold it only sometimes.
  #holdStill() {
    const { top } = this.#log.getBoundingClientRect();
    const held = this.#elements().find(
      (element) => element.getBoundingClientRect().bottom > top,
    );
    const before = held?.getBoundingClientRect().top;
    return () => {
      if (held) this.#log.scrollTop += held.getBoundingClientRect().top - before;
    };
  }

  #scrollToEnd() {
    this.#log.scrollTop = 0;
    this.#newer.hidden = true;
  }
}

function waitingText(live) {
  return live ? "Sending…" : "Waiting for the connection";
}

function setState(element, state, text = "") {
  if (state === null) delete element.dataset.state;
  else element.dataset.state = state;
  element.querySelector(".message__state").textContent = text;
}

function setTime(element, moment) {
  const time = element.querySelector("time");
  time.dateTime = moment;
  tell(time, clock);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function dayHeading(label) {
  const heading = document.createElement("li");
  heading.className = "day";
  heading.append(document.createElement("span"));
  heading.firstElementChild.textContent = label;
  return heading;
}

function nextMessage(element) {
  let next = element.nextElementSibling;
  while (next && !next.matches(".message")) next = next.nextElementSibling;
  return next;
}
