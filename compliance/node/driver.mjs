// Drives the official client, in Node and in a page alike: run(action, arguments)
// resolves to {result} or {error: code}, and every event goes to report().

function publication(context) {
  // Padding only fills buffers; the test has no use for it.
  const { padding, ...data } = Object(context.data);
  return {
    data: padding === undefined ? context.data : data,
    offset: context.offset ?? 0,
    user: context.info?.user ?? null,
  };
}

globalThis.drive = function drive(Centrifuge, url, options, report) {
  const centrifuge = new Centrifuge(url, options);
  for (const event of ["connecting", "disconnected"]) {
    centrifuge.on(event, ({ code, reason }) => report({ event, code, reason }));
  }
  centrifuge.on("connected", ({ client }) => report({ event: "connected", client }));

  function subscribe(channel) {
    const subscription = centrifuge.newSubscription(channel, {
      minResubscribeDelay: 10,
      maxResubscribeDelay: 50,
    });
    for (const event of ["subscribing", "unsubscribed"]) {
      subscription.on(event, ({ code, reason }) => report({ event, code, reason }));
    }
    subscription.on("subscribed", ({ wasRecovering, recovered }) =>
      report({ event: "subscribed", was_recovering: wasRecovering, recovered }),
    );
    subscription.on("publication", (context) =>
      report({ event: "publication", ...publication(context) }),
    );
    subscription.subscribe();
  }

  const actions = {
    connect: () => centrifuge.connect(),
    subscribe,
    unsubscribe: (channel) => centrifuge.getSubscription(channel).unsubscribe(),
    publish: async (channel, data) => {
      await centrifuge.publish(channel, data);
    },
    history: async (channel, limit) => {
      const { offset, epoch, publications } = await centrifuge.history(channel, {
        limit,
      });
      return { offset, epoch, publications: publications.map(publication) };
    },
  };

  return async function run(action, args) {
    try {
      return { result: await actions[action](...args) };
    } catch (error) {
      if (typeof error.code !== "number") throw error;
      return { error: error.code };
    }
  };
};
