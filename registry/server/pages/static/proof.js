// Checks the proof on this page again, in the reader's browser, with the browser's own SHA-256 and Ed25519.
// The algorithms are those of RFC 9162, sections 2.1.3.2 (inclusion) and 2.1.4.2 (consistency).
// Hashes are hexadecimal. All words are in the page: this script only shows the sentence that is true.
"use strict";

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const decode = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

async function sha256(...parts) {
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer())));
}

const leafHash = (line) => sha256(Uint8Array.of(0), new TextEncoder().encode(line));
const nodeHash = (left, right) => sha256(Uint8Array.of(1), bytesOf(left), bytesOf(right));

// Sizes reach beyond the 32 bits of JavaScript's bit operators.
const isOdd = (number) => number % 2 === 1;
const half = (number) => Math.floor(number / 2);

/** Return the hashes that a leaf and its path lead to, one a step; the last one must be the root. */
async function followInclusion(leaf, index, size, path) {
  let node = index, last = size - 1, hash = leaf;
  const results = [];
  for (const sibling of path) {
    if (last === 0) throw new Error("the path is too long");
    if (isOdd(node) || node === last) {
      hash = await nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) { node = half(node); last = half(last); }
    } else {
      hash = await nodeHash(hash, sibling);
    }
    node = half(node);
    last = half(last);
    results.push(hash);
  }
  if (last !== 0) throw new Error("the path is too short");
  return results;
}

/** Return the two roots that a consistency path leads to, the older first, and the newer hash of each step. */
async function followConsistency(oldSize, oldRoot, newSize, newRoot, path) {
  if (oldSize === newSize) return { roots: [oldRoot, newRoot], results: [] };
  const rest = [...path];
  let node = oldSize - 1, last = newSize - 1;
  while (isOdd(node)) { node = half(node); last = half(last); }
  if (node === 0) rest.unshift(oldRoot);
  let older = rest[0], newer = rest[0];
  const results = [];
  for (const sibling of rest.slice(1)) {
    if (last === 0) throw new Error("the path is too long");
    if (isOdd(node) || node === last) {
      older = await nodeHash(sibling, older);
      newer = await nodeHash(sibling, newer);
      while (!isOdd(node) && node !== 0) { node = half(node); last = half(last); }
    } else {
      newer = await nodeHash(newer, sibling);
    }
    node = half(node);
    last = half(last);
    results.push(newer);
  }
  if (last !== 0) throw new Error("the path is too short");
  return { roots: [older, newer], results };
}

/** Return the size and the root that a note states, and whether one of the keys signed it: null if unknown here. */
async function readNote(head) {
  const [text, lines] = head.note.split("\n\n");
  const [, size, root] = text.split("\n");
  const signed = new TextEncoder().encode(text + "\n");
  let verified = head.keys.length ? true : null;
  for (const vkey of head.keys) {
    const [name, id, ...rest] = vkey.split("+");
    const publicKey = decode(rest.join("+")).slice(1);
    const signatures = lines.split("\n").map((line) => line.split(" ")).filter((line) => line[1] === name)
      .map((line) => decode(line[2])).filter((data) => hexOf(data.slice(0, 4)) === id);
    try {
      const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
      const checks = signatures.map((data) => crypto.subtle.verify({ name: "Ed25519" }, key, data.slice(4), signed));
      if (!(await Promise.all(checks)).includes(true)) verified = false;
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      verified = null;
    }
  }
  return { size: Number(size), root: hexOf(decode(root)), verified };
}

async function checkEntry(proof) {
  const leaf = proof.event === null ? proof.leafHash : await leafHash(proof.event);
  const head = await readNote(proof.head);
  const results = await followInclusion(leaf, proof.leaf, head.size, proof.path);
  const root = results.length ? results[results.length - 1] : leaf;
  return { results, holds: leaf === proof.leafHash && root === head.root, signatures: [head.verified] };
}

async function checkExtension(proof) {
  const older = await readNote(proof.old), newer = await readNote(proof.new);
  const { roots, results } = await followConsistency(older.size, older.root, newer.size, newer.root, proof.path);
  const holds = roots[0] === older.root && roots[1] === newer.root;
  return { results, holds, signatures: [older.verified, newer.verified] };
}

/** Show the one sentence of the page that is true, and mark each step whose hash is the one that the page shows. */
function show(section, { results, holds, signatures }) {
  const reveal = (name) => { section.querySelector(`[data-says="${name}"]`).hidden = false; };
  section.querySelectorAll("[data-result]").forEach((cell, step) => {
    if (cell.dataset.result !== results[step]) holds = false;
  });
  reveal(holds ? "holds" : "fails");
  reveal(signatures.includes(false) ? "forged" : signatures.includes(null) ? "signature-unknown" : "signed");
}

async function run() {
  const section = document.querySelector("[data-proof]");
  if (!globalThis.crypto?.subtle) {
    section.querySelector('[data-says="impossible"]').hidden = false;
    return;
  }
  const proof = JSON.parse(section.dataset.proof);
  try {
    show(section, await ("old" in proof ? checkExtension(proof) : checkEntry(proof)));
  } catch (error) {
    section.querySelector('[data-says="fails"]').hidden = false;
    throw error;
  }
}

run();
