// An OAuth 2 server on a free port: clients that get access tokens as JWTs (RFC 9068) for a node of the registry.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const [audience, scopes] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const server = createServer().listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const client = (client_id, scope) => ({
    client_id, client_secret: `${client_id} secret`, grant_types: ["client_credentials"], redirect_uris: [],
    response_types: [], id_token_signed_response_alg: "ES256", scope,
  });
  const provider = new Provider(issuer, {
    clients: [client("campus", scopes), client("campus-of-lund", scopes), client("portal", "batches:read")],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "ES256" }] },
    scopes: scopes.split(" "),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({ scope: scopes, audience, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } }),
      },
    },
    extraTokenClaims: (context, token) => ({ registry_member: token.clientId === "campus-of-lund" ? "lund" : "twente" }),
    ttl: { ClientCredentials: 600 },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
