// Speaks Sparkplug B payloads with the sparkplug-payload package, an independent codec.
// Reads one JSON object a line, {"encode": payload} or {"decode": hex}, and answers one a line.
"use strict";
const readline = require("node:readline");
const codec = require("sparkplug-payload").get("spBv1.0");

// 64-bit numbers come as objects with parts, bytes as typed arrays: both become plain JSON.
function plain(key, value) {
  if (value && typeof value === "object" && "low" in value && "high" in value && "unsigned" in value) {
    const number = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
    return { integer: (value.unsigned ? number : BigInt.asIntN(64, number)).toString() };
  }
  if (value && value.type === "Buffer") return { hex: Buffer.from(value.data).toString("hex") };
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString("hex") };
  if (typeof value === "bigint") return { integer: value.toString() };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  return value;
}

function revive(key, value) {
  if (value && typeof value === "object" && typeof value.hex === "string") return Buffer.from(value.hex, "hex");
  return value;
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let answer;
  try {
    const asked = JSON.parse(line, revive);
    answer = asked.encode
      ? { data: Buffer.from(codec.encodePayload(asked.encode)).toString("hex") }
      : { payload: codec.decodePayload(Buffer.from(asked.decode, "hex")) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer, plain) + "\n");
});
