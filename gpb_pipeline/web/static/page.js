// While a sync runs, the page is fetched again and its content put in place; the keyboard's focus is kept.
"use strict";
const seconds = Number(document.body.dataset.refresh);

async function refresh() {
  const main = document.getElementById("main");
  const busy = main.contains(document.activeElement) && document.activeElement !== main;
  if (!document.hidden && !busy) {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !fresh.getElementById("main")) return;
    main.replaceChildren(...fresh.getElementById("main").childNodes);
    if (!fresh.body.dataset.refresh) {
      document.querySelector(".refreshed").textContent = "The sync has ended.";
      return;
    }
  }
  setTimeout(refresh, seconds * 1000);
}

if (seconds) setTimeout(refresh, seconds * 1000);
