// The page of a challenge: solves it, or shows the vendor's, and hands the solution to the page that asked for it.
import { solve } from "./solver.js";

const page = document.querySelector("main");
const said = document.querySelector("#said");
const share = document.querySelector("#share");
const again = document.querySelector("#again");
const result = document.querySelector("#result");
const solution = document.querySelector("#solution");
const copy = document.querySelector("#copy");
const { kind, key, action, origin } = page.dataset;
const asking = window.parent === window ? window.opener : window.parent;

function tell(status, more) {
  page.dataset.status = status;
  // To the declared origin alone: whoever else embeds this page hears nothing.
  if (asking && origin) asking.postMessage({ from: "otp-challenge", status, ...more }, origin);
}

function solved(text) {
  said.textContent = "Done.";
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
  said.textContent = "Your device is doing a short calculation.";
  tell("working");
  let told;
  let late;
  try {
    told = asked(location.hash.slice(1));
    late = ended(told);
  } catch {
    return failed("There is no challenge in this link. Please go back and ask for the code again.");
  }
  if (late) return failed("This took too long. Please go back and ask for the code again.");
  try {
    solved(await solve(told, { progress: (part) => (share.value = part) }));
  } catch {
    failed("This challenge can't be solved here. Please go back and ask for the code again.");
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
  "error-callback": () => failed("The check could not be loaded. Please try again.", { again: true }),
  "expired-callback": () => failed("This took too long. Please try again.", { again: true }),
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
  said.textContent = action ? "One moment, please." : "Please show that you are not a robot.";
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
  await navigator.clipboard.writeText(solution.value);
  said.textContent = "Copied.";
});
window.addEventListener("hashchange", () => location.reload());

if (kind === "altcha") work();
else show();
