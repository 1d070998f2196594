// What a page can do beyond its forms, which work without this: fill in, count down, copy, and tell the page around it.
import { codeField } from "./code.js";
import { tellParent } from "./framed.js";

const said = document.querySelector("#said");
const clock = (seconds) => {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return (hours ? `${hours}:${parts.join(":")}` : parts.join(":")).replace(/^0(?=\d:)/, "");
};

// A form goes once, however often it is pressed; a page that comes back from the browser's memory goes again.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.gone) return event.preventDefault();
    form.dataset.gone = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
}
// What is shown once is not left to the back button: browsers remember whole pages, `no-store` or not.
const shownOnce = document.querySelector(".key, .codes") !== null;
addEventListener("pagehide", ({ persisted }) => {
  if (persisted && shownOnce) document.querySelector("main").replaceChildren();
});
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  if (shownOnce) return location.replace(location.href);
  for (const form of document.querySelectorAll("form[data-gone]")) delete form.dataset.gone;
  for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
});

// By the clock, not by ticks: a phone that slept has waited as well.
for (const place of document.querySelectorAll("[data-wait]")) {
  const ends = Date.now() + Number(place.dataset.wait) * 1000;
  const shown = place.querySelector("time");
  const waiting = place.dataset.then ? document.querySelector(`#${place.dataset.then}`) : null;
  if (waiting) waiting.hidden = true;
  const ticking = setInterval(tick, 250);
  function tick() {
    const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
    if (shown.textContent !== clock(left)) shown.textContent = clock(left);
    if (left > 0) return;
    clearInterval(ticking);
    place.hidden = true;
    if (waiting) waiting.hidden = false;
    if (place.dataset.says) said.textContent = place.dataset.says;
  }
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const copied = await copy(button.dataset.copy);
    said.textContent = copied ? button.dataset.copied : "";
    if (copied) button.textContent = button.dataset.copied;
  });
}
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // In a frame, or without https, there is only the old way.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

codeField();
tellParent();
