// Verifiable credentials judged by software of others: Digital Bazaar's and the Digital Credentials Consortium's.
// Reads { action, document, contexts } from standard input, and writes the verdict, or the document that it signed.
import { readFileSync } from "node:fs";
import * as vc from "@digitalbazaar/vc";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite";
import * as Ed25519Multikey from "@digitalbazaar/ed25519-multikey";
import { securityLoader } from "@digitalcredentials/security-document-loader";
import { verifyCredential } from "@digitalcredentials/verifier-core";

const { action, document, contexts } = JSON.parse(readFileSync(0, "utf8"));
const loader = securityLoader();
for (const [url, context] of Object.entries(contexts ?? {})) loader.addStatic(url, context);
const documentLoader = loader.build();

const actions = {
  async verify() {
    const suite = new DataIntegrityProof({ cryptosuite });
    const checkStatus = async () => ({ verified: true }); // the lists of these documents do not exist
    const result = await vc.verifyCredential({ credential: document, suite, documentLoader, checkStatus });
    const errors = result.error?.errors ?? (result.error ? [result.error] : []);
    return { verified: result.verified, errors: errors.map((error) => error.message) };
  },
  async verifyByConsortium() {
    const { log, errors } = await verifyCredential({ credential: document, knownDIDRegistries: [] });
    const valid = Object.fromEntries((log ?? []).map(({ id, valid }) => [id, valid ?? null]));
    return { valid, errors: (errors ?? []).map((error) => error.message) };
  },
  async sign() {
    const pair = await Ed25519Multikey.generate();
    const did = `did:key:${pair.publicKeyMultibase}`;
    Object.assign(pair, { id: `${did}#${pair.publicKeyMultibase}`, controller: did });
    const suite = new DataIntegrityProof({ signer: pair.signer(), cryptosuite });
    const credential = { ...document, issuer: { ...document.issuer, id: did } };
    return vc.issue({ credential, suite, documentLoader });
  },
};
// the libraries report on the console what they could not fetch; standard output is for the answer alone
console.log = console.warn = console.error = () => {};
process.stdout.write(JSON.stringify(await actions[action]()));
