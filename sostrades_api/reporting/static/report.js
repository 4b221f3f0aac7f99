// The report as a whole: its charts and its table of contents.
(function (Sos) {
  "use strict";
  const links = new Map();

  function contents() {
    const nav = document.querySelector(".contents");
    if (!nav) return;
    const wide = window.matchMedia("(min-width: 64rem)");
    const fold = () => { nav.querySelector("details").open = wide.matches; };
    fold();
    wide.addEventListener("change", fold);
    nav.querySelectorAll("a[href^='#']").forEach((link) => links.set(link.hash.slice(1), link));
    const here = new IntersectionObserver((entries) => {
      const entry = entries.find((each) => each.isIntersecting);
      if (!entry) return;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }, { rootMargin: "-10% 0px -75% 0px" });
    links.forEach((_, id) => { const target = document.getElementById(id); if (target) here.observe(target); });
  }

  document.addEventListener("DOMContentLoaded", () => { Sos.bootCharts(); contents(); });
})(window.Sos);
