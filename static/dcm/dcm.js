// What a page does by itself: let amounts tick, ask for news, and stop both when told to.
(() => {
  "use strict";

  const EVERY_MS = 12_000;
  const SETTLE_MS = 2_000;
  const ANNOUNCE_MS = 30_000;
  const MINUS = "\u2212";
  const pad = (n) => String(n).padStart(2, "0");
  const $ = (id) => document.getElementById(id);

  // -- Texts: the same rules as dashboards/format.py ------------------------------------------
  function hoursMinutes(seconds) {
    const minutes = Math.floor(Math.abs(seconds) / 60);
    return `${seconds < 0 ? MINUS : ""}${Math.floor(minutes / 60)}:${pad(minutes % 60)}`;
  }
  function countdown(seconds) {
    if (seconds >= 0 && seconds < 600) {
      return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
    }
    return hoursMinutes(seconds);
  }
  function span(seconds) {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 172800) return `${hoursMinutes(seconds)} h`;
    return `${Math.floor(seconds / 86400)} days`;
  }

  // -- The server's clock: its own epoch plus what has passed here since, never this PC's clock --
  let epochMs = Number(document.body.dataset.now);
  let readAt = performance.now();
  const serverNow = () => epochMs + (performance.now() - readAt);

  let paused = false;
  let stale = document.body.dataset.level === "old";
  let settled = 0; // when the pointer last moved over what is refreshed
  let due = performance.now() + EVERY_MS;
  let counts = tileCounts();
  let announcedAt = -ANNOUNCE_MS;

  // -- Ticking ---------------------------------------------------------------------------------
  function tick() {
    tickAge();
    if (paused || stale) return;
    for (const part of document.querySelectorAll("[data-rate]")) {
      const since = Number(part.closest("[data-at]").dataset.at);
      const rate = Number(part.dataset.rate);
      const passed = Math.floor((serverNow() - since) / 1000);
      const was = Number(part.dataset.seconds);
      const seconds = was + rate * passed;
      const text = part.dataset.form === "hm" ? hoursMinutes(seconds) : countdown(seconds);
      if (part.textContent !== text) part.textContent = text;
      if (was >= 0 && seconds < 0 && part.dataset.crossed !== "1") {
        part.dataset.crossed = "1";
        due = performance.now(); // the row changes its state now: ask for it
      }
    }
  }
  function tickAge() {
    const age = $("age");
    if (!age || !age.dataset.seconds) return;
    const passed = Math.floor((performance.now() - readAt) / 1000);
    age.textContent = `${span(Number(age.dataset.seconds) + passed)} ago`;
  }

  // -- News ------------------------------------------------------------------------------------
  function poll() {
    const now = performance.now();
    if (paused || document.hidden || now < due) return;
    if (now - settled < SETTLE_MS) return; // nothing moves under the pointer
    due = now + EVERY_MS;
    const live = $("live");
    if (live) live.dispatchEvent(new CustomEvent("news"));
  }
  function takeFreshness(xhr) {
    const told = xhr.getResponseHeader("DCM-Freshness");
    if (!told) return;
    const fresh = JSON.parse(told);
    epochMs = fresh.now_ms;
    readAt = performance.now();
    stale = fresh.level === "old";
    $("fresh").dataset.level = fresh.level;
    if (!paused) $("fresh-word").textContent = fresh.word;
    $("as-of").textContent = fresh.as_of;
    $("as-of").setAttribute("datetime", fresh.iso);
    $("age").dataset.seconds = fresh.age_s === null ? "" : fresh.age_s;
    $("since").hidden = fresh.as_of === "";
    for (const level of ["ageing", "old"]) {
      const bar = $(`bar-${level}`);
      bar.hidden = fresh.level !== level || fresh.message === "";
      if (!bar.hidden) bar.textContent = fresh.message;
    }
    tickAge();
  }
  function tileCounts() {
    return [...document.querySelectorAll("[data-count]")].map((tile) => tile.dataset.count);
  }
  function announce() {
    const seen = tileCounts();
    if (String(seen) === String(counts)) return;
    if (performance.now() - announcedAt < ANNOUNCE_MS) return;
    announcedAt = performance.now();
    counts = seen;
    $("announcer").textContent = seen.join(", ");
  }

  // -- What the reader has opened, ticked or typed outlives the news --------------------------------
  let kept = [];
  let focused = null; // htmx cannot focus what lies in a menu that is still to be opened
  const opened = "#live details[id], #live details[open] :is(input, select)[id], #bulk :is(input, select)[id], #live input[form]";
  function keep() {
    focused = document.activeElement;
    kept = [...document.querySelectorAll(opened)].map(({ id, open, checked, value }) => ({ id, open, checked, value }));
  }
  function bringBack() {
    for (const { id, open, checked, value } of kept) {
      const now = $(id);
      if (!now) continue;
      if (now.matches("details")) now.open = open;
      else if (now.type === "checkbox") now.checked = checked;
      else now.value = value;
    }
    kept = [];
    const again = focused && focused.id && $(focused.id);
    if (!again || again === document.activeElement || !again.closest("#live")) return;
    again.focus({ preventScroll: true });
    if (again.matches("input:not([type])")) again.setSelectionRange(focused.selectionStart, focused.selectionEnd);
  }

  document.addEventListener("htmx:beforeSwap", keep);
  document.addEventListener("htmx:configRequest", (event) => {
    const mark = event.detail.elt.querySelector("[data-mark]");
    if (mark) event.detail.headers["If-None-Match"] = `"${mark.dataset.mark}"`;
  });
  document.addEventListener("htmx:afterRequest", (event) => takeFreshness(event.detail.xhr));
  document.addEventListener("htmx:afterSwap", () => { bringBack(); tick(); announce(); });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) due = performance.now();
  });
  document.addEventListener("pointermove", (event) => {
    if (event.target.closest("#live table, #live .chart")) settled = performance.now();
  });

  // -- What the reader may press -----------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const pause = event.target.closest("#pause");
    const copy = event.target.closest("[data-copy]");
    if (pause) {
      paused = !paused;
      pause.textContent = paused ? "Resume updates" : "Pause updates";
      document.body.classList.toggle("paused-by-reader", paused);
      $("fresh-word").textContent = paused ? "Updates paused" : "Live";
      if (!paused) due = performance.now();
    }
    if (copy) {
      navigator.clipboard.writeText(location.href).then(() => {
        $("announcer").textContent = "Link copied";
        copy.textContent = "Copied";
        setTimeout(() => { copy.textContent = "Copy link"; }, 2000);
      });
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-submits]")) event.target.form.requestSubmit();
  });

  const suggest = $("own-zone");
  if (suggest) {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const known = [...$("id_zone").options].some((option) => option.value === own);
    suggest.hidden = !known;
    suggest.textContent = `Use this browser's zone, ${own}`;
    suggest.addEventListener("click", () => { $("id_zone").value = own; });
  }

  tick();
  setInterval(() => { tick(); poll(); }, 1000);
})();
