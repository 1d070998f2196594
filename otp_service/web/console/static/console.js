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
  const every = Number(place.dataset.everyS || 5) * 1000;
  const again = async () => {
    if (!document.hidden && !place.contains(document.activeElement)) {
      try {
        const answer = await fetch(place.dataset.live, { headers: { "X-Piece": "1" } });
        if (answer.redirected || answer.status === 401) return location.reload();
        if (answer.ok) {
          place.innerHTML = await answer.text();
          place.dispatchEvent(new CustomEvent("piece", { bubbles: true }));
        }
      } catch {
        // The next try may find the network again.
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
