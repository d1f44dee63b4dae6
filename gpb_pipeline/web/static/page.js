// What pages do by themselves. All of it is a convenience: without it they are reloaded and chosen by hand.
"use strict";
const seconds = Number(document.body.dataset.refresh);

// While something runs, the page is fetched again and its content put in place; the keyboard's focus is kept.
async function refresh() {
  const main = document.getElementById("main");
  const busy = document.activeElement.matches("input, select, summary");
  if (document.hidden || busy || (await stillRuns(main))) setTimeout(refresh, seconds * 1000);
  else document.querySelector(".refreshed").textContent = document.body.dataset.ended;
}

async function stillRuns(main) {
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  if (!answer || !answer.ok) return true; // out of reach for now: what is shown stays
  const had = document.activeElement;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  main.replaceChildren(...fresh.getElementById("main").childNodes);
  prepare();
  if (!had.isConnected) {
    const alike = (each) => each.textContent === had.textContent && each.getAttribute("href") === had.getAttribute("href");
    [...main.querySelectorAll(had.tagName)].find(alike)?.focus({ preventScroll: true });
  }
  return Boolean(fresh.body.dataset.refresh);
}

// One box for all assignments that are shown and can be chosen, and their count.
function choosing(form) {
  const all = form.querySelector("[data-all]");
  const boxes = [...form.querySelectorAll("tbody input[name=assignment]:not(:disabled)")].filter((box) => !box.closest("[hidden]"));
  const count = form.querySelector("[data-count]");
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (all) {
      all.checked = chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    if (count) count.textContent = `${chosen} of ${boxes.length} selected`;
  };
  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      tell();
    });
  }
  for (const box of boxes) box.addEventListener("change", tell);
  tell();
}

// A group whose category was chosen anew, and is not saved yet, says so.
function labelling(group) {
  group.addEventListener("change", () => {
    const label = group.querySelector("[data-label]");
    label.textContent = "Changed";
    label.className = "pill pill-label-changed";
  });
}

// Inside Canvas, a window's Close closes Canvas's own around it; where that has none, the link leads on.
function closing(link) {
  link.addEventListener("click", () => {
    if (window.parent === window) return;
    for (const origin of link.dataset.close.split(" ")) window.parent.postMessage({ subject: "lti.close" }, origin);
  });
}

function prepare() {
  for (const link of document.querySelectorAll("[data-close]")) closing(link);
  for (const form of document.querySelectorAll("[data-choose]")) choosing(form);
  for (const group of document.querySelectorAll("[data-group]")) labelling(group);
}

prepare();
if (seconds) setTimeout(refresh, seconds * 1000);
