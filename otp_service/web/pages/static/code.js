// The field of a code: its boxes, and what fills it in. Whatever comes at once and whole is checked at once, unless the
// form has a box that people may want to tick first.
const SLIPS = /[\s\p{Cf}\p{Pd}]/gu;

export function codeField() {
  const box = document.querySelector(".code");
  const form = document.querySelector("form[data-once]");
  if (!box) return;
  const field = box.querySelector("input");
  const count = Number(box.dataset.count);
  const marks = [...box.querySelectorAll(".boxes span")];
  let before = field.value;

  field.addEventListener("input", ({ inputType }) => {
    const typed = readable(field.value, "letters" in box.dataset).slice(0, count);
    if (typed !== field.value) field.value = typed;
    field.removeAttribute("aria-invalid");
    show();
    const whole = typed.length === count && before.length !== count;
    const atOnce = inputType === "insertFromPaste" || typed.length - before.length > 1;
    before = typed;
    if (whole && atOnce && !("waits" in box.dataset)) form.requestSubmit(form.querySelector("button"));
  });
  for (const event of ["focus", "blur", "keyup", "click", "select"]) field.addEventListener(event, show);
  document.addEventListener("selectionchange", show);
  show();
  fromMessage(field, form, form.hasAttribute("data-otp"));

  function show() {
    const at = document.activeElement === field ? Math.min(field.selectionStart ?? 0, count - 1) : -1;
    box.dataset.at = at;
    box.classList.toggle("full", field.value.length >= count);
    marks.forEach((mark, place) => mark.classList.toggle("here", place === at));
    box.scrollLeft = 0;
  }
}

// WebOTP: the browser offers the code of a message whose last line names this host (policy.webotp_host).
async function fromMessage(field, form, wanted) {
  if (!wanted || !("OTPCredential" in window)) return;
  const stop = new AbortController();
  form.addEventListener("submit", () => stop.abort());
  try {
    const found = await navigator.credentials.get({ otp: { transport: ["sms"] }, signal: stop.signal });
    if (!found) return;
    field.value = found.code;
    field.dispatchEvent(new InputEvent("input", { inputType: "insertFromPaste" }));
  } catch {
    // Not allowed here, dismissed, or sent: people type.
  }
}

// Other scripts' digits are digits; spaces and dashes of a message are none.
function readable(text, letters) {
  const plain = [...text.normalize("NFKC").replace(SLIPS, "").toUpperCase()].map(digit).join("");
  return plain.replace(letters ? /[^A-Z0-9]/g : /[^0-9]/g, "");
}

function digit(symbol) {
  if (!/\p{Nd}/u.test(symbol)) return symbol;
  // The digits of every script stand together, from zero to nine.
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(symbol.codePointAt(0) - value - 1))) value += 1;
  return String(value);
}
