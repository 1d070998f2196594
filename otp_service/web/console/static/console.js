// Niceties only: every page works without.
"use strict";

const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

function goTo(letter) {
  const entries = [...document.querySelectorAll("nav.side a")];
  const found = entries.find((entry) => entry.textContent.trim().toLowerCase().startsWith(letter));
  if (found) location.assign(found.href);
}

let gone = 0; // when "g" was pressed
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const open of document.querySelectorAll("details.who[open], details.sure[open]")) open.open = false;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (Date.now() - gone < 1500) {
    gone = 0;
    goTo(event.key);
  } else if (event.key === "g") {
    gone = Date.now();
  } else if (event.key === "/") {
    const find = document.getElementById("find");
    if (find) {
      event.preventDefault();
      find.focus();
      find.select();
    }
  } else if (event.key === "?") {
    location.assign("/console/help");
  } else if (event.key === "n") {
    document.querySelector("nav.pager a[rel=next]")?.click();
  }
});

// A choice that narrows the page needs no second press.
for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// On a narrow screen the navigation is folded.
const fold = document.querySelector("nav.side details");
if (fold && matchMedia("(max-width: 60rem)").matches) fold.open = false;

// One sheet at a time: a press elsewhere closes it.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.who[open], details.sure[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

// <div data-live="/console/..." data-every-s="5"> shows what that piece answers, again and again, while it is looked at.
function keepLive(place) {
  const stale = document.createElement("p");
  stale.className = "flash note";
  stale.setAttribute("role", "status");
  stale.textContent = "What is below is not fresh: the last try to look again failed.";
  const every = Number(place.dataset.everyS || 5) * 1000;
  const again = async () => {
    if (!document.hidden && !place.contains(document.activeElement)) {
      try {
        const answer = await fetch(place.dataset.live, { headers: { "X-Piece": "1" } });
        if (answer.redirected || answer.status === 401) return location.reload();
        if (!answer.ok) throw new Error("no answer");
        stale.remove();
        if (!place.contains(document.activeElement)) {
          place.innerHTML = await answer.text();
          place.dispatchEvent(new CustomEvent("piece", { bubbles: true }));
        }
      } catch {
        if (!stale.isConnected) place.before(stale); // the next try may find the network again
      }
    }
    setTimeout(again, every);
  };
  setTimeout(again, every);
}
for (const place of document.querySelectorAll("[data-live]")) keepLive(place);

// Copies what a button's neighbour holds.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  button.textContent = "Copied";
});
for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;

// A number is uncovered in its place.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.action.endsWith("/console/numbers/show")) return;
  event.preventDefault();
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const number = page.getElementById("shown");
  if (!answer.ok || !number) return form.submit();
  const shown = document.createElement("code");
  shown.textContent = number.textContent;
  shown.tabIndex = -1;
  form.parentElement.replaceChildren(shown);
  shown.focus();
});

// What takes a while says that it is at work; a download ends on this page.
let soon = 0;
function atWork(there) {
  if (!there || /\.csv|\/export/.test(there)) return;
  clearTimeout(soon);
  soon = setTimeout(() => document.documentElement.setAttribute("data-busy", ""), 300);
}
function atRest() {
  clearTimeout(soon);
  document.documentElement.removeAttribute("data-busy");
}
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) atWork(event.submitter?.formAction || event.target.action);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const away = !link || link.target || link.origin !== location.origin || link.getAttribute("href").startsWith("#");
  if (!away && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey) atWork(link.href);
});
addEventListener("pageshow", atRest);
addEventListener("keydown", (event) => event.key === "Escape" && atRest());
