// What a product imports to show a page in its own:
//   import { openPage } from "https://otp.example/pages/embed.js";
//   const { result, state, outcome } = await openPage(url, { in: document.querySelector("#here") });
// `outcome` is for the page's own next step; its server believes `result` alone, whose signature it checks.

export function openPage(url, { in: place, title = document.title, signal } = {}) {
  const { origin, protocol } = new URL(url);
  // A script's address in a frame would run in the page around it.
  if (!["https:", "http:"].includes(protocol)) throw new TypeError("openPage takes the url of a page");
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: url, title, allow: "otp-credentials; clipboard-write", referrerPolicy: "no-referrer" });
  Object.assign(frame.style, { display: "block", width: "100%", height: "480px", border: "0" });
  return new Promise((resolve, reject) => {
    const stop = new AbortController();
    const end = (settle, value) => {
      stop.abort();
      frame.remove();
      settle(value);
    };
    const hear = (event) => {
      if (event.source !== frame.contentWindow || event.origin !== origin || event.data?.from !== "otp-page") return;
      const { from, status, ...told } = event.data;
      if (status === "size" && Number.isFinite(told.height)) frame.style.height = `${told.height}px`;
      if (status === "done") end(resolve, told);
    };
    const leave = () => end(reject, signal.reason);
    if (signal?.aborted) return reject(signal.reason);
    addEventListener("message", hear, { signal: stop.signal });
    signal?.addEventListener("abort", leave, { signal: stop.signal });
    place.replaceChildren(frame);
  });
}
