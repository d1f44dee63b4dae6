// While a sync runs, the page is fetched again and its content put in place; the keyboard's focus is kept.
"use strict";
const seconds = Number(document.body.dataset.refresh);

async function refresh() {
  const main = document.getElementById("main");
  const busy = main.contains(document.activeElement) && document.activeElement !== main;
  if (document.hidden || busy || (await stillRuns(main))) setTimeout(refresh, seconds * 1000);
  else document.querySelector(".refreshed").textContent = "The sync has ended.";
}

async function stillRuns(main) {
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  if (!answer || !answer.ok) return true; // out of reach for now: what is shown stays
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  main.replaceChildren(...fresh.getElementById("main").childNodes);
  return Boolean(fresh.body.dataset.refresh);
}

if (seconds) setTimeout(refresh, seconds * 1000);
