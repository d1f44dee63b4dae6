// What pages do by themselves. All of it is a convenience: without it they are reloaded and chosen by hand.
"use strict";
const seconds = Number(document.body.dataset.refresh);
const live = document.querySelector(".live");
const OVER = "This page is no longer renewed: open it again from your course in Canvas.";
let heard = "";

// While something runs, the page is fetched again and its content put in place, unless someone is choosing in it.
// A form in which something was chosen stays as it is, whatever comes around it.
async function refresh() {
  const fresh = document.hidden ? null : await fetched();
  if (fresh === OVER) return say(OVER);
  if (fresh) {
    const over = !fresh.body.dataset.refresh;
    const choosing = document.activeElement.matches("input, select, summary");
    tell(fresh, over ? document.body.dataset.ended : "");
    if (!choosing) put(fresh.getElementById("main"));
    if (over && !choosing) return;
  }
  setTimeout(refresh, seconds * 1000);
}

async function fetched() {
  const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
  if (answer && [401, 404].includes(answer.status)) return OVER; // it will not come back by waiting
  if (!answer || !answer.ok) return null; // out of reach for now: what is shown stays
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// The keyboard's focus stays on what it was on, or on what stands in its place; opened groups stay open.
function put(fresh) {
  const main = document.getElementById("main");
  const had = document.activeElement;
  const within = main.contains(had);
  const open = [...main.querySelectorAll("details[open]")].map((each) => each.id);
  const forms = [...main.querySelectorAll("form")].filter(touched);
  if (!forms.every((form) => counterpart(form, fresh))) return; // what was chosen is on no newer page
  for (const form of forms) keep(form, counterpart(form, fresh));
  main.replaceChildren(...fresh.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  prepare();
  if (!within || had === main) return;
  if (had.isConnected) return had.focus({ preventScroll: true });
  const marks = (each) => ["href", "name", "value", "aria-label"].map((name) => each.getAttribute(name)) + each.textContent;
  const alike = [...main.querySelectorAll(had.tagName)].find((each) => marks(each) === marks(had));
  const place = (had.id && document.getElementById(had.id)) || alike || main;
  place.focus({ preventScroll: true });
}

// Whether something was chosen in a form since it was drawn, also where the browser has filled it in again.
function touched(form) {
  const differs = (each) =>
    each.matches("select")
      ? [...each.options].some((option) => option.selected !== option.defaultSelected)
      : each.matches("[type=checkbox], [type=radio]") && each.checked !== each.defaultChecked;
  return "touched" in form.dataset || [...form.elements].some((each) => each.name && differs(each));
}

// A form takes the place of the same one on a newer page; where that has a newer list, it says so.
function keep(form, same) {
  for (const each of form.querySelectorAll("[data-fresh]")) each.replaceWith(same.querySelector("[data-fresh]") ?? "");
  const newer = form.elements.seen && form.elements.seen.value !== same.elements.seen?.value;
  same.replaceWith(form);
  form.dataset.touched = "";
  if (newer && !form.querySelector("[data-newer]")) {
    const note = document.createElement("p");
    note.className = "note";
    note.dataset.newer = "";
    note.textContent = "The list was read again meanwhile. What you chose is kept, and what is new is not on this list. ";
    const link = document.createElement("a");
    link.href = location.pathname;
    link.textContent = "Show the newer list";
    note.append(link);
    form.prepend(note);
  }
}

function counterpart(form, fresh) {
  return [...fresh.querySelectorAll("form")].find((each) => each.getAttribute("action") === form.getAttribute("action"));
}

document.addEventListener("change", (event) => event.target.form?.setAttribute("data-touched", ""));

// Enter in a box is no click on a button.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-choose] [type=checkbox]")) event.preventDefault();
});

// What becomes of a request or a sync is told to who does not see it: on opening, and at each change.
function tell(page, ended) {
  const parts = [...page.querySelectorAll("[data-told]")].map((each) => each.textContent.replace(/\s+/g, " ").trim());
  const told = [...parts, ended].filter(Boolean).join(". ");
  if (told === heard) return;
  heard = told;
  say(told, Boolean(ended));
}

function say(told, shown = true) {
  live.textContent = told;
  live.toggleAttribute("data-shown", shown);
}

// One box for all assignments that are shown and can be chosen, and their count; a view counts what it holds fast.
function choosing(form) {
  const all = form.querySelector("[data-all]");
  const every = [...form.querySelectorAll("tbody [type=checkbox]:is(:enabled, [data-view])")];
  const boxes = every.filter((box) => !box.closest("[hidden]"));
  const beside = form.dataset.choose === "view" ? every.filter((box) => box.closest("[hidden]")) : []; // sent too
  const count = form.querySelector("[data-count]");
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (all) {
      all.checked = chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    const more = beside.length ? `, and ${beside.filter((box) => box.checked).length} of ${beside.length} not in this view` : "";
    if (count) count.textContent = `${chosen} of ${boxes.length} selected${more}`;
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
  for (const form of document.querySelectorAll("[data-choose]:not([data-touched])")) choosing(form);
  for (const group of document.querySelectorAll("form:not([data-touched]) [data-group]")) labelling(group);
}

prepare();
setTimeout(() => tell(document, ""), 500); // a text that is there from the beginning is not read out
if (seconds) setTimeout(refresh, seconds * 1000);
