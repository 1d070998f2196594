// Draws phones and bubbles; only what is new is touched, so that focus, selection and scrolling stay.
const MEANS = {
  deliver: "Arrives at once.",
  delay: "Accepted now, arrives 5 seconds later.",
  fail: "Refused: the phone can't be reached.",
  throttle: "Refused for now: come back in 2 seconds.",
};
const NOTES = {
  unreachable: "A message was refused: unreachable",
  throttled: "A message was turned away: too many, come back in 2 s",
};
const ENCODINGS = { gsm7: "GSM-7", ucs2: "UCS-2" };

export function say(words) {
  document.getElementById("said").textContent = words;
}

export async function copy(button, text, words) {
  await navigator.clipboard.writeText(text);
  button.textContent = "Copied";
  say(words);
  setTimeout(() => { button.textContent = "Copy"; }, 1600);
}

// The origin-bound last line names the code; else digits, else a word of the letters that codes are made of.
export function findCode(text) {
  const bound = /^@\S+ #(\S+)/m.exec(text);
  if (bound) return bound[1];
  for (const shape of [/(?<![\w.,+])\d{6,10}(?![\w]|[.,]\d)/, /(?<!\w)(?=[A-HJ-NP-Z]*[2-9])[A-HJ-NP-Z2-9]{5,10}(?!\w)/, /(?<!\w)[A-HJ-NP-Z]{5,10}(?!\w)/]) {
    const found = shape.exec(text);
    if (found) return found[0];
  }
  return null;
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function textWithCode(text, code) {
  const paragraph = make("p", "text");
  paragraph.dir = "auto";
  const at = code ? text.indexOf(code) : -1;
  if (at < 0) {
    paragraph.textContent = text;
    return paragraph;
  }
  paragraph.append(text.slice(0, at), make("mark", "code", code), text.slice(at + code.length));
  return paragraph;
}

function copyButton(code) {
  const button = make("button", "copy", "Copy");
  button.type = "button";
  button.setAttribute("aria-label", `Copy the code ${code}`);
  button.addEventListener("click", () => copy(button, code, "Code copied"));
  return button;
}

function timeOf(bubble) {
  const time = make("time", "", new Date(bubble.at).toLocaleTimeString([], { timeStyle: "medium", hourCycle: "h23" }));
  time.dateTime = bubble.at;
  return time;
}

function metaOf(bubble) {
  const meta = make("p", "meta");
  const badge = make("span", "badge", ENCODINGS[bubble.encoding] || bubble.encoding);
  badge.dataset.encoding = bubble.encoding;
  const segments = `${bubble.segments} ${bubble.segments === 1 ? "segment" : "segments"}`;
  meta.append(timeOf(bubble), make("span", "", segments), badge);
  if (bubble.channel !== "sms") meta.append(make("span", "badge", bubble.channel));
  return meta;
}

function keptHere(bubble) {
  const kept = make("p", "meta", "stays on this phone for now");
  kept.title = "Two-way messaging comes later: the service does not hear replies yet.";
  kept.prepend(timeOf(bubble));
  return kept;
}

function bubbleOf(bubble) {
  const item = make("li", `bubble ${bubble.status}`);
  item.dataset.seq = bubble.seq;
  item.dataset.id = bubble.id;
  if (NOTES[bubble.status]) {
    item.append(make("p", "note", NOTES[bubble.status]), timeOf(bubble));
  } else if (bubble.status === "reply") {
    item.append(make("span", "unseen", "You: "), textWithCode(bubble.text, null), keptHere(bubble));
  } else {
    const code = findCode(bubble.text);
    const card = make("div", "card");
    card.append(textWithCode(bubble.text, code));
    if (code) card.append(copyButton(code));
    item.append(make("p", "sender", bubble.sender || "no sender"), card, metaOf(bubble));
  }
  return item;
}

function drawTalk(list, bubbles) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const wanted = new Set(bubbles.map((bubble) => String(bubble.seq)));
  const known = new Set();
  for (const item of [...list.children]) {
    if (wanted.has(item.dataset.seq)) known.add(item.dataset.seq);
    else item.remove();
  }
  for (const bubble of bubbles) {
    if (!known.has(String(bubble.seq))) list.append(bubbleOf(bubble));
  }
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function newPhone(template, phone, acts) {
  const section = template.content.cloneNode(true).querySelector(".phone");
  section.dataset.number = phone.number;
  section.setAttribute("aria-label", `Phone ${phone.label}`);
  section.querySelector("h2").textContent = phone.label;
  section.querySelector(".talk").setAttribute("aria-label", `Messages to ${phone.label}`);
  const field = section.querySelector(".reply input");
  field.setAttribute("aria-label", `Reply from ${phone.label}`);
  section.querySelector(".reply").addEventListener("submit", async (event) => {
    event.preventDefault();
    await acts.reply(phone.number, field.value).then(() => { field.value = ""; }, (error) => say(error.message));
  });
  for (const radio of section.querySelectorAll(".next input")) {
    radio.name = `next-${phone.number}`;
    radio.addEventListener("change", () => acts.switch(phone.number, radio.value).catch((error) => say(error.message)));
  }
  return section;
}

function drawPhone(section, phone) {
  for (const radio of section.querySelectorAll(".next input")) radio.checked = radio.value === phone.next;
  section.querySelector(".means").textContent = MEANS[phone.next];
  section.querySelector(".coming").hidden = phone.coming === 0;
  drawTalk(section.querySelector(".talk"), phone.bubbles);
}

export function drawPhones(table, template, phones, acts) {
  const known = new Map([...table.children].map((section) => [section.dataset.number, section]));
  const sections = phones.map((phone) => known.get(phone.number) || newPhone(template, phone, acts));
  for (const [number, section] of known) {
    if (!phones.some((phone) => phone.number === number)) section.remove();
  }
  sections.forEach((section, place) => {
    // Moving a phone that is in its place already would take the focus from it.
    if (table.children[place] !== section) table.insertBefore(section, table.children[place] || null);
    drawPhone(section, phones[place]);
  });
}
