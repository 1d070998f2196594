// Solves a proof of work of otp-service, or any challenge in ALTCHA's format 1, and needs nothing else:
//
//   import { solve } from "https://otp.example/challenge/solver.js";
//   const solution = await solve(problem.challenge, { signal, progress: (share) => {} });
//
// `solution` is what the start is repeated with, in its field `challenge`. `progress` hears the share of all numbers that
// were tried, from 0 to 1; half of the time less than half of them is needed. A foreign page needs workers from `blob:` in
// its Content-Security-Policy; where none can be had, the work is done on the page, in slices.
import { trier } from "./search.js";

const ALGORITHM = "SHA-256";
const MOST_WORKERS = 4;
const MOST_NUMBER = 1e6; // of challenges that do not say; ALTCHA's own default
const SLICE_MS = 12;

export class Unsolvable extends Error {
  name = "Unsolvable";
}

export async function solve(challenge, { signal, progress = () => {} } = {}) {
  const asked = read(challenge);
  const began = performance.now();
  signal?.throwIfAborted();
  const number = await search(asked, signal, progress);
  if (number === undefined) throw new Unsolvable("no number solves this challenge");
  progress(1);
  const took = Math.round(performance.now() - began);
  const { algorithm, salt, signature } = asked;
  return btoa(JSON.stringify({ algorithm, challenge: asked.challenge, number, salt, signature, took }));
}

function read(told) {
  const { algorithm, challenge, salt, signature, maxnumber = MOST_NUMBER } = told?.altcha ?? told ?? {};
  const texts = [salt, signature].every((text) => typeof text === "string");
  if (algorithm !== ALGORITHM || !/^[0-9a-f]{64}$/.test(challenge) || !texts || !(maxnumber >= 0)) {
    throw new Unsolvable("this is no challenge that can be solved by work");
  }
  return { algorithm, challenge, salt, signature, most: Math.min(maxnumber, 2 ** 31 - 1) };
}

async function search(asked, signal, progress) {
  const count = Math.min(Math.max((navigator.hardwareConcurrency || 2) - 1, 1), MOST_WORKERS);
  try {
    return await beside(asked, count, signal, progress);
  } catch (error) {
    if (!(error instanceof NoWorkers)) throw error;
    return onThePage(asked, signal, progress);
  }
}

class NoWorkers extends Error {}

// All workers try numbers in turn: whoever comes first ends the work of the others.
function beside({ salt, challenge, most }, count, signal, progress) {
  const workers = [];
  const work = new Promise((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    let tried = 0;
    let ended = 0;
    for (let first = 0; first < count; first++) {
      const worker = employed(reject);
      workers.push(worker);
      worker.onmessage = ({ data }) => {
        if (data.number !== undefined) resolve(data.number);
        else if (data.ended && ++ended === count) resolve(undefined);
        else if (data.tried) progress(Math.min((tried += data.tried) / (most + 1), 1));
      };
      worker.postMessage({ salt, challenge, first, step: count, most });
    }
  });
  return work.finally(() => workers.forEach((worker) => worker.terminate()));
}

function employed(reject) {
  try {
    const worker = new Worker(script(), { type: "module" });
    worker.onerror = () => reject(new NoWorkers());
    return worker;
  } catch {
    throw new NoWorkers(); // a Content-Security-Policy forbids it, or the browser is old
  }
}

// A page may start workers of its own origin only; a blob counts as such, and may import from here.
function script() {
  const url = new URL("worker.js", import.meta.url);
  if (url.origin === location.origin) return url;
  const text = `import ${JSON.stringify(url.href)};`;
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

async function onThePage({ salt, challenge, most }, signal, progress) {
  const tells = trier(salt, challenge);
  for (let number = 0; number <= most; ) {
    for (const until = performance.now() + SLICE_MS; number <= most && performance.now() < until; ) {
      for (const end = Math.min(number + 200, most + 1); number < end; number++) if (tells(number)) return number;
    }
    progress(number / (most + 1));
    await new Promise((resume) => setTimeout(resume));
    signal?.throwIfAborted();
  }
}
