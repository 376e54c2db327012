// The one connection of the page: every module that imports this shares it.

import { Centrifuge } from "./vendor/centrifuge.js";

const scheme = location.protocol === "https:" ? "wss:" : "ws:";

export const live = new Centrifuge(`${scheme}//${location.host}/connection/websocket`, {
  minReconnectDelay: 300,
  maxReconnectDelay: 5000,
});

const RETRY_DELAY = 2000;

/**
 * What this site answers at `url`, read as "json" or "text"; asked for again for as
 * long as no answer comes. Undefined when the viewer has been signed out or may not
 * see it any more.
 */
export async function fetchPatiently(url, kind) {
  for (;;) {
    try {
      const response = await fetch(url, { cache: "no-store" });
      if (response.redirected || response.status === 404) return undefined;
      if (response.ok) return await response[kind]();
    } catch {
      // The network has gone, perhaps in the middle of the answer.
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
  }
}
