// Messages on their way to the server: in order, one at a time, each under a key
// of its own. A message leaves the outbox when the server has it. When the
// connection breaks before the reply comes, nobody here can know whether the
// message arrived; it is sent again, and the server stores it once by its key.

const RETRY_DELAY = 2000;

export class Outbox {
  #queue;
  #storageKey;
  #publish;
  #rejected;
  #busy = false;

  /**
   * storageKey: where waiting messages survive a reload of the page.
   * publish(message): promise; rejects with {code, message, temporary}.
   * rejected(message, reason): called when the server will never take a message.
   */
  constructor({ storageKey, publish, rejected }) {
    this.#storageKey = storageKey;
    this.#publish = publish;
    this.#rejected = rejected;
    this.#queue = JSON.parse(sessionStorage.getItem(storageKey) ?? "[]");
  }

  get waiting() {
    return [...this.#queue];
  }

  add(text) {
    const message = { key: newKey(), text, sent_at: new Date().toISOString() };
    this.#queue.push(message);
    this.#save();
    return message;
  }

  remove(key) {
    this.#queue = this.#queue.filter((message) => message.key !== key);
    this.#save();
  }

  /** Send what waits for as long as `isLive()` says that it can arrive. */
  async flush(isLive) {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#queue.length > 0 && isLive()) {
        const message = this.#queue[0];
        try {
          await this.#publish({ key: message.key, text: message.text });
        } catch (error) {
          if (mayWorkLater(error)) {
            setTimeout(() => this.flush(isLive), RETRY_DELAY);
            return;
          }
          this.#rejected(message, error.message);
        }
        this.remove(message.key);
      }
    } finally {
      this.#busy = false;
    }
  }

  #save() {
    sessionStorage.setItem(this.#storageKey, JSON.stringify(this.#queue));
  }
}

// Codes below 100 are the client's own: a timeout, a connection that broke.
function mayWorkLater(error) {
  return !(error.code >= 100) || error.temporary;
}

// crypto.randomUUID() exists on https and localhost only.
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
