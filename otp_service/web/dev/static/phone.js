// Keeps the page live: asks for the next version of the table, draws it, sends what the person does.
import { copy, drawPhones, say } from "./view.js";

const byId = (id) => document.getElementById(id);
const here = new URLSearchParams(location.search).get("to") || "";

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json.detail || `The service answered ${answer.status}.`);
  return json;
}

// One after the other: two quick changes of a switch must arrive in their order.
let line = Promise.resolve();
function send(path, body) {
  const turn = line.then(() => post(path, body));
  line = turn.catch(() => {});
  return turn;
}

const acts = {
  switch: (to, next) => send("phone/switch", { to, next }),
  reply: (to, text) => send("phone/reply", { to, text }),
};

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function live(state, words) {
  const pill = byId("live");
  if (pill.dataset.state === state) return; // a screen reader hears changes only
  pill.dataset.state = state;
  pill.textContent = words;
}

function draw(table) {
  drawPhones(byId("phones"), byId("phone"), table.phones, acts);
  byId("empty").hidden = table.phones.some((phone) => phone.bubbles.length > 0);
  if (table.phones.length > 0) showCurl(table.phones[0].number);
  byId("more").hidden = !here && table.hidden === 0;
  byId("more").textContent = here
    ? "One phone is shown."
    : `${table.hidden} more ${table.hidden === 1 ? "phone is" : "phones are"} not shown. Open one by its number.`;
  if (here) byId("more").append(" ", Object.assign(document.createElement("a"), { href: "phone", textContent: "Show all" }));
}

async function follow() {
  let version = "";
  for (;;) {
    try {
      const query = new URLSearchParams({ version, wait: version ? "20" : "0", to: here });
      const answer = await fetch(`phone/state?${query}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const table = await answer.json();
      live("on", "live");
      if (table.version !== version) draw(table);
      version = table.version;
      await pause(120); // a burst of messages is one drawing, not a hundred
    } catch {
      live("off", "not connected");
      await pause(1500);
    }
  }
}

function showCurl(number) {
  byId("curl").textContent = [
    `curl -X POST ${location.origin}/v1/verifications \\`,
    `  -H "Authorization: Bearer $OTP_API_KEY" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"to": "${number}"}'`,
  ].join("\n");
}

byId("copy-curl").addEventListener("click", () => copy(byId("copy-curl"), byId("curl").textContent, "Command copied"));

byId("open").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = byId("open-number");
  const problem = byId("open-problem");
  try {
    const { to } = await acts.switch(field.value, "deliver");
    problem.hidden = true;
    field.value = "";
    say(`Phone ${to} opened`);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
});

showCurl(here ? `+${here.replace(/\D/g, "")}` : "+41791234567");
follow();
