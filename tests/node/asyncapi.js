// Reads an AsyncAPI document from standard input and prints what AsyncAPI's parser finds wrong, one line each.
import { Parser } from "@asyncapi/parser";
import { text } from "node:stream/consumers";

const { document, diagnostics } = await new Parser().parse(await text(process.stdin));
const errors = diagnostics.filter((one) => one.severity === 0);
for (const one of errors) console.log(`${one.path.join(".")}: ${one.message}`);
if (document) console.error(`${document.channels().length} channels, ${document.operations().length} operations`);
process.exitCode = errors.length || !document ? 1 : 0;
