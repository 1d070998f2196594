// Asks the browser for a passkey and sends what it gives with the form around the button.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

const WAYS = {
  get: async (asked) => {
    const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: known(asked.allowCredentials) };
    const { id, type, response } = await navigator.credentials.get({ publicKey });
    return {
      id, rawId: id, type,
      response: {
        clientDataJSON: text(response.clientDataJSON),
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature),
        userHandle: response.userHandle ? text(response.userHandle) : undefined,
      },
    };
  },
  create: async (asked) => {
    const publicKey = {
      ...asked,
      challenge: bytes(asked.challenge),
      user: { ...asked.user, id: bytes(asked.user.id) },
      excludeCredentials: known(asked.excludeCredentials),
    };
    const { id, type, response } = await navigator.credentials.create({ publicKey });
    return {
      id, rawId: id, type,
      response: {
        clientDataJSON: text(response.clientDataJSON),
        attestationObject: text(response.attestationObject),
        transports: response.getTransports ? response.getTransports() : [],
      },
    };
  },
};

for (const button of document.querySelectorAll("button[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  const form = button.form;
  const wrong = form.querySelector(".wrong");
  button.hidden = false;
  for (const or of document.querySelectorAll(".or")) or.hidden = false;
  button.addEventListener("click", async () => {
    wrong.hidden = true;
    if (!form.reportValidity()) return;
    try {
      const given = await WAYS[button.dataset.passkey](JSON.parse(button.dataset.options));
      form.elements.credential.value = JSON.stringify(given);
      form.submit();
    } catch (error) {
      wrong.textContent = error.name === "InvalidStateError" ? "This device has a passkey for you already." : "That did not work: no passkey was used.";
      wrong.hidden = false;
    }
  });
}
