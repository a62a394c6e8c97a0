// Reads an entry of a Bitstring Status List with Digital Bazaar's bitstring: `encodedList` and indexes on standard input.
import { readFileSync } from "node:fs";
import { Bitstring } from "@digitalbazaar/bitstring";

const { encodedList, places } = JSON.parse(readFileSync(0, "utf8"));
const buffer = await Bitstring.decodeBits({ encoded: encodedList.slice(1) });
const list = new Bitstring({ buffer });
console.log(JSON.stringify({ length: list.length, values: places.map((place) => list.get(place)) }));
