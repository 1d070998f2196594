// The page of a challenge: solves it, or shows the vendor's, and hands the solution to the page that asked for it.
import { solve } from "./solver.js";
import { speak } from "./words.js";

const page = document.querySelector("main");
const said = document.querySelector("#said");
const share = document.querySelector("#share");
const again = document.querySelector("#again");
const result = document.querySelector("#result");
const solution = document.querySelector("#solution");
const copy = document.querySelector("#copy");
const { kind, key, action, origin, locale } = page.dataset;
const asking = window.parent === window ? window.opener : window.parent;

const words = speak(locale ? [locale] : navigator.languages);

function tell(status, more) {
  page.dataset.status = status;
  // To the declared origin alone: whoever else embeds this page hears nothing.
  if (asking && origin) asking.postMessage({ from: "otp-challenge", status, ...more }, origin);
}

function solved(text) {
  said.textContent = words.done;
  share.hidden = true;
  solution.value = text;
  result.hidden = Boolean(asking && origin);
  tell("solved", { solution: text });
}

function failed(sentence, more = {}) {
  said.textContent = sentence;
  share.hidden = true;
  again.hidden = !more.again;
  tell("failed");
}

async function work() {
  share.hidden = false;
  said.textContent = words.working;
  tell("working");
  let told;
  let late;
  try {
    told = asked(location.hash.slice(1));
    late = ended(told);
  } catch {
    return failed(words.empty);
  }
  if (late) return failed(words.late);
  try {
    solved(await solve(told, { progress: (part) => (share.value = part) }));
  } catch {
    failed(words.stuck);
  }
}

// The challenge as base64url of its JSON.
function asked(text) {
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (letter) => letter.charCodeAt(0))));
}

function ended({ salt }) {
  const expires = Number(new URLSearchParams(salt.split("?")[1]).get("expires"));
  return expires > 0 && expires + 600 < Date.now() / 1000; // clocks of phones are wrong by minutes
}

const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const widget = {
  sitekey: key,
  theme: dark ? "dark" : "light",
  callback: solved,
  "error-callback": () => failed(words.blocked, { again: true }),
  "expired-callback": () => failed(words.late, { again: true }),
};
const VENDORS = {
  turnstile: (box) => window.turnstile.render(box, widget),
  hcaptcha: (box) => window.hcaptcha.render(box, widget),
  recaptcha: (box) =>
    window.grecaptcha.ready(() => {
      if (!action) window.grecaptcha.render(box, widget);
      else window.grecaptcha.execute(key, { action }).then(solved, widget["error-callback"]);
    }),
};

function show() {
  share.hidden = true;
  said.textContent = action ? "" : words.robot;
  tell("working");
  try {
    VENDORS[kind](document.querySelector("#widget"));
  } catch {
    widget["error-callback"]();
  }
}

again.addEventListener("click", () => location.reload());
copy.addEventListener("click", async () => {
  solution.select();
  // Pages without https have no clipboard, only the old way.
  if (navigator.clipboard) await navigator.clipboard.writeText(solution.value);
  else document.execCommand("copy");
  said.textContent = words.copied;
});
window.addEventListener("hashchange", () => location.reload());

if (kind === "altcha") work();
else show();
