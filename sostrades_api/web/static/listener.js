// Listens to the events of one execution at a time. Where they do not arrive, the page asks as it did without them.
window.Sos = window.Sos || {};
window.Sos.makeListener = function (handlers) {
  "use strict";
  const PAUSE = 30000, MOST_FAILURES = 3;
  let source = null, address = null, ended = null, heard = false, failures = 0, notBefore = 0;

  function hangUp() {
    if (source) source.close();
    source = null;
    heard = false;
  }

  // A refusal (503, 429) closes the stream for good; a browser comes back by itself after anything else.
  function fail() {
    failures += 1;
    if (source.readyState !== EventSource.CLOSED && failures < MOST_FAILURES) return;
    hangUp();
    failures = 0;
    notBefore = Date.now() + PAUSE;
  }

  function open() {
    const opened = new EventSource(address);
    source = opened;
    opened.addEventListener("error", () => { if (source === opened) fail(); });
    for (const [name, react] of Object.entries(handlers)) {
      opened.addEventListener(name, (event) => {
        if (source !== opened) return;
        heard = true;
        failures = 0;
        if (name === "end") { ended = address; hangUp(); }
        react(JSON.parse(event.data), event.lastEventId);
      });
    }
  }

  return {
    // The stream at this address from now on; null: none.
    listen(wanted) {
      if (wanted !== address) {
        hangUp();
        [address, failures, notBefore] = [wanted, 0, 0];
      }
      if (address && !source && address !== ended && Date.now() >= notBefore && window.EventSource) open();
    },
    get arrives() { return heard && source.readyState === EventSource.OPEN; },
  };
};
