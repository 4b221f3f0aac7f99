// The queue as it is now: asked for again every few seconds while somebody looks at it.
(function () {
  "use strict";
  const place = document.querySelector("[data-queue]");
  if (!place) return;
  const PAUSE = 3000;

  async function look() {
    // What somebody is about to press must not move away under the finger.
    if (!document.hidden && !place.contains(document.activeElement)) {
      try {
        const response = await fetch(place.dataset.queue, { credentials: "same-origin" });
        if (response.status === 401) { location.reload(); return; }
        if (response.ok) place.innerHTML = await response.text();
      } catch (error) { /* the server is away; it is asked again */ }
    }
    setTimeout(look, PAUSE);
  }
  setTimeout(look, PAUSE);
})();
