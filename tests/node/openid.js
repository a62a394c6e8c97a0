// An OpenID Connect provider on a free port, with its own pages to sign in: who signs in as `clerk-1` is in the group
// `clerks`. `redirect` is where the registry's node answers; for a program on this machine the port may be any.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const [redirect] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const server = createServer().listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "registry", client_secret: "a secret + more", application_type: "native", redirect_uris: [redirect],
      grant_types: ["authorization_code"], response_types: ["code"], id_token_signed_response_alg: "ES256",
      token_endpoint_auth_method: "client_secret_post",
    }],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "ES256" }] },
    cookies: { keys: ["not a secret"] },
    pkce: { required: () => true },
    claims: { openid: ["sub"], profile: ["name", "groups"] },
    findAccount: (context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} <b>Person</b>`, groups: id.startsWith("clerk") ? ["clerks", "all"] : ["all"] }),
    }),
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
