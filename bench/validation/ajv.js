// The check of validation_bench.c under Node.js: JSON.parse, and a function that ajv compiled from the schema. The
// same rows of CSV. CPU time of the process, so that what the engine does beside counts.
//   node ajv.js SCHEMA BODY WRONG [--quick]
"use strict";
const fs = require("fs");
const Ajv = require("ajv/dist/2020");

const BATCHES = 9;
const LARGEST = 10 << 20;

const [schemaFile, bodyFile, wrongFile, option] = process.argv.slice(2);
const bytesABatch = option === "--quick" ? 4 << 20 : 40 << 20;
const schema = JSON.parse(fs.readFileSync(schemaFile, "utf8"));
const body = Buffer.from(fs.readFileSync(bodyFile, "utf8").trimEnd());
const one = new Ajv().compile(schema);
const many = new Ajv().compile({ type: "array", items: schema });
let seen = 0; // so that nothing is optimised away

function microseconds() {
  const used = process.cpuUsage();
  return used.user + used.system;
}

function measure(name, bytes, check) {
  const times = Math.floor(bytesABatch / bytes) + 1;
  const ns = [];
  for (let i = 0; i < times; i++) check(); // warm
  for (let k = 0; k < BATCHES; k++) {
    const begin = microseconds();
    for (let i = 0; i < times; i++) check();
    ns.push(((microseconds() - begin) * 1000) / times);
  }
  ns.sort((a, b) => a - b);
  console.log(`${name},${bytes},${ns[BATCHES >> 1].toFixed(0)},`);
}

function requireValid(validate, value) {
  if (!validate(value)) throw new Error(JSON.stringify(validate.errors));
  seen++;
}

for (const line of fs.readFileSync(wrongFile, "utf8").trimEnd().split("\n"))
  if (one(JSON.parse(line))) throw new Error(`accepted: ${line}`);

// From a string that is there already: less than a server does, which has bytes.
const text = body.toString();
const arrayOf = (size) => Buffer.from(`[${Array(Math.floor((size - 2) / (body.length + 1))).fill(text).join(",")}]`);
console.log("name,bytes,ns_per_op,arena_bytes");
measure("read", body.length, () => (seen += JSON.parse(text).age));
measure("validate", body.length, () => requireValid(one, JSON.parse(text)));
measure("validate_bytes", body.length, () => requireValid(one, JSON.parse(body.toString())));
for (const size of [64 << 10, 1 << 20, LARGEST]) {
  const large = arrayOf(size);
  measure("validate_array", large.length, () => requireValid(many, JSON.parse(large.toString())));
}
if (seen === 0) process.exitCode = 1;
