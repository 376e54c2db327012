// Socket.IO as its documentation sets it up: one room, WebSocket transport alone,
// permessage-deflate left off as it is by default. "--recovery" turns on its
// connection state recovery, which the storm uses and the fan-out does not pay for.
"use strict";

const { createServer } = require("node:http");
const { createInterface } = require("node:readline");
const { Server } = require("socket.io");

const recovery = process.argv.includes("--recovery");
const http = createServer();
const io = new Server(http, {
  serveClient: false,
  transports: ["websocket"],
  ...(recovery ? { connectionStateRecovery: {} } : {}),
});
let number = 0;

io.on("connection", (socket) => {
  if (socket.recovered) {
    socket.emit("joined");
  }
  socket.on("join", () => {
    socket.join("bench");
    socket.emit("joined");
  });
});

function publish(count) {
  for (let i = 0; i < count; i += 1) {
    number += 1;
    io.to("bench").emit("message", String(number).padStart(8, "0").padEnd(128, "x"));
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [command, , count] = line.split(" ");
    if (command === "publish") {
      publish(Number(count));
    } else if (command === "settle") {
      global.gc();
      process.stdout.write("settled\n");
    }
  })
  .on("close", () => process.exit(0));

http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  process.stdout.write(`ready ${http.address().port}\n`);
});
