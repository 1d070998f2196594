// Tries numbers beside the page, which stays quick meanwhile.
import { trier } from "./search.js";

const SLICE = 2000;

self.onmessage = ({ data: { salt, challenge, first, step, most } }) => {
  const tells = trier(salt, challenge);
  for (let number = first, tried = 0; number <= most; number += step) {
    if (tells(number)) {
      self.postMessage({ number });
      return;
    }
    if (++tried % SLICE === 0) self.postMessage({ tried: SLICE });
  }
  self.postMessage({ ended: true });
};
