// OpenWallet Foundation's SD-JWT VC: `verify` judges a credential on standard input, `issue` makes a presentation.
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";

const options = (algorithm, key) => ({
  key, ...(algorithm === "ES256" ? { dsaEncoding: "ieee-p1363" } : {}),
});
const digest = (algorithm) => (algorithm === "ES256" ? "sha256" : null);
const verifier = (algorithm, jwk) => (data, signature) => verify(
  digest(algorithm), Buffer.from(data), options(algorithm, createPublicKey({ key: jwk, format: "jwk" })),
  Buffer.from(signature, "base64url"),
);
const signer = (key) => (data) => sign("sha256", Buffer.from(data), options("ES256", key)).toString("base64url");
const hasher = (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest();
const common = { hasher, hashAlg: "sha-256", saltGenerator: (length) => randomBytes(length).toString("base64url") };

const judge = async ({ token, algorithm, key, holder, nonce, type, statusList, now }) => {
  const instance = new SDJwtVcInstance({
    ...common,
    verifier: verifier(algorithm, key),
    kbVerifier: (data, signature, payload) => verifier("ES256", payload.cnf.jwk)(data, signature),
    ...(type ? { loadTypeMetadataFormat: true, vctFetcher: async () => JSON.parse(type) } : {}),
    statusListFetcher: async () => statusList,
    statusVerifier: verifier(algorithm, key),
  });
  const result = await instance.verify(token, { currentDate: now, ...(holder ? { keyBindingNonce: nonce } : {}) });
  return { payload: result.payload, keyBinding: result.kb?.payload, type: result.typeMetadata?.mergedTypeMetadata?.name };
};

const issue = async ({ claims, frame, disclose, nonce, audience, now }) => {
  const issuer = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const holder = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const instance = new SDJwtVcInstance({
    ...common, signer: signer(issuer.privateKey), signAlg: "ES256",
    verifier: verifier("ES256", issuer.publicKey.export({ format: "jwk" })),
    kbSigner: signer(holder.privateKey), kbSignAlg: "ES256",
  });
  const payload = { ...claims, cnf: { jwk: holder.publicKey.export({ format: "jwk" }) } };
  const token = await instance.issue(payload, frame, { header: { kid: "k1" } });
  const kb = { payload: { iat: now, aud: audience, nonce } };
  return { token: await instance.present(token, disclose, { kb }), key: issuer.publicKey.export({ format: "jwk" }) };
};

const request = JSON.parse(readFileSync(0, "utf8"));
try {
  console.log(JSON.stringify(await { verify: judge, issue }[process.argv[2]](request)));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
}
