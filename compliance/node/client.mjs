// One client for one test: commands come in as lines of JSON on stdin, outcomes and
// events go out as lines on stdout. The end of stdin ends the process.

import { createInterface } from "node:readline";
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";
import "./driver.mjs";

const [url, options] = process.argv.slice(2);
const report = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

let latest;
class TrackedWebSocket extends WebSocket {
  constructor(...args) {
    super(...args);
    latest = this;
  }
}

let stopped;
const reading = {
  stopReading: () => {
    stopped = latest;
    stopped.pause();
  },
  goOnReading: () => stopped.resume(),
};

const run = drive(
  Centrifuge,
  url,
  { ...JSON.parse(options), websocket: TrackedWebSocket },
  report,
);

for await (const line of createInterface({ input: process.stdin })) {
  const { number, action, arguments: args } = JSON.parse(line);
  if (action in reading) {
    reading[action]();
    report({ number });
  } else {
    // Not awaited: a reply may need what a later command brings about.
    run(action, args).then((outcome) => report({ number, ...outcome }));
  }
}
process.exit(0);
